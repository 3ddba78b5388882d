//! The ways in which the server fails.

use engine::case::Case;

use super::letter::{PAUSED, TO_THE_LETTER};
use super::plan::{Due, Plan, REFUSING};
use super::promises::{AT_MOST, Bodies, CODE, ENDS, FAILURES, INTACT, ORDER, RETRIES, WHOLE, case};
use crate::scripted::http::{Answer, Body, Cut, Framing};

/// Downloads that fail, each in its own way.
pub(super) fn failing(bodies: Bodies) -> Vec<Case> {
    vec![
        case("failures", 1, failures(bodies), &[FAILURES, ORDER, WHOLE, CODE]),
        case("cut-bodies", 1, cut_bodies(bodies), &[WHOLE, INTACT, ENDS]),
        case("name-is-a-folder", 1, blocked(bodies), &[FAILURES, WHOLE, ENDS]),
        case("silent-server", 1, silent(bodies), &[FAILURES, WHOLE, CODE]),
    ]
}

fn failures(bodies: Bodies) -> Plan {
    let half = Answer::Half(bodies.small(1), Framing::Length, Cut::Close);
    // A program that never gives up is shown for what it is by a file that it must not get.
    let round = then_whole(Answer::Redirect(302, "/round.bin".into()), 1000, bodies.small(4));
    Plan::new("--retries 0")
        .file("/before.bin", bodies.small(2))
        .fails("/missing.bin", vec![Answer::Status(404)], Some("status-404"))
        .fails("/broken.bin", vec![Answer::Status(500)], Some("status-500"))
        .fails("/short.bin", vec![half], Some("truncated"))
        .fails("/round.bin", round, Some("redirect-loop"))
        .url(format!("http://{REFUSING}/refused.bin"), Due::Failure(Some("refused")))
        .url("no-scheme.bin", Due::Failure(Some("bad-url")))
        .url("http://", Due::Failure(Some("bad-url")))
        .file("/after.bin", bodies.small(3))
}

fn cut_bodies(bodies: Bodies) -> Plan {
    let body = bodies.sized(1, 100_000);
    let half = |framing, cut| vec![Answer::Half(body, framing, cut)];
    Plan::new("--retries 0")
        .file("/whole.bin", bodies.sized(2, 100_000))
        .fails("/length.bin", half(Framing::Length, Cut::Close), None)
        .fails("/chunked.bin", half(Framing::Chunked, Cut::Close), None)
        .fails("/reset.bin", half(Framing::Length, Cut::Reset), None)
        .fails("/empty.bin", vec![Answer::Nothing(Cut::Close)], None)
        .serve("/overlong.bin", vec![Answer::Overlong(body)], Due::FileOrFailure(body.half().content()))
}

/// A folder stands where the file would have to go.
fn blocked(bodies: Bodies) -> Plan {
    let plan = Plan { obstacles: vec!["blocked.bin"], ..Plan::new("--retries 0") };
    plan.fails("/blocked.bin", vec![Answer::Whole(bodies.small(1), Framing::Length)], Some("write"))
        .file("/free.bin", bodies.small(2))
}

/// Nothing but silence: on a slow machine every other download could be late, too.
fn silent(bodies: Bodies) -> Plan {
    Plan::new("--jobs 4 --retries 0 --timeout 1")
        .fails("/silent.bin", vec![Answer::Nothing(Cut::Silence)], Some("timeout"))
        .fails(
            "/stalls.bin",
            vec![Answer::Half(bodies.small(1), Framing::Length, Cut::Silence)],
            Some("timeout"),
        )
        .fails(
            "/stalls-chunked.bin",
            vec![Answer::Half(bodies.small(2), Framing::Chunked, Cut::Silence)],
            Some("timeout"),
        )
}

