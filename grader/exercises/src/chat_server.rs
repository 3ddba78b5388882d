//! `chat-server`: a room of clients over TCP, and one order of events for all of them.
//!
//! Scripted clients talk to `serve` and record every line; the judges compare the records by the
//! numbers of the events. `demo` is judged by what it prints.

mod delivery;
mod demo;
mod event;
mod joining;
mod order;
mod refusal;
mod scripts;
mod serving;
mod shutdown;

use engine::case::{Case, External, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use rustix::process::Signal;

use self::joining::Joining;
use self::serving::{Script, Serving, Stop};
use crate::exercise::{Check, Exercise};
use crate::scripted::chat::Transcripts;
use crate::wrong_usage::{USAGE, advised_usage};

/// The exercise as the registry knows it.
pub static EXERCISE: Exercise = Exercise {
    name: "chat-server",
    summary: "A chat room over TCP: every client sees the same events in the same order",
    checks: &[
        Check {
            id: "same-order-for-all",
            about: "every client sees the same numbered events, from its own JOIN on, with no gap",
        },
        Check {
            id: "no-loss-no-duplicate",
            about: "every message reaches every client that is in the room, its sender too, and only once",
        },
        Check {
            id: "per-sender-fifo",
            about: "the messages of one sender arrive in the order in which it sent them",
        },
        Check {
            id: "survives-disconnect",
            about: "the room goes on when clients half-close, reset, or vanish in the middle of a line",
        },
        Check {
            id: "refuses-bad-lines",
            about: "bad names, overlong lines and lines that are not UTF-8 get `ERROR reason` and are cut off",
        },
        Check {
            id: "slow-client",
            about: "a client that does not read delays nobody, and is dropped once 1024 events wait for it",
        },
        Check {
            id: "graceful-shutdown",
            about: "told to stop, the server delivers what it has accepted and closes every connection",
        },
        Check {
            id: "demo-delivers",
            about: "`demo` prints the events from 1 on and ends when every client has received all messages",
        },
        Check { id: "many-clients", about: "500 clients are served at once" },
        Check {
            id: "terminates",
            about: "the program ends with exit code 0 when it is done or told to stop",
        },
        USAGE,
    ],
    after: &[
        ("terminates", &["no-loss-no-duplicate", "demo-delivers"]),
        (USAGE.id, &["no-loss-no-duplicate", "demo-delivers"]),
    ],
    cases,
};

fn cases(_seed: u64) -> Vec<Case> {
    // Stopping comes first, in the way that all cases use: a server that goes on then costs its patience each time.
    let mut cases = vec![stopped("end-of-input", Stop::EndOfInput)];
    cases.extend(talks());
    cases.extend(trouble());
    cases.push(
        serving("many-clients", scripts::many_clients, Stop::EndOfInput)
            .runs(1)
            .judge("many-clients", came_through("500 clients are welcomed, and all receive a message")),
    );
    cases.extend(demos());
    let signals = [("sigterm", Signal::TERM), ("sigint", Signal::INT)];
    // Last, as a server that does not handle a signal is ended by it: all else was judged before.
    let signalled = signals.map(|(name, signal)| stopped(name, Stop::Signal(signal)));
    let ends = |case: Case| case.judge_ending("terminates", shutdown::terminates);
    let wrong = advised_usage(&[
        ("unknown-command", &["listen"]),
        ("join-without-name", &["join", "127.0.0.1:9"]),
        ("no-clients", &["demo", "--clients", "0"]),
        ("too-many-clients", &["demo", "--clients", "501"]),
    ]);
    cases.into_iter().map(ends).chain(wrong).chain(signalled.map(ends)).collect()
}

/// Nobody misbehaves.
fn talks() -> [Case; 3] {
    [
        talk(serving("few-talk", scripts::few_talk, Stop::EndOfInput).runs(10)),
        talk(serving("many-talk", scripts::come_and_go, Stop::EndOfInput).runs(3)),
        talk(Case::new("join-client", Joining).networked().runs(2)),
    ]
}

/// Somebody misbehaves, and the room must go on.
fn trouble() -> [Case; 6] {
    [
        serving("disconnects", scripts::disconnects, Stop::EndOfInput)
            .runs(2)
            .judge(
                "survives-disconnect",
                came_through("the others go on to talk, and see the LEAVE of who is gone"),
            )
            .judge("no-loss-no-duplicate", delivery::judge),
        serving("mass-disconnect", scripts::mass_disconnect, Stop::EndOfInput)
            .runs(2)
            .judge(
                "survives-disconnect",
                came_through("the others go on to talk, and see the LEAVE of who is gone"),
            )
            .judge("same-order-for-all", held(order::same_for_all))
            .judge("no-loss-no-duplicate", delivery::judge),
        serving("bad-lines", scripts::bad_lines, Stop::EndOfInput)
            .runs(2)
            .judge("refuses-bad-lines", refusal::judge)
            .judge("same-order-for-all", held(order::same_for_all)),
        serving("rivals", scripts::rivals, Stop::EndOfInput)
            .runs(4)
            .judge("refuses-bad-lines", refusal::judge_rivals),
        serving("slow-client-catches-up", scripts::slow_client_catches_up, Stop::EndOfInput)
            .runs(1)
            .judge(
                "slow-client",
                came_through("a client with fewer than 1024 waiting events gets them all later"),
            )
            .judge("no-loss-no-duplicate", delivery::judge),
        serving("slow-client-is-dropped", scripts::slow_client_is_dropped, Stop::EndOfInput)
            .runs(1)
            .judge(
                "slow-client",
                came_through("the others go on to talk, and the client that does not read is dropped"),
            )
            .judge("same-order-for-all", held(order::same_for_all)),
    ]
}

fn stopped(name: &str, stop: Stop) -> Case {
    serving(&format!("stop-by-{name}"), scripts::messages_wait, stop)
        .runs(2)
        .judge("graceful-shutdown", shutdown::judge)
}

fn demos() -> [Case; 5] {
    let sized = |clients: usize, messages: usize| {
        let (n, m) = (clients.to_string(), messages.to_string());
        Case::of_args(format!("demo-{n}x{m}"), ["demo", "--clients", &n, "--messages", &m])
            .judge("demo-delivers", demo::judge(clients, messages))
    };
    let demos = [
        Case::of_args("no-arguments", [""; 0]).runs(3).judge("demo-delivers", demo::judge(3, 3)),
        Case::of_args("demo", ["demo"]).runs(6).judge("demo-delivers", demo::judge(3, 3)),
        sized(1, 1).runs(3).explored(5),
        sized(2, 1).runs(3).explored(15).shared(TALKING),
        sized(8, 25).runs(4),
    ];
    demos.map(|case| case.networked().talking(External::OwnThreads))
}

/// A server and two clients, over sockets.
const TALKING: Sharing = Sharing {
    checks: &["demo-delivers"],
    expected: "a server and two clients, each a thread, that talk over sockets",
    threads: 3,
    operations: 1,
};

fn serving(id: &str, script: Script, stop: Stop) -> Case {
    Case::new(id, Serving { script, stop }).networked()
}

/// What holds whenever clients talk.
fn talk(case: Case) -> Case {
    case.judge("same-order-for-all", held(order::same_for_all))
        .judge("no-loss-no-duplicate", delivery::judge)
        .judge("per-sender-fifo", held(order::fifo))
}

/// Judges that the script came to its end: all came that it waited for.
fn came_through(expected: &'static str) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| match &transcripts(observation).cut {
        None => Judgement::Kept,
        Some(cut) if cut.is_proof() => Fault::new(expected, cut.to_string()).into(),
        Some(cut) => Judgement::Unproven(cut.to_string()),
    }
}

/// Judges what must hold of any part of a talk. A talk that was cut short proves a fault that shows
/// in it, and nothing else.
fn held(
    judge: impl Fn(&Transcripts) -> Result<(), Fault> + Send + Sync + 'static,
) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| {
        let transcripts = transcripts(observation);
        match (judge(transcripts), transcripts.gave_up()) {
            (Ok(()), Some(gave_up)) => Judgement::Unproven(gave_up.to_string()),
            (result, _) => result.into(),
        }
    }
}

/// The records of an observation.
fn transcripts(observation: &Observation) -> &Transcripts {
    static NOBODY: Transcripts = Transcripts { clients: Vec::new(), cut: None, not_closed: None };
    observation.evidence().unwrap_or(&NOBODY)
}

#[cfg(test)]
mod tests;
