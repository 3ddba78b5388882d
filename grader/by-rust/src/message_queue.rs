//! A sender, a queue, and a main thread that receives: between threads, and between processes.

use std::thread;
use std::time::{Duration, Instant};

use confine::run::{RunError, Running};
use engine::case::{Call, Case, External, Scenario, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, writer};
use engine::run_context::RunContext;

use crate::scripted::children::{ChildrenSeen, ChildrenWatch, PAUSE, kill_alive};
use exercise::judges::{ends, kept_back, lines, one_write_a_line, same_lines, terminates};
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::quoted::quoted;
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};

/// Messages that are received in order, and a sender that may be slow or die.
pub static EXERCISE: Exercise = Exercise {
    name: "message-queue",
    root: "main.rs",
    summary: "A sender puts messages into a queue, a thread or a process away from who receives them",
    checks: &[
        Check { id: "all-in-order", about: "every message is received once, in order, and then counted" },
        Check { id: "waits-for-slow-sender", about: "an empty queue is not the end" },
        Check { id: "receiver-prints", about: "the main thread writes the lines" },
        Check { id: "sender-death", about: "a sender that dies is an error, and what it sent is printed" },
        Check { id: "child-process", about: "with processes the sender is a child, and none is left alive" },
        Check { id: "terminates", about: "the program ends, also without messages" },
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["all-in-order", "waits-for-slow-sender"]),
        (USAGE.id, &["all-in-order", "waits-for-slow-sender"]),
        (CANNOT_WRITE.id, &["all-in-order", "waits-for-slow-sender"]),
    ],
    untried: &[],
    cases: &cases,
};

/// How the program is called.
#[derive(Clone, Copy)]
struct Setting {
    messages: u64,
    interval: u64,
    process: bool,
    fail_after: Option<u64>,
}

const PLAIN: Setting = Setting { messages: 5, interval: 0, process: false, fail_after: None };

fn cases(_seed: u64) -> Vec<Case> {
    let of = |messages| Setting { messages, ..PLAIN };
    let slow = |messages, interval| Setting { interval, ..of(messages) };
    let dies = |messages, after| Setting { fail_after: Some(after), ..of(messages) };
    let child = |setting| Setting { process: true, ..setting };
    let right = [
        of_setting("no-messages", of(0)).runs(5).explored(10).idle(),
        of_setting("five-messages", PLAIN).runs(8).explored(25).shared(sent(&["receiver-prints"])),
        of_setting("slow-sender", slow(3, 500)).runs(1).explored(25).shared(sent(&["waits-for-slow-sender"])),
        of_setting("sender-dies", dies(4, 2)).runs(5).explored(15).shared(sent(&["sender-death"])),
        of_setting("sender-dies-at-once", dies(2, 0)).runs(3).explored(10),
        judged(
            Case::of_args("fails-too-late", args(dies(3, 3))).tries("all-in-order", &["fails-too-late"]),
            dies(3, 3),
        )
        .runs(3)
        .explored(5),
        judged(Case::of_args("defaults", [""; 0]).tries("all-in-order", &["messages"]), PLAIN).runs(2),
        of_setting("many-messages", of(5000)).runs(3),
        of_setting("process-no-messages", child(of(0))).runs(3).idle(),
        // What the child does is not controlled, but who prints in the parent is seen.
        of_setting("process", child(of(5))).talking(External::Others).runs(5).explored(5),
        of_setting("process-many-messages", child(of(5000))).runs(3),
        of_setting("process-dies", child(dies(4, 2))).runs(3),
        of_setting("process-dies-at-once", child(dies(2, 0))).runs(3),
        of_setting("process-fails-too-late", child(dies(3, 3))).runs(2),
        watched(child(slow(3, 150))),
        killed(child(slow(4, 400))),
    ];
    let wrong = advised_usage(&[
        ("messages-in-words", &["--messages", "five"]),
        ("unknown-transport", &["--transport", "pigeon"]),
        ("stray-argument", &["5"]),
    ]);
    let none = || Call::new([""; 0]);
    let outputs = [
        unread(none(), 2).explored(5),
        full(EXERCISE.name, none()),
        help(&[("--messages", "5"), ("--interval-ms", "0"), ("--transport", "thread"), ("--fail-after", "")]),
    ];
    right.into_iter().chain(wrong).chain(outputs).collect()
}

