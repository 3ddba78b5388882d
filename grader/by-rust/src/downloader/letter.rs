//! Advice: what the page says to the letter, where a program may keep the promise behind it in another way.

use std::time::Duration;

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::plan::{Due, Input, OLDER, Plan};
use super::promises::{Bodies, Promise, case};
use super::{files, outcomes, simulate, traffic};
use crate::scripted::http::{Answer, Content, Cut, Framing};
use exercise::quoted::quoted;

/// The check.
pub(super) const TO_THE_LETTER: &str = "to-the-letter";

const NAMES: Promise = Promise::new(TO_THE_LETTER, files::named);
const INTACT: Promise = Promise::new(TO_THE_LETTER, files::intact);
const OUTCOMES: Promise = Promise::new(TO_THE_LETTER, |plan, seen| {
    plan.items.iter().try_for_each(|item| outcomes::as_due(item, seen)).into()
});
const OLDER_STAYS: Promise = Promise::new(TO_THE_LETTER, older_stays);
/// So long are the pauses before two retries together.
const PAUSES: Duration = Duration::from_millis(300);
/// The program pauses before its retries. On no machine does it take less time than its pauses.
pub(super) const PAUSED: Promise = Promise::new(TO_THE_LETTER, |_, seen| {
    if seen.wall >= PAUSES {
        return Judgement::Kept;
    }
    let expected = "pauses of 0.1 s and 0.2 s before two retries";
    Fault::new(expected, format!("all is over after {} ms", seen.wall.as_millis())).of("pauses").into()
});

/// The cases of this check alone.
pub(super) fn cases(bodies: Bodies) -> Vec<Case> {
    let letter = |id, plan, promises: &[Promise], sentences| {
        case(id, 1, plan, promises).tries(TO_THE_LETTER, sentences)
    };
    let missing = Plan { is_missing: true, out: Some("new"), ..Plan::new("") };
    let padded = Plan { padding: (" ", "\t\r"), ..Plan::new("") }.input(Input::File);
    vec![
        letter(
            "letter-of-names",
            letter_of_names(bodies),
            &[NAMES],
            &["underscores", "leading-dot", "first-free", "name-as-given"],
        ),
        letter("long-name", long_name(bodies), &[INTACT], &["long-names"]),
        letter(
            "letter-of-reasons",
            letter_of_reasons(bodies),
            &[OUTCOMES],
            &["seconds", "reset", "status-206", "bad-redirect", "bad-response"],
        ),
        letter("missing-folder", missing.file("/a.bin", bodies.small(1)), &[INTACT], &["out-created"]),
        letter("older-files", older_files(bodies), &[OLDER_STAYS, INTACT], &["part-replaced", "older-file"]),
        letter("padded-lines", padded.file("/a.bin", bodies.small(1)), &[INTACT], &["trimmed"]),
        control_characters(),
        missing_input(),
        simulated_input(),
    ]
}

fn letter_of_names(bodies: Bodies) -> Plan {
    let named = |plan: Plan, (index, path, name, sentence): (u64, &str, &str, &'static str)| {
        plan.file(path, bodies.small(index)).named(name).of(sentence)
    };
    let replaced = [
        (1, "/a%2fb", "a_b", "underscores"),
        (2, "/..%5cc", "__c", "underscores"),
        (3, "/line%0aend%ff", "line_end_", "underscores"),
        (4, "/.profile", ".profile", "leading-dot"),
        (5, "/a/x.1", "x.1", "first-free"),
        (6, "/a/x", "x", "first-free"),
        (7, "/b/x", "x.2", "first-free"),
        (8, "/b/x.1", "x.1.1", "first-free"),
    ];
    let plan = replaced.into_iter().fold(Plan::new(""), named);
    let body = bodies.small(9);
    plan.serve("/given.bin", vec![Answer::Redirect(302, "/elsewhere.bin".into())], Due::File(body.content()))
        .named("given.bin")
        .of("name-as-given")
        .page("/elsewhere.bin", vec![Answer::Whole(body, Framing::Length)])
}

