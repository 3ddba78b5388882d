//! What `producer-consumer` promises on its command line. Whether it keeps that under every schedule is for
//! `cargo grade producer-consumer` to say; these tests see one schedule a run.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_producer-consumer");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn producer_consumer(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

#[test]
fn moves_five_items_through_one_place_by_default() {
    let output = stdout(&producer_consumer(&[]).success().stderr(""));
    assert_keeps_contract(&output, &Case { producers: 1, consumers: 1, items: 5, capacity: 1 });
    let consumed: Vec<_> = output.lines().filter(|line| line.starts_with("consumed")).collect();
    let in_order: Vec<_> = (0..5).map(|item| format!("consumed 0 0 {item}")).collect();
    assert_eq!(consumed, in_order);
}

#[test]
fn every_item_is_produced_and_consumed_once() {
    let cases = [(1, 4, 500, 1), (4, 1, 500, 1), (3, 3, 400, 2), (4, 2, 300, 100), (2, 2, 50, usize::MAX)];
    for (producers, consumers, items, capacity) in cases {
        let case = Case { producers, consumers, items, capacity };
        assert_keeps_contract(&stdout(&case.assert().success().stderr("")), &case);
    }
}

#[test]
fn ends_when_there_is_nothing_to_produce() {
    for (producers, consumers) in [(1, 1), (3, 1), (1, 3), (4, 4)] {
        Case { producers, consumers, items: 0, capacity: 1 }.assert().success().stdout("done 0\n").stderr("");
    }
}

#[test]
fn ends_when_there_are_more_consumers_than_items() {
    for capacity in [1, 8] {
        let case = Case { producers: 1, consumers: 20, items: 3, capacity };
        assert_keeps_contract(&stdout(&case.assert().success()), &case);
    }
}

#[test]
fn help_names_every_option_and_its_default() {
    let mut help = producer_consumer(&["--help"]).success();
    for (option, default) in
        [("producers <P>", 1), ("consumers <C>", 1), ("items <N>", 5), ("capacity <K>", 1)]
    {
        let line = format!(r"--{option} .*\[default: {default}\]");
        help = help.stdout(predicate::str::is_match(line).unwrap());
    }
}

#[test]
fn refuses_a_count_of_zero() {
    for option in ["--producers", "--consumers", "--capacity"] {
        producer_consumer(&[option, "0"]).code(2).stdout("").stderr(predicate::str::contains(option));
    }
}

#[test]
fn refuses_what_is_not_a_count() {
    for option in ["--producers", "--consumers", "--capacity", "--items"] {
        for value in ["many", "-1", "0.5", "", "18446744073709551616"] {
            producer_consumer(&[option, value]).code(2).stdout("").stderr(predicate::str::contains("error:"));
        }
    }
    producer_consumer(&["5"]).code(2).stdout("");
}

#[test]
fn refuses_more_threads_than_it_can_start() {
    for option in ["--producers", "--consumers"] {
        for threads in ["10000", "18446744073709551615"] {
            producer_consumer(&[option, threads])
                .code(1)
                .stdout("")
                .stderr(predicate::str::is_match("^producer-consumer: [0-9]+ threads: .*\n$").unwrap());
        }
    }
}

#[test]
fn starts_when_the_total_is_beyond_any_integer() {
    let args = ["--producers=3", "--consumers=2", "--items=18446744073709551615"];
    ends_quietly_after(50, &args);
}

#[test]
fn ends_quietly_when_nobody_reads() {
    ends_quietly_after(0, &[]);
    ends_quietly_after(0, &["--items=0"]);
    ends_quietly_after(0, &["--producers=4", "--consumers=4", "--items=1"]);
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for lines in 1..=4 {
        for (producers, consumers) in [(1, 1), (1, 4), (4, 1), (4, 4)] {
            let [producers, consumers] =
                [format!("--producers={producers}"), format!("--consumers={consumers}")];
            ends_quietly_after(lines, &[&producers, &consumers, "--items=18446744073709551615"]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(&["--producers=2", "--consumers=3"], full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("producer-consumer: standard output: "), "{stderr}");
}

struct Case {
    producers: usize,
    consumers: usize,
    items: u64,
    capacity: usize,
}

impl Case {
    fn assert(&self) -> Assert {
        let Case { producers, consumers, items, capacity } = self;
        producer_consumer(&[
            &format!("--producers={producers}"),
            &format!("--consumers={consumers}"),
            &format!("--items={items}"),
            &format!("--capacity={capacity}"),
        ])
    }
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

#[track_caller]
fn assert_keeps_contract(output: &str, case: &Case) {
    let mut lines: Vec<_> = output.lines().collect();
    let total = case.items as usize * case.producers;
    assert_eq!(lines.pop(), Some(format!("done {total}").as_str()));

    let mut produced = vec![0; case.producers];
    let mut taken = HashMap::new();
    let mut last_seen = HashMap::new();
    for line in lines {
        let (what, numbers) = line.split_once(' ').unwrap();
        let numbers: Vec<usize> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        match (what, numbers.as_slice()) {
            ("produced", &[producer, item]) => {
                assert_eq!(item, produced[producer], "each producer's items in order");
                produced[producer] += 1;
            }
            ("consumed", &[consumer, producer, item]) => {
                assert!(consumer < case.consumers, "{line}");
                assert_eq!(taken.insert((producer, item), consumer), None, "{line} again");
                let before = last_seen.insert((consumer, producer), item);
                assert!(before < Some(item), "{line} after {before:?}");
            }
            _ => panic!("unexpected line: {line}"),
        }
        let ahead = produced.iter().sum::<usize>().saturating_sub(taken.len());
        assert!(ahead <= case.capacity.saturating_add(case.consumers), "{ahead} ahead at {line}");
    }
    assert_eq!(produced, vec![case.items as usize; case.producers]);
    assert_eq!(taken.len(), total);
    assert!(taken.keys().all(|&(producer, item)| producer < case.producers && item < case.items as usize));
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
