//! What `hello-threads` promises on its command line. Whether the threads overlap, and who writes which line, is for
//! `cargo grade hello-threads` to say; these tests see one schedule a run.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hello-threads");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn hello_threads(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

fn lines_that_start_with(start: &str) -> Vec<String> {
    let assert = hello_threads(&[]).success().stderr("");
    let output = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    output.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn prints_the_numbers_in_order() {
    let numbers: Vec<_> = (1..=5).map(|number| format!("Number: {number}")).collect();
    assert_eq!(lines_that_start_with("Number"), numbers);
}

#[test]
fn prints_the_letters_in_order() {
    let letters: Vec<_> = ('a'..='e').map(|letter| format!("Letter: {letter}")).collect();
    assert_eq!(lines_that_start_with("Letter"), letters);
}

#[test]
fn ends_with_the_finish_line_and_prints_nothing_else() {
    let lines = lines_that_start_with("");
    assert_eq!(lines.len(), 11, "{lines:?}");
    assert_eq!(lines[10], "Both threads have finished execution.");
}

#[test]
fn help_says_what_it_does() {
    let usage = predicate::str::contains("Usage: hello-threads").and(predicate::str::contains("--version"));
    hello_threads(&["--help"]).success().stdout(usage).stderr("");
}

#[test]
fn refuses_arguments() {
    for args in [&["5"][..], &["--threads", "2"], &["-x"], &[""]] {
        hello_threads(args).code(2).stdout("").stderr(predicate::str::contains("error:"));
    }
}

#[test]
fn ends_quietly_when_nobody_reads() {
    ends_quietly_after(0);
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for lines in 1..=4 {
        ends_quietly_after(lines);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("hello-threads: standard output: "), "{stderr}");
}

/// Reads that many lines of the program's output and closes it: for 0, before the program has started.
#[track_caller]
fn ends_quietly_after(lines: usize) {
    let (reader, writer) = io::pipe().unwrap();
    let reader = (lines > 0).then(|| BufReader::new(reader));
    let (status, stderr) = run(writer, || {
        let seen = reader.map_or(0, |reader| reader.lines().take(lines).count());
        assert_eq!(seen, lines);
    });
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "after {lines} lines");
}

/// Runs the program to its end, or kills it; gives its status and what it said on standard error.
fn run(stdout: impl Into<Stdio>, meanwhile: impl FnOnce()) -> (ExitStatus, String) {
    let mut child = process::Command::new(PROGRAM).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let (ended, has_ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if has_ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            child.kill().unwrap();
        }
        child.wait().unwrap()
    });
    meanwhile();
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    drop(ended);
    (watchdog.join().unwrap(), said)
}