/// Failures that may pass.
pub(super) fn retried(bodies: Bodies) -> Vec<Case> {
    vec![
        case("two-retries-by-default", 1, default_retries(bodies), &[RETRIES, PAUSED, ENDS])
            .tries(TO_THE_LETTER, &["pauses"]),
        case("one-retry", 1, limited_retries("--jobs 4 --retries 1", 1, bodies), &[RETRIES, ENDS]),
        case("no-retry", 1, limited_retries("--jobs 4 --retries 0", 0, bodies), &[RETRIES, ENDS]),
        case("reset-half-way", 1, reset_half_way(bodies), &[INTACT, ENDS]),
        case("retries-count-as-jobs", 1, retries_among_jobs(bodies), &[AT_MOST, ENDS]),
    ]
}

fn default_retries(bodies: Bodies) -> Plan {
    let [a, b, c] = [1, 2, 3].map(|index| bodies.small(index));
    Plan::new("--jobs 8")
        .patient()
        .serve("/busy.bin", then_whole(Answer::Status(503), 2, a), Due::File(a.content()))
        .asked(3)
        .serve("/hiccup.bin", then_whole(Answer::Status(500), 1, b), Due::File(b.content()))
        .asked(2)
        .serve("/reset.bin", then_whole(Answer::Nothing(Cut::Reset), 2, c), Due::File(c.content()))
        .asked(3)
        .fails("/down.bin", vec![Answer::Status(502)], Some("status-502"))
        .asked(3)
        .fails("/always-reset.bin", vec![Answer::Nothing(Cut::Reset)], None)
        .asked(3)
        .fails("/missing.bin", vec![Answer::Status(404)], Some("status-404"))
        .asked(1)
        .fails("/forbidden.bin", vec![Answer::Status(403)], Some("status-403"))
        .asked(1)
        .fails("/too-fast.bin", vec![Answer::Status(429)], Some("status-429"))
        .asked(1)
}

/// One file that the last retry gets, one that would need a retry more.
fn limited_retries(options: &'static str, retries: usize, bodies: Bodies) -> Plan {
    let [a, b] = [1, 2].map(|index| bodies.small(index));
    Plan::new(options)
        .patient()
        .serve("/in-time.bin", then_whole(Answer::Status(503), retries, a), Due::File(a.content()))
        .asked(retries + 1)
        .fails("/too-late.bin", then_whole(Answer::Status(503), retries + 1, b), Some("status-503"))
        .asked(retries + 1)
}

/// Files that are reset in their middle, then come whole. Whether a program takes that for a reset connection, which
/// is tried again, or for a body that is cut is open. If it tries again nothing may be left of what came before.
fn reset_half_way(bodies: Bodies) -> Plan {
    [(1, Framing::Length), (2, Framing::Chunked)].into_iter().fold(
        Plan::new("--jobs 4 --retries 2").patient(),
        |plan, (times, framing)| {
            let body = bodies.sized(times as u64, 100_000);
            let answers = then_whole(Answer::Half(body, framing, Cut::Reset), times, body);
            plan.serve(&format!("/reset-{times}.bin"), answers, Due::FileOrFailure(body.content()))
        },
    )
}

/// As many files as there are jobs fail once; each job that goes on to another one meanwhile is kept busy with it.
/// A program that tries again later, when a job is free, and one whose job waits for its retry are both right.
fn retries_among_jobs(bodies: Bodies) -> Plan {
    let bodies = [1, 2, 3, 4].map(|index| bodies.sized(index, 300_000));
    let fails_once = |plan: Plan, index: usize| {
        let answers = then_whole(Answer::Status(503), 1, bodies[index]);
        plan.serve(&format!("/busy-{index}.bin"), answers, Due::File(bodies[index].content()))
    };
    let plan = (0..2).fold(Plan::new("--jobs 2 --timeout 600").patient(), fails_once);
    (2..4)
        .fold(plan, |plan, index| plan.file(&format!("/free-{index}.bin"), bodies[index]))
        .held_for_one_too_many(2)
}

/// `failure` so many times, then the file.
fn then_whole(failure: Answer, times: usize, body: Body) -> Vec<Answer> {
    let mut answers = vec![failure; times];
    answers.push(Answer::Whole(body, Framing::Length));
    answers
}