/// Without a second thread nobody sends, and nobody is waited for.
fn sent(checks: &'static [&'static str]) -> Sharing {
    let expected = "a thread that sends, and the main thread that receives from it";
    Sharing { checks, expected, threads: 2, operations: 2 }
}

fn args(setting: Setting) -> Vec<String> {
    let mut args = vec!["--messages".into(), setting.messages.to_string()];
    if setting.interval > 0 {
        args.extend(["--interval-ms".into(), setting.interval.to_string()]);
    }
    if setting.process {
        args.extend(["--transport".into(), "process".into()]);
    }
    args.extend(
        setting.fail_after.into_iter().flat_map(|after| ["--fail-after".to_owned(), after.to_string()]),
    );
    args
}

const IN_ORDER: &[&str] = &["all-in-order", "received"];
const WAITS: &[&str] = &["waits-for-slow-sender", "interval", "received"];

fn of_setting(id: &str, setting: Setting) -> Case {
    judged(Case::of_args(id, args(setting)), setting)
}

fn judged(case: Case, setting: Setting) -> Case {
    // Where the threads that share the queue are looked for, nobody but the sender can be missing.
    let case = case
        .judge_writers("receiver-prints", receiver_prints)
        .judge_writes("receiver-prints", one_write_a_line)
        .tries("receiver-prints", &["thread", "receiver-prints", "one-write"]);
    let dies = setting.fail_after.is_some_and(|after| after < setting.messages);
    if dies {
        return case
            .judge("sender-death", move |seen| sender_death(seen, setting))
            .tries("sender-death", &["fail-after", "death-said", "death-code"])
            .judge_ending("terminates", ends())
            .tries("terminates", &["ends"]);
    }
    // What the sender's pace changes is another promise.
    let check = if setting.interval > 0 { "waits-for-slow-sender" } else { "all-in-order" };
    case.judge(check, move |seen| all_in_order(seen, setting).into())
        .tries(check, if setting.interval > 0 { WAITS } else { IN_ORDER })
        .judge_ending("terminates", terminates(0))
        .tries("terminates", &["ends", "exit-0"])
}

/// A slow child is looked at while it sends.
fn watched(setting: Setting) -> Case {
    judged(Case::new("child-process", Watched { setting, kill: false }), setting)
        .runs(1)
        .judge("waits-for-slow-sender", move |seen| takes_its_time(seen, setting))
        .judge("child-process", child_process)
        .tries("child-process", &["process", "none-left"])
}

/// A slow child is killed while it sends.
fn killed(setting: Setting) -> Case {
    Case::new("child-killed", Watched { setting, kill: true })
        .runs(1)
        .judge("sender-death", move |seen| killed_by_others(seen, setting))
        .tries("sender-death", &["killed"])
        .judge_ending("terminates", ends())
        .tries("terminates", &["ends"])
}

fn messages(count: u64) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("Message {number}"))
}

fn all_in_order(seen: &Observation, setting: Setting) -> Result<(), Fault> {
    let last = format!("received {}", setting.messages);
    let expected = match setting.messages {
        0 => format!("`{last}` and nothing else"),
        count => format!("`Message 0` to `Message {}`, then `{last}`", count - 1),
    };
    let due = messages(setting.messages).chain([last]);
    same_lines(lines(&seen.stdout)?, due, &expected).map_err(|fault| match fault.line {
        Some(line) if line as u64 >= setting.messages => fault.of("received"),
        _ => fault,
    })
}

/// However fast the machine is, the pauses last as long as was asked for.
fn takes_its_time(seen: &Observation, setting: Setting) -> Judgement {
    let Some(children) = children(seen) else { return Judgement::Unproven("it was not looked at".into()) };
    let pauses = Duration::from_millis(setting.interval * setting.messages.saturating_sub(1));
    if children.lasted >= pauses {
        return Judgement::Kept;
    }
    let expected = format!("{} ms between two messages, {} ms in all", setting.interval, pauses.as_millis());
    Fault::new(expected, format!("all is over after {} ms", children.lasted.as_millis()))
        .of("interval")
        .into()
}

