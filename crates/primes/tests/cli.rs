//! The program seen from outside.

use std::fs::File;
use std::process::{Command as StdCommand, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::*;

/// Longer than any test takes; only a program that hangs meets it.
const TIMEOUT: Duration = Duration::from_secs(120);

const MODES: [&str; 2] = ["processes", "threads"];

fn primes() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_primes"));
    command.timeout(TIMEOUT);
    command
}

fn output_of(args: &[&str]) -> String {
    let assert = primes().args(args).assert().success().stderr("");
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[test]
fn counts_up_to_the_limits_of_the_course_without_arguments() {
    let expected = "10000: 1229 primes, largest 9973\n\
                    20000: 2262 primes, largest 19997\n\
                    30000: 3245 primes, largest 29989\n";
    assert_eq!(output_of(&[]), expected);
    assert_eq!(output_of(&["--mode", "threads"]), expected);
}

#[test]
fn knows_the_counts_up_to_powers_of_ten() {
    for mode in MODES {
        let limits = ["10", "100", "1000", "10000", "100000", "1000000", "10000000", "100000000"];
        let output = output_of(&[&["--mode", mode, "--workers", "2"], &limits[..]].concat());
        let expected = "10: 4 primes, largest 7\n\
                        100: 25 primes, largest 97\n\
                        1000: 168 primes, largest 997\n\
                        10000: 1229 primes, largest 9973\n\
                        100000: 9592 primes, largest 99991\n\
                        1000000: 78498 primes, largest 999983\n\
                        10000000: 664579 primes, largest 9999991\n\
                        100000000: 5761455 primes, largest 99999989\n";
        assert_eq!(output, expected, "mode {mode}");
    }
}

#[test]
fn the_smallest_limits_have_their_lines_too() {
    for mode in MODES {
        let output = output_of(&["--mode", mode, "0", "1", "2", "3", "4", "5", "6", "7"]);
        let expected = "0: 0 primes\n1: 0 primes\n2: 1 primes, largest 2\n3: 2 primes, largest 3\n\
                        4: 2 primes, largest 3\n5: 3 primes, largest 5\n6: 3 primes, largest 5\n\
                        7: 4 primes, largest 7\n";
        assert_eq!(output, expected, "mode {mode}");
    }
}

#[test]
fn any_mode_and_number_of_workers_gives_the_same_output() {
    let limits =
        ["29", "30", "31", "288", "289", "290", "961", "510510", "510511", "1000000", "7", "8000000"];
    let expected = output_of(&[&["--workers", "1"], &limits[..]].concat());
    for mode in MODES {
        for workers in ["1", "2", "3", "8", "33"] {
            let args = [&["--mode", mode, "--workers", workers], &limits[..]].concat();
            assert_eq!(output_of(&args), expected, "mode {mode}, {workers} workers");
        }
    }
}

#[test]
fn lists_the_primes_of_each_limit_in_argument_order() {
    for mode in MODES {
        for workers in ["1", "2", "5"] {
            let output = output_of(&["--list", "--mode", mode, "--workers", workers, "31", "1", "2", "7"]);
            assert_eq!(output, "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\n31\n2\n2\n3\n5\n7\n", "mode {mode}");
        }
    }
}

#[test]
fn lists_as_many_primes_as_it_counts() {
    for mode in MODES {
        let output = output_of(&["--list", "--mode", mode, "--workers", "2", "10000000"]);
        let primes: Vec<u64> = output.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!((primes.len(), primes.last()), (664_579, Some(&9_999_991)), "mode {mode}");
        assert!(primes.is_sorted_by(|a, b| a < b), "mode {mode}");
    }
}

#[test]
fn help_names_every_option_with_its_default() {
    let options = predicate::str::contains("--workers <W>")
        .and(predicate::str::contains("--mode <MODE>"))
        .and(predicate::str::contains("[default: processes]"))
        .and(predicate::str::contains("--list"))
        .and(predicate::str::contains("[default: 10000 20000 30000]"));
    primes().arg("--help").assert().success().stdout(options);
}

#[test]
fn wrong_usage_is_exit_code_2_and_prints_nothing() {
    let above = "1000000000001";
    for (args, named) in [
        (&["--workers", "0"][..], "1..=1024"),
        (&["--workers", "1025"], "1..=1024"),
        (&["--workers", "-1"], "-1"),
        (&["--workers", "two"], "--workers"),
        (&["--mode", "fibres"], "--mode"),
        (&["100", above], "1000000000000"),
        (&["99999999999999999999999"], "LIMIT"),
        (&["-5"], "-5"),
        (&["1e6"], "1e6"),
        (&[""], "LIMIT"),
    ] {
        primes().args(args).assert().code(2).stdout("").stderr(predicate::str::contains(named));
    }
}

#[test]
fn a_full_device_is_an_error() {
    for mode in MODES {
        for args in [&["100"][..], &["--list", "100"]] {
            let full = File::create("/dev/full").unwrap();
            let mut command = StdCommand::new(env!("CARGO_BIN_EXE_primes"));
            let child = command.args(["--mode", mode]).args(args).stdout(full).stderr(Stdio::piped()).spawn();
            let output = child.unwrap().wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.starts_with("primes: standard output: "), "mode {mode}: {said}");
        }
    }
}

#[test]
fn a_worker_that_cannot_be_started_is_an_error() {
    let script = "ulimit -n 16 && exec \"$0\" --workers 64 100";
    let mut limited = Command::new("sh");
    limited.timeout(TIMEOUT).args(["-c", script, env!("CARGO_BIN_EXE_primes")]);
    let reason = predicate::str::is_match(r"^primes: worker \d+: cannot start: .*\n$").unwrap();
    limited.assert().code(1).stdout("").stderr(reason);
}
