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

use engine::case::{Call, Case, External, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use rustix::process::Signal;

use self::joining::{How, Joining};
use self::serving::{Script, Serving, Stop};
use crate::scripted::chat::Transcripts;
use exercise::judges::one_write_a_line;
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};

/// The exercise as the registry knows it.
pub static EXERCISE: Exercise = Exercise {
    name: "chat-server",
    root: "main.rs",
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
        FINE_PRINT,
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["no-loss-no-duplicate", "demo-delivers"]),
        (FINE_PRINT.id, &["no-loss-no-duplicate", "demo-delivers"]),
        (USAGE.id, &["no-loss-no-duplicate", "demo-delivers"]),
        (CANNOT_WRITE.id, &["no-loss-no-duplicate", "demo-delivers"]),
    ],
    untried: &[
        ("same-last-event", "only the server knows what came before the stop and what after it"),
        ("held-up", "how long a server waits for a client that may read again is a matter of time"),
        ("busy-server", "that a server is too busy to write is a matter of the machine's speed"),
        (
            "descriptors",
            "how many descriptors there are is up to the machine, and to run out of them is slow",
        ),
        ("demo-failure", "nobody from outside can make a client of the demonstration lose a message"),
    ],
    cases: &cases,
};

/// Advice: what many a server that is right otherwise does in another way.
const FINE_PRINT: Check = Check {
    id: "fine-print",
    about: "line ends, empty lines, the longest line, and what who leaves still gets are as promised (advice)",
};

fn cases(_seed: u64) -> Vec<Case> {
    // Stopping comes first, in the way that all cases use: a server that goes on then costs its patience each time.
    let mut cases = vec![stopped("end-of-input", Stop::EndOfInput)];
    cases.extend(talks());
    cases.extend(trouble());
    cases.push(
        serving("many-clients", scripts::many_clients, Stop::EndOfInput)
            .runs(1)
            .judge("many-clients", came_through("500 clients are welcomed, and all receive a message"))
            .tries("many-clients", &["many-clients"]),
    );
    cases.extend(demos());
    cases.push(
        elsewhere(scripts::short_talk)
            .runs(1)
            .judge("no-loss-no-duplicate", came_through("the server listens where `--listen` says"))
            .tries("no-loss-no-duplicate", &["listen"]),
    );
    let signals = [("sigterm", Signal::TERM), ("sigint", Signal::INT)];
    // Last, as a server that does not handle a signal is ended by it: all else was judged before.
    let signalled = signals.map(|(name, signal)| stopped(name, Stop::Signal(signal)));
    let ends = |case: Case| {
        case.judge_ending("terminates", shutdown::terminates).tries("terminates", &["ends", "exit-0"])
    };
    let wrong = advised_usage(&[
        ("unknown-command", &["listen"]),
        ("join-without-name", &["join", "127.0.0.1:9"]),
        ("no-clients", &["demo", "--clients", "0"]),
        ("too-many-clients", &["demo", "--clients", "501"]),
    ]);
    let demo = || Call::new(["demo"]);
    let outputs = [
        unread(demo(), 0).networked(),
        full(EXERCISE.name, demo()).networked(),
        help(&[("--listen", "127.0.0.1:0"), ("--name", ""), ("--clients", "3"), ("--messages", "3")]),
    ];
    // Advice comes at the very end: a program is not run for ever if it makes others wait in vain.
    let cases = cases.into_iter().map(ends).chain(wrong).chain(outputs);
    cases.chain(signalled.map(ends)).chain(fine_print()).collect()
}

