//! What `message-queue` promises on its command line. Whether it keeps that under every schedule is for
//! `cargo grade message-queue` to say; these tests see one schedule a run.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, Child, ChildStdout, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_message-queue");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

const TRANSPORTS: [&str; 2] = ["--transport=thread", "--transport=process"];

/// Between two messages nobody can wait so long: who ends all the same has not slept through.
const AN_HOUR: &str = "--interval-ms=3600000";

fn message_queue(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

fn messages(count: u64) -> String {
    (0..count).map(|number| format!("Message {number}\n")).collect()
}

fn whole(count: u64) -> String {
    format!("{}received {count}\n", messages(count))
}

#[test]
fn receives_five_messages_by_default() {
    message_queue(&[]).success().stdout(whole(5)).stderr("");
}

#[test]
fn receives_all_messages_in_order() {
    for transport in TRANSPORTS {
        for count in [0, 1, 2, 20_000] {
            let option = format!("--messages={count}");
            message_queue(&[transport, &option]).success().stdout(whole(count)).stderr("");
        }
    }
}

#[test]
fn waits_for_a_sender_that_is_slower() {
    for transport in TRANSPORTS {
        message_queue(&[transport, "--interval-ms=20", "--messages=4"]).success().stdout(whole(4)).stderr("");
    }
}

#[test]
fn does_not_wait_before_the_first_message_nor_after_the_last() {
    for transport in TRANSPORTS {
        message_queue(&[transport, "--interval-ms=18446744073709551615", "--messages=1"])
            .success()
            .stdout(whole(1));
    }
}

#[test]
fn a_sender_that_dies_is_an_error_after_its_messages() {
    for transport in TRANSPORTS {
        for sent in [0, 1, 4] {
            let option = format!("--fail-after={sent}");
            message_queue(&[transport, &option])
                .code(1)
                .stdout(messages(sent))
                .stderr(format!("message-queue: sender: ended after {sent} of 5\n"));
        }
    }
}

#[test]
fn a_death_after_the_last_message_changes_nothing() {
    for transport in TRANSPORTS {
        for sent in ["5", "6", "18446744073709551615"] {
            message_queue(&[transport, "--fail-after", sent]).success().stdout(whole(5)).stderr("");
        }
        message_queue(&[transport, "--messages=0", "--fail-after=0"]).success().stdout(whole(0)).stderr("");
    }
}

#[test]
fn help_names_every_option_and_its_default() {
    let mut help = message_queue(&["--help"]).success();
    for (option, default) in [
        ("messages <N>", "5"),
        ("interval-ms <I>", "0"),
        ("transport <TRANSPORT>", "thread"),
        ("fail-after <F>", "never"),
    ] {
        let lines = format!(r"--{option}\s[^\[]*\[default: {default}\]");
        help = help.stdout(predicate::str::is_match(lines).unwrap());
    }
}

#[test]
fn refuses_what_is_not_a_count() {
    for option in ["--messages", "--interval-ms", "--fail-after"] {
        for value in ["many", "-1", "0.5", "", "18446744073709551616"] {
            message_queue(&[option, value]).code(2).stdout("").stderr(predicate::str::contains("error:"));
        }
    }
    message_queue(&["--transport", "pigeon"]).code(2).stdout("");
    message_queue(&["5"]).code(2).stdout("");
}

#[test]
fn ends_quietly_when_nobody_reads() {
    for transport in TRANSPORTS {
        ends_quietly_after(0, &[transport]);
        ends_quietly_after(0, &[transport, "--messages=0"]);
    }
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for transport in TRANSPORTS {
        ends_quietly_after(1, &[transport, "--messages=18446744073709551615"]);
        ends_quietly_after(3, &[transport, "--messages=18446744073709551615"]);
    }
}

#[test]
fn reports_an_output_that_cannot_be_written() {
    for transport in TRANSPORTS {
        for messages in ["--messages=0", "--messages=2"] {
            let full = fs::File::options().write(true).open("/dev/full").unwrap();
            let (status, stderr) = run(&[transport, messages, AN_HOUR], full, || ());
            assert_eq!(status.code(), Some(1));
            assert!(stderr.starts_with("message-queue: standard output: "), "{stderr}");
        }
    }
}

#[test]
fn a_sender_process_that_cannot_be_started_is_an_error() {
    let script = "ulimit -n 4 && exec \"$0\" --transport=process";
    Command::new("sh")
        .args(["-c", script, PROGRAM])
        .timeout(PATIENCE)
        .assert()
        .code(1)
        .stdout("")
        .stderr(predicate::str::starts_with("message-queue: sender: cannot start: "));
}

#[test]
fn only_a_process_is_a_child() {
    assert_eq!(Busy::start("--transport=process").children().len(), 1);
    assert_eq!(Busy::start("--transport=thread").children().len(), 0);
}

#[test]
fn a_sender_process_that_is_killed_is_an_error() {
    let mut busy = Busy::start("--transport=process");
    kill(&busy.children()[0]);
    assert_eq!(busy.stderr_until_all_ended(), "message-queue: sender: ended after 1 of 9\n");
    let mut rest = String::new();
    busy.stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), busy.parent.wait().unwrap().code()), ("", Some(1)));
}

