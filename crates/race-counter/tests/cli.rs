//! What `race-counter` promises on its command line. Whether a lock or an atomic loses nothing under every schedule, and
//! whether the race can be seen, is for `cargo grade race-counter` to say; these tests see one schedule a run.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_race-counter");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn race_counter(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

#[test]
fn counts_in_all_modes_by_default() {
    let output = stdout(&race_counter(&[]).success().stderr(""));
    let lines: Vec<_> = output.lines().collect();
    let [unsynchronized, mutex, atomic] = lines[..] else { panic!("not three lines: {output}") };
    assert_adds_up(unsynchronized, 200_000);
    assert_eq!(mutex, "mutex expected 200000 counted 200000 lost 0");
    assert_eq!(atomic, "atomic expected 200000 counted 200000 lost 0");
}

#[test]
fn mode_all_is_the_default() {
    let args = ["--threads=1", "--increments=3"];
    let spoken = stdout(&race_counter(&[&args[..], &["--mode", "all"]].concat()).success());
    assert_eq!(spoken, stdout(&race_counter(&args).success()));
}

#[test]
fn counts_in_one_mode_alone() {
    for mode in ["mutex", "atomic"] {
        let line = format!("{mode} expected 3500 counted 3500 lost 0\n");
        let args = ["--threads", "7", "--increments", "500", "--mode", mode];
        race_counter(&args).success().stdout(line).stderr("");
    }
    let args = ["--threads=7", "--increments=500", "--mode=unsynchronized"];
    let output = stdout(&race_counter(&args).success().stderr(""));
    assert_adds_up(output.strip_suffix('\n').unwrap(), 3_500);
}

#[test]
fn a_thread_alone_loses_nothing() {
    let lines = ["unsynchronized", "mutex", "atomic"]
        .map(|mode| format!("{mode} expected 1000 counted 1000 lost 0\n"))
        .concat();
    race_counter(&["--threads=1", "--increments=1000"]).success().stdout(lines).stderr("");
}

#[test]
fn adds_nothing_for_zero_increments() {
    let lines =
        ["unsynchronized", "mutex", "atomic"].map(|mode| format!("{mode} expected 0 counted 0 lost 0\n"));
    race_counter(&["--threads=3", "--increments=0"]).success().stdout(lines.concat()).stderr("");
}

#[test]
fn help_names_every_option_and_its_default() {
    let mut help = race_counter(&["--help"]).success();
    for line in [
        "--threads <T>(.|\n)*default: 2]",
        "--increments <K>(.|\n)*default: 100000]",
        "--mode(.|\n)*default: all]",
    ] {
        help = help.stdout(predicate::str::is_match(line).unwrap());
    }
    for mode in ["unsynchronized", "mutex", "atomic", "all"] {
        help = help.stdout(predicate::str::contains(format!("- {mode}")));
    }
}

#[test]
fn refuses_what_is_not_a_count() {
    for option in ["--threads", "--increments"] {
        for value in ["many", "-1", "0.5", "", "18446744073709551616"] {
            race_counter(&[option, value]).code(2).stdout("").stderr(predicate::str::contains("error:"));
        }
    }
    race_counter(&["--threads", "0"]).code(2).stdout("").stderr(predicate::str::contains("--threads"));
    race_counter(&["5"]).code(2).stdout("");
}

#[test]
fn refuses_a_mode_that_it_does_not_know() {
    for mode in ["lock", "Mutex", "", "mutex,atomic"] {
        race_counter(&["--mode", mode]).code(2).stdout("").stderr(predicate::str::contains("--mode"));
    }
}

#[test]
fn refuses_more_threads_than_it_can_start() {
    for threads in ["10001", "18446744073709551615"] {
        race_counter(&["--increments=18446744073709551615", "--threads", threads])
            .code(1)
            .stdout("")
            .stderr(format!("race-counter: {threads} threads: more than 10000\n"));
    }
}

#[test]
fn ends_quietly_when_nobody_reads() {
    for args in [&[][..], &["--mode=mutex"], &["--increments=0"]] {
        ends_quietly_after(0, args);
    }
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for lines in 1..=2 {
        ends_quietly_after(lines, &["--threads=3"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(&["--increments=10"], full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("race-counter: standard output: "), "{stderr}");
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// What is lost depends on the schedule; that the numbers fit together does not.
#[track_caller]
fn assert_adds_up(line: &str, expected: u64) {
    let words: Vec<_> = line.split(' ').collect();
    let ["unsynchronized", "expected", total, "counted", counted, "lost", lost] = words[..] else {
        panic!("not a line of this mode: {line}")
    };
    let [total, counted, lost] = [total, counted, lost].map(|number| number.parse::<u64>().unwrap());
    assert_eq!((total, counted + lost), (expected, expected), "{line}");
    assert!(counted > 0, "{line}");
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
    let mut child =
        process::Command::new(PROGRAM).args(args).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
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