fn fine_print() -> Vec<Case> {
    let script = |id: &str, script, expected| {
        serving(id, script, Stop::EndOfInput).runs(1).judge(FINE_PRINT.id, came_through(expected))
    };
    let join = |id: &str, how, expected| {
        Case::new(id, Joining(how)).networked().runs(1).judge(FINE_PRINT.id, came_through(expected))
    };
    let ended = |id: &str, args: &[&str], code, line| {
        let case = Case::of_args(id, args.iter().copied()).networked().runs(1);
        case.judge(FINE_PRINT.id, move |seen: &Observation| ends_with(seen, code, line).into())
    };
    vec![
        script("telnet-lines", scripts::telnet_lines, "lines may end in `\\r\\n`")
            .tries(FINE_PRINT.id, &["line-ends"]),
        script("empty-line", scripts::empty_line, "the empty line is a message")
            .tries(FINE_PRINT.id, &["empty-line"]),
        script(
            "longest-line",
            scripts::longest_line,
            "a line of 4096 bytes is a message, its end not counted",
        )
        .tries(FINE_PRINT.id, &["longest-line"]),
        script("unfinished-line", scripts::unfinished_line, "the others see the LEAVE of who is gone")
            .judge(FINE_PRINT.id, |seen: &Observation| delivery::nothing_unfinished(transcripts(seen)).into())
            .tries(FINE_PRINT.id, &["unfinished-line"]),
        script("own-leave", scripts::own_leave, "who leaves gets its own LEAVE, and is disconnected")
            .tries(FINE_PRINT.id, &["own-leave"]),
        script(
            "half-closed",
            scripts::half_closed,
            "who closes its sending side gets the rest and its LEAVE",
        )
        .tries(FINE_PRINT.id, &["half-closed"]),
        script("upper-and-lower-case", scripts::letter_case, "`Ann` is another name than `ann`")
            .tries(FINE_PRINT.id, &["case"]),
        join("join-ends", How::Ends, "at the end of its input `join` leaves, and ends with exit code 0")
            .tries(FINE_PRINT.id, &["join-ends"]),
        join(
            "join-refused",
            How::Refused,
            "an ERROR ends `join` with exit code 1 and a word on standard error",
        )
        .tries(FINE_PRINT.id, &["join-error"]),
        ended("join-bad-name", &["join", "127.0.0.1:1", "--name", "two words"], 2, "")
            .tries(FINE_PRINT.id, &["join-name"]),
        ended("join-nobody", &["join", "127.0.0.1:1", "--name", "ann"], 1, "chat-server: ")
            .tries(FINE_PRINT.id, &["cannot-connect"]),
        Case::of_args("no-messages", ["demo", "--clients", "2", "--messages", "0"])
            .networked()
            .runs(1)
            .judge(FINE_PRINT.id, demo::judge(2, 0))
            .tries(FINE_PRINT.id, &["no-messages"]),
        Case::of_args("all-leave", ["demo", "--clients", "3"])
            .networked()
            .runs(1)
            .judge(FINE_PRINT.id, demo::all_leave(3))
            .tries(FINE_PRINT.id, &["demo-leaves"]),
    ]
}

fn ends_with(seen: &Observation, code: i32, line: &str) -> Result<(), Fault> {
    let is_said = seen.stderr.lines.iter().any(|said| said.starts_with(line));
    if seen.code() == Some(code) && (is_said || line.is_empty()) {
        return Ok(());
    }
    let expected = match code {
        1 => "`chat-server: SUBJECT: reason` on standard error, and exit code 1".to_owned(),
        _ => format!("exit code {code} before it connects"),
    };
    let what = match seen.code() {
        Some(ended) if ended == code => "no such line on standard error".to_owned(),
        _ => seen.ending().to_string(),
    };
    Err(Fault::new(expected, what))
}

/// Nobody misbehaves.
fn talks() -> [Case; 3] {
    [
        talk(serving("few-talk", scripts::few_talk, Stop::EndOfInput).runs(10)),
        talk(serving("many-talk", scripts::come_and_go, Stop::EndOfInput).runs(3)),
        talk(
            Case::new("join-client", Joining(How::Stays))
                .networked()
                .runs(2)
                .tries("same-order-for-all", &["join"])
                .tries("no-loss-no-duplicate", &["join"]),
        ),
    ]
}

/// Somebody misbehaves, and the room must go on.
fn trouble() -> [Case; 6] {
    const TRIED: [(&str, &[&str]); 5] = [
        ("survives-disconnect", &["goes-on", "free-again"]),
        ("refuses-bad-lines", &["error", "nick", "name-in-use", "long-line", "not-utf-8"]),
        ("same-order-for-all", SAME_ORDER),
        ("no-loss-no-duplicate", EVERYTHING),
        ("slow-client", &["slow-delays-nobody", "slow-dropped"]),
    ];
    troubles().map(|case| {
        let judges = |case: &Case, check| case.judges.iter().any(|(judged, _)| *judged == check);
        TRIED.into_iter().fold(
            case,
            |case, (check, sentences)| {
                if judges(&case, check) { case.tries(check, sentences) } else { case }
            },
        )
    })
}