#[test]
fn the_sender_process_does_not_outlive_a_parent_that_is_killed() {
    let mut busy = Busy::start("--transport=process");
    busy.parent.kill().unwrap();
    assert_eq!(busy.stderr_until_all_ended(), "");
}

/// A run that has printed its first message and would print the next in an hour.
struct Busy {
    parent: Child,
    stdout: BufReader<ChildStdout>,
    watchdog: Watchdog,
}

impl Busy {
    fn start(transport: &str) -> Self {
        let mut command = process::Command::new(PROGRAM);
        command.args([transport, AN_HOUR, "--messages=9"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut parent = command.spawn().unwrap();
        let watchdog = Watchdog::start(parent.id());
        let mut stdout = BufReader::new(parent.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "Message 0\n");
        Self { parent, stdout, watchdog }
    }

    fn children(&self) -> Vec<String> {
        children_of(self.parent.id())
    }

    /// What was said on standard error until the last process that holds it, parent or sender, has ended.
    fn stderr_until_all_ended(&mut self) -> String {
        let mut said = String::new();
        self.parent.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.watchdog.was_not_needed(), "the program and its sender did not end");
        said
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
    }
}

/// Kills a process and its children if they are needed for longer than any test takes.
struct Watchdog {
    ended: Option<Sender<()>>,
    thread: Option<JoinHandle<bool>>,
}

impl Watchdog {
    fn start(process: u32) -> Self {
        let (ended, has_ended) = mpsc::channel::<()>();
        let watch = move || {
            if has_ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return true;
            }
            children_of(process).iter().chain([&process.to_string()]).for_each(|process| kill(process));
            false
        };
        Self { ended: Some(ended), thread: Some(thread::spawn(watch)) }
    }

    fn was_not_needed(&mut self) -> bool {
        self.ended = None;
        self.thread.take().unwrap().join().unwrap()
    }
}

fn children_of(parent: u32) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap();
    let processes = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    processes.filter(|process| parent_of(process) == Some(parent)).collect()
}

/// The fourth field of `/proc/PID/stat`; the second, the name, is in brackets.
fn parent_of(process: &str) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn kill(process: &str) {
    process::Command::new("sh").args(["-c", "kill -KILL \"$0\"", process]).status().unwrap();
}

/// Reads that many lines of the program's output and closes it: for 0, before the program has started.
#[track_caller]
fn ends_quietly_after(lines: usize, args: &[&str]) {
    let (reader, writer) = io::pipe().unwrap();
    let reader = (lines > 0).then(|| BufReader::new(reader));
    let (status, stderr) = run(args, writer, || {
        let seen = reader.map_or(0, |reader| reader.lines().take(lines).count());
        assert_eq!(seen, lines);
    });
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{args:?} after {lines} lines");
}

/// Runs the program to its end, or kills it; gives its status and what it said on standard error.
fn run(args: &[&str], stdout: impl Into<Stdio>, meanwhile: impl FnOnce()) -> (ExitStatus, String) {
    let mut command = process::Command::new(PROGRAM);
    let mut child = command.args(args).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    // The command holds the other end of the pipe, too.
    drop(command);
    let mut watchdog = Watchdog::start(child.id());
    meanwhile();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(watchdog.was_not_needed(), "{args:?} did not end");
    (child.wait().unwrap(), said)
}
