//! What `even-odd` promises on its command line. Whether two threads take turns under every schedule is for
//! `cargo grade even-odd` to say; these tests see one schedule a run.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_even-odd");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn even_odd(args: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

fn one_to(max: u64) -> String {
    (1..=max).map(|number| format!("{number}\n")).collect()
}

#[test]
fn counts_to_ten_by_default() {
    even_odd(&[]).success().stdout("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n").stderr("");
}

#[test]
fn prints_nothing_for_zero() {
    even_odd(&["--max", "0"]).success().stdout("").stderr("");
}

#[test]
fn ends_whichever_thread_prints_the_last_number() {
    for max in [1, 2, 3, 7, 8] {
        even_odd(&["--max", &max.to_string()]).success().stdout(one_to(max));
    }
}

#[test]
fn keeps_the_order_for_many_numbers() {
    even_odd(&["--max=20000"]).success().stdout(one_to(20_000));
}

#[test]
fn help_names_the_option_and_its_default() {
    let names_all = predicate::str::contains("--max <N>").and(predicate::str::contains("[default: 10]"));
    even_odd(&["--help"]).success().stdout(names_all);
}

#[test]
fn refuses_what_is_not_a_count() {
    for max in ["ten", "-1", "1.5", "", "18446744073709551616"] {
        even_odd(&["--max", max]).code(2).stdout("").stderr(predicate::str::contains("error:"));
    }
    even_odd(&["--max"]).code(2).stdout("");
    even_odd(&["10"]).code(2).stdout("");
    even_odd(&["--min", "1"]).code(2).stdout("");
}

#[test]
fn ends_quietly_when_nobody_reads() {
    for args in [&[][..], &["--max=0"], &["--max=1"], &["--max=18446744073709551615"]] {
        ends_quietly_after(0, args);
    }
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for lines in 1..=4 {
        ends_quietly_after(lines, &["--max=18446744073709551615"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(&[], full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("even-odd: standard output: "), "{stderr}");
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