const SAME_ORDER: &[&str] = &["same-order-for-all", "welcome", "events"];
const EVERYTHING: &[&str] = &["everything-once", "message", "quit"];

fn troubles() -> [Case; 6] {
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
            .judge("refuses-bad-lines", refusal::judge_rivals)
            .tries("refuses-bad-lines", &["name-in-use"]),
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
    let sentences: &[&str] = match stop {
        Stop::EndOfInput => &["end-of-input", "listening", "delivers", "exit-0"],
        Stop::Signal(Signal::TERM) => &["sigterm", "listening", "delivers", "exit-0"],
        Stop::Signal(_) => &["sigint", "listening", "delivers", "exit-0"],
    };
    serving(&format!("stop-by-{name}"), scripts::messages_wait, stop)
        .runs(2)
        .judge("graceful-shutdown", shutdown::judge)
        .tries("graceful-shutdown", sentences)
}

fn demos() -> [Case; 5] {
    let sized = |clients: usize, messages: usize| {
        let (n, m) = (clients.to_string(), messages.to_string());
        Case::of_args(format!("demo-{n}x{m}"), ["demo", "--clients", &n, "--messages", &m])
            .judge("demo-delivers", demo::judge(clients, messages))
    };
    let none = Case::of_args("no-arguments", [""; 0]).judge("demo-delivers", demo::judge(3, 3));
    let defaults = Case::of_args("demo", ["demo"]).judge("demo-delivers", demo::judge(3, 3));
    let demos = [
        none.runs(3).tries(
            "demo-delivers",
            &["no-arguments", "clients", "messages", "demo-events", "demo-delivered", "one-write"],
        ),
        defaults.runs(6),
        sized(1, 1).runs(3).explored(5),
        sized(2, 1)
            .runs(3)
            .explored(15)
            .shared(TALKING)
            .tries("demo-delivers", &["demo-threads", "demo-events"]),
        sized(8, 25).runs(4),
    ];
    demos.map(|case| {
        case.networked()
            .talking(External::OwnThreads)
            .judge_writes("demo-delivers", one_write_a_line)
            .tries("demo-delivers", &["demo-delivered", "demo-events", "one-write", "clients", "messages"])
    })
}

/// A server and two clients, over sockets.
const TALKING: Sharing = Sharing {
    checks: &["demo-delivers"],
    expected: "a server and two clients, each a thread, that talk over sockets",
    threads: 3,
    operations: 1,
};

fn serving(id: &str, script: Script, stop: Stop) -> Case {
    Case::new(id, Serving { script, stop, listen: None }).networked()
}

/// All of 127.0.0.0/8 is this machine.
fn elsewhere(script: Script) -> Case {
    let listen = Some("127.0.0.2:0");
    Case::new("other-address", Serving { script, stop: Stop::EndOfInput, listen }).networked()
}

/// What holds whenever clients talk.
fn talk(case: Case) -> Case {
    case.judge("same-order-for-all", held(order::same_for_all))
        .judge("no-loss-no-duplicate", delivery::judge)
        .judge("per-sender-fifo", held(order::fifo))
        .tries("same-order-for-all", SAME_ORDER)
        .tries("no-loss-no-duplicate", EVERYTHING)
        .tries("per-sender-fifo", &["per-sender-fifo"])
}

/// Judges that the script came to its end: all came that it waited for.
fn came_through(expected: &'static str) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| match &transcripts(observation).cut {
        None => Judgement::Kept,
        Some(cut) if cut.is_proof() => {
            let fault = Fault::new(expected, cut.to_string());
            match cut.waiting_for.as_str() {
                // A name that was in use before.
                "`WELCOME resetter`" => fault.of("free-again").into(),
                waiting if waiting.starts_with("`LEAVE slow`") => fault.of("slow-dropped").into(),
                _ => fault.into(),
            }
        }
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