fn long_name(bodies: Bodies) -> Plan {
    Plan::new("").file(&format!("/{}.tar", "long".repeat(75)), bodies.small(1))
}

fn letter_of_reasons(bodies: Bodies) -> Plan {
    let elsewhere = Answer::Redirect(302, "ftp://fixture.test/a.bin".into());
    Plan::new("--retries 0 --timeout 29.5")
        .file("/whole.bin", bodies.small(1))
        .of("seconds")
        .fails("/reset.bin", vec![Answer::Nothing(Cut::Reset)], Some("reset"))
        .fails("/closed.bin", vec![Answer::Nothing(Cut::Close)], Some("reset"))
        .fails("/part.bin", vec![Answer::Status(206)], Some("status-206"))
        .of("status-206")
        .fails("/moved.bin", vec![elsewhere], Some("bad-redirect"))
        .fails("/garbage.bin", vec![Answer::Garbage], Some("bad-response"))
}

/// A file that a run left half-way, and one that is to be replaced but cannot be.
fn older_files(bodies: Bodies) -> Plan {
    Plan { older: vec!["a.bin.part", "kept.bin"], ..Plan::new("--retries 0") }
        .file("/a.bin", bodies.small(1))
        .fails(
            "/kept.bin",
            vec![Answer::Half(bodies.small(2), Framing::Length, Cut::Close)],
            Some("truncated"),
        )
}

fn older_stays(_: &Plan, seen: &Observation) -> Judgement {
    let Some(traffic) = traffic(seen) else { return Judgement::Unproven("nothing was served".into()) };
    let is_older = |content: &Content| Content::of(OLDER).is_ok_and(|older| older == *content);
    let kept = traffic.file("kept.bin").and_then(|file| file.content.as_ref());
    if !kept.is_some_and(is_older) {
        let fault = Fault::new("the older `kept.bin` stays where its download fails", "it is another one");
        return fault.of("older-file").into();
    }
    match traffic.file("a.bin.part") {
        None => Judgement::Kept,
        Some(_) => Fault::new("`a.bin.part` is replaced", "it is still there").into(),
    }
}

fn control_characters() -> Case {
    let call = Call::new(["http://127.0.0.1/a\u{7}b"]);
    Case::new("control-characters", call)
        .runs(1)
        .judge(TO_THE_LETTER, |seen| {
            let is_escaped = |line: &String| {
                line.starts_with("failed bad-url http://127.0.0.1/a") && !line.contains(char::is_control)
            };
            match seen.stdout.lines.as_slice() {
                [line] if is_escaped(line) => Judgement::Kept,
                lines => {
                    let expected = "`failed bad-url URL`, and in URL no control character as it is";
                    let line = lines.first().map_or("", String::as_str).escape_debug().to_string();
                    Fault::new(expected, quoted(&line)).into()
                }
            }
        })
        .tries(TO_THE_LETTER, &["escaped"])
}

fn missing_input() -> Case {
    Case::new("missing-input", Call::new(["--input", "missing.txt"]))
        .runs(1)
        .judge(TO_THE_LETTER, |seen| {
            let is_said = |line: &String| line.starts_with("downloader: missing.txt: ");
            if seen.code() == Some(1) && seen.stderr.lines.iter().any(is_said) {
                return Judgement::Kept;
            }
            let expected = "`downloader: missing.txt: REASON` on standard error, exit code 1";
            Fault::new(expected, seen.ending().to_string()).into()
        })
        .tries(TO_THE_LETTER, &["unreadable-input"])
}

/// One job for two names of a file.
fn simulated_input() -> Case {
    let call = Call::new(["--simulate", "--jobs", "1", "--input", "names"]);
    Case::new("simulated-input", call.with([("names", b"cat.png\ndog.png\n".to_vec())]))
        .runs(1)
        .judge(TO_THE_LETTER, |seen| simulate::at_most(1, &["cat.png", "dog.png"], seen))
        .tries(TO_THE_LETTER, &["simulate-jobs", "simulate-input"])
}