fn receiver_prints(seen: &Observation) -> Judgement {
    let Some(threads) = &seen.stdout.threads else {
        return Judgement::Unproven("who wrote the lines is not known".into());
    };
    match threads.iter().position(|&thread| thread != 0) {
        Some(at) => {
            let what = format!("{} writes {}", writer(threads[at]), quoted(&seen.stdout.lines[at]));
            let fault = Fault::new("the main thread writes all lines", what).at(at);
            kept_back(fault, &seen.stdout).of("receiver-prints").into()
        }
        None if has_messages(seen) => Judgement::Kept,
        None => Judgement::Nothing,
    }
}

fn has_messages(seen: &Observation) -> bool {
    seen.stdout.lines.iter().any(|line| line.starts_with("Message "))
}

fn sender_death(seen: &Observation, setting: Setting) -> Judgement {
    let (after, count) = (setting.fail_after.unwrap_or(0), setting.messages);
    let expected = format!("the {after} messages that were sent, and nothing else");
    let printed = lines(&seen.stdout).and_then(|lines| same_lines(lines, messages(after), &expected));
    if let Err(fault) = printed {
        return fault.into();
    }
    let due = format!("message-queue: sender: ended after {after} of {count}");
    if !seen.stderr.lines.contains(&due) {
        let seen = seen
            .stderr
            .lines
            .last()
            .map_or("nothing is there".into(), |line| format!("{} is last", quoted(line)));
        return Fault::new(format!("{} on standard error", quoted(&due)), seen).of("death-said").into();
    }
    match terminates(1)(seen) {
        Judgement::Broken(fault) => fault.of("death-code").into(),
        other => other,
    }
}

/// The children of the program while it ran.
fn children(seen: &Observation) -> Option<&ChildrenSeen> {
    seen.evidence()
}

fn child_process(seen: &Observation) -> Judgement {
    const EXPECTED: &str = "one child process sends, and none is alive at the end";
    let fault = |seen: String| Fault::new(EXPECTED, seen).into();
    let Some(children) = children(seen) else { return Judgement::Unproven("it was not looked at".into()) };
    match (children.most, seen.survivors) {
        (_, left) if left > 0 => {
            let seen = format!("alive when the program has ended: {left}");
            Fault::new(EXPECTED, seen).of("none-left").into()
        }
        (0, _) if children.looks < 50 => Judgement::Unproven("it could not be looked at often enough".into()),
        (0, _) => fault("there is none while the messages are sent".into()),
        (1, _) => Judgement::Kept,
        (more, _) => fault(format!("there are {more} at once")),
    }
}

fn killed_by_others(seen: &Observation, setting: Setting) -> Judgement {
    if !children(seen).is_some_and(|children| children.killed) {
        return Judgement::Unproven("no child process could be caught and killed".into());
    }
    let sent = seen.stdout.lines.iter().filter(|line| line.starts_with("Message ")).count() as u64;
    if sent >= setting.messages {
        return Judgement::Unproven("the child had sent everything before it was killed".into());
    }
    let expected = "a sender that is killed is an error: exit code 1, said on standard error, no `received`";
    if let Some(at) = seen.stdout.lines.iter().position(|line| line.starts_with("received")) {
        let line = quoted(&seen.stdout.lines[at]);
        return Fault::new(expected, format!("after {sent} messages it prints {line}")).at(at).into();
    }
    let due = format!("message-queue: sender: ended after {sent} of {}", setting.messages);
    match seen.code() {
        Some(1) if seen.stderr.lines.contains(&due) => Judgement::Kept,
        Some(1) => Fault::new(expected, format!("standard error has no line {}", quoted(&due))).into(),
        _ => Fault::new(expected, seen.ending().to_string()).into(),
    }
}

/// Runs the program with a child process, looks at it, and kills it if it is to be killed.
struct Watched {
    setting: Setting,
    kill: bool,
}

impl Scenario for Watched {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let started = Instant::now();
        let running = context.call(args(self.setting)).start()?;
        let mut watch = ChildrenWatch::default();
        let mut killed = false;
        while let Some(program) = running.pid() {
            let children = watch.look(program);
            // Once the first message is there the child is at work.
            if self.kill && !killed && has_printed(&running) {
                killed = children.into_iter().any(|child| kill_alive(&running, child));
            }
            thread::sleep(PAUSE);
        }
        let lasted = started.elapsed();
        let children = ChildrenSeen { most: watch.most, looks: watch.looks, killed, lasted };
        Ok(Observation::of(running.wait()?).with(children))
    }

    fn shown(&self, program: &str) -> String {
        let call = format!("{program} {}", args(self.setting).join(" "));
        if self.kill { format!("{call} & pkill -KILL --parent $!") } else { call }
    }
}

fn has_printed(running: &Running) -> bool {
    running.wait_for_stdout(|text| Some(text.contains('\n'))).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;

    fn output(code: i32, stdout: &str, stderr: &str) -> Observation {
        Observation {
            ending: Some(Ending::Exited(code)),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..Observation::default()
        }
    }

    #[test]
    fn messages_come_in_order_and_are_counted() {
        let setting = Setting { messages: 2, ..PLAIN };
        assert_eq!(all_in_order(&output(0, "Message 0\nMessage 1\nreceived 2\n", ""), setting), Ok(()));
        assert!(all_in_order(&output(0, "Message 0\nreceived 1\n", ""), setting).is_err());
        assert_eq!(all_in_order(&output(0, "received 0\n", ""), Setting { messages: 0, ..PLAIN }), Ok(()));
    }

    #[test]
    fn a_death_is_told_in_the_words_of_the_contract() {
        let setting = Setting { messages: 3, fail_after: Some(1), ..PLAIN };
        let judged = |code, stdout, stderr| sender_death(&output(code, stdout, stderr), setting);
        const ENDED: &str = "message-queue: sender: ended after 1 of 3\n";
        assert_eq!(judged(1, "Message 0\n", ENDED), Judgement::Kept);
        for (code, stdout, stderr) in [
            (0, "Message 0\n", ENDED),
            (1, "Message 0\nreceived 1\n", ENDED),
            (1, "Message 0\n", ""),
            (1, "", ENDED),
        ] {
            assert!(matches!(judged(code, stdout, stderr), Judgement::Broken(_)), "{code} {stdout} {stderr}");
        }
    }

    #[test]
    fn a_child_is_there_and_then_gone() {
        let seen = |most, looks, survivors| {
            let children = ChildrenSeen { most, looks, ..ChildrenSeen::default() };
            child_process(&Observation { survivors, ..output(0, "", "") }.with(children))
        };
        assert_eq!(seen(1, 3, 0), Judgement::Kept);
        assert!(matches!(seen(0, 3, 0), Judgement::Unproven(_)));
        assert!(matches!(seen(0, 300, 0), Judgement::Broken(_)));
        assert!(matches!(seen(1, 300, 1), Judgement::Broken(_)));
        assert!(matches!(seen(2, 300, 0), Judgement::Broken(_)));
    }

    #[test]
    fn a_killed_sender_is_an_error() {
        let setting = Setting { messages: 4, process: true, ..PLAIN };
        let judged = |code, stdout: &str, stderr: &str| {
            let children = ChildrenSeen { most: 1, looks: 9, killed: true, ..ChildrenSeen::default() };
            killed_by_others(&output(code, stdout, stderr).with(children), setting)
        };
        assert_eq!(judged(1, "Message 0\n", "message-queue: sender: ended after 1 of 4\n"), Judgement::Kept);
        assert!(matches!(judged(0, "Message 0\nreceived 1\n", ""), Judgement::Broken(_)));
        assert!(matches!(judged(0, "Message 0\n", ""), Judgement::Broken(_)));
        let all = "Message 0\nMessage 1\nMessage 2\nMessage 3\nreceived 4\n";
        assert!(matches!(judged(0, all, ""), Judgement::Unproven(_)));
    }
}
