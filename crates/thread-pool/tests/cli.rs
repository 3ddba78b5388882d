//! What `thread-pool` promises on its command line. Whether it keeps that under every schedule, and whether the workers
//! share the work, is for `cargo grade thread-pool` to say; these tests see one schedule a run.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_thread-pool");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

fn thread_pool(args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).timeout(PATIENCE).assert()
}

/// The output for that many jobs of which one may fail.
fn squares(jobs: u64, failed: Option<u64>) -> String {
    let line = |job| match failed {
        Some(failed) if failed == job => format!("{job} failed\n"),
        _ => format!("{job} squared is {}\n", job * job),
    };
    (1..=jobs).map(line).collect()
}

#[test]
fn squares_one_to_ten_by_default() {
    thread_pool(&[]).success().stdout(squares(10, None)).stderr("");
}

#[test]
fn keeps_the_order_for_many_jobs() {
    for workers in ["1", "2", "16"] {
        thread_pool(&["--workers", workers, "--jobs", "2000"])
            .success()
            .stdout(squares(2000, None))
            .stderr("");
    }
}

#[test]
fn ends_without_jobs() {
    for workers in ["1", "8"] {
        thread_pool(&["--jobs=0", "--verbose", "--workers", workers]).success().stdout("").stderr("");
    }
}

#[test]
fn ends_with_more_workers_than_jobs() {
    thread_pool(&["--workers=100", "--jobs=3"]).success().stdout(squares(3, None)).stderr("");
}

#[test]
fn a_job_that_panics_costs_its_own_result_only() {
    for workers in ["1", "4"] {
        for job in [1, 7, 20] {
            thread_pool(&["--workers", workers, "--jobs=20", "--panic-on", &job.to_string()])
                .code(1)
                .stdout(squares(20, Some(job)))
                .stderr(predicate::str::contains(format!("thread-pool: job {job}: panicked\n")));
        }
    }
}

#[test]
fn a_number_that_no_job_has_changes_nothing() {
    for job in ["0", "6", "18446744073709551615"] {
        thread_pool(&["--jobs=5", "--panic-on", job]).success().stdout(squares(5, None)).stderr("");
    }
}

#[test]
fn verbose_tells_who_runs_each_job() {
    let assert =
        thread_pool(&["--verbose", "--workers=3", "--jobs=200"]).success().stdout(squares(200, None));
    assert_every_job_is_run_once(&stderr(&assert), 3, 200);
}

#[test]
fn verbose_tells_the_end_of_a_job_that_panics() {
    let assert = thread_pool(&["--verbose", "--workers=1", "--jobs=5", "--panic-on=2"]).code(1);
    let stderr = stderr(&assert);
    let told: String =
        stderr.lines().filter(|line| line.starts_with("worker ")).map(|line| format!("{line}\n")).collect();
    assert_every_job_is_run_once(&told, 1, 5);
}

#[test]
fn help_names_every_option_and_its_default() {
    let mut help = thread_pool(&["--help"]).success();
    for (option, default) in
        [("workers <W>", "5"), ("jobs <N>", "10"), ("panic-on <J>", "none"), ("verbose", "off")]
    {
        let line = format!(r"--{option} .*\[default: {default}\]");
        help = help.stdout(predicate::str::is_match(line).unwrap());
    }
}

#[test]
fn refuses_what_is_not_a_count() {
    for option in ["--workers", "--jobs", "--panic-on"] {
        for value in ["many", "-1", "0.5", "", "18446744073709551616"] {
            thread_pool(&[option, value]).code(2).stdout("").stderr(predicate::str::contains("error:"));
        }
    }
    thread_pool(&["--workers", "0"]).code(2).stdout("").stderr(predicate::str::contains("--workers"));
    thread_pool(&["5"]).code(2).stdout("");
}

#[test]
fn refuses_more_workers_than_it_can_start() {
    for workers in ["10001", "18446744073709551615"] {
        thread_pool(&["--workers", workers])
            .code(1)
            .stdout("")
            .stderr(format!("thread-pool: {workers} workers: more than 10000\n"));
    }
}

#[test]
fn ends_quietly_when_nobody_reads() {
    for args in [&[][..], &["--jobs=0"], &["--workers=1"], &["--jobs=18446744073709551615"]] {
        ends_quietly_after(0, args);
    }
}

#[test]
fn ends_quietly_when_the_reader_leaves_early() {
    for lines in 1..=4 {
        for workers in ["--workers=1", "--workers=4"] {
            ends_quietly_after(lines, &[workers, "--jobs=18446744073709551615"]);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn reports_an_output_that_cannot_be_written() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, stderr) = run(&[], full, || ());
    assert_eq!(status.code(), Some(1));
    assert!(stderr.starts_with("thread-pool: standard output: "), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn needs_no_standard_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let args = ["--verbose", "--panic-on=2", "--jobs=3"];
    let output = process::Command::new(PROGRAM).args(args).stderr(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), squares(3, Some(2)));
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[track_caller]
fn assert_every_job_is_run_once(told: &str, workers: usize, jobs: u64) {
    let mut busy_with = HashMap::new();
    let mut ended = HashSet::new();
    for line in told.lines() {
        let ["worker", worker, what, "job", job] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("unexpected line: {line}")
        };
        let (worker, job): (usize, u64) = (worker.parse().unwrap(), job.parse().unwrap());
        assert!(worker < workers, "{line}");
        match what {
            "starts" => assert_eq!(busy_with.insert(worker, job), None, "{line}"),
            "ends" => {
                assert_eq!(busy_with.remove(&worker), Some(job), "{line}");
                assert!(ended.insert(job), "{line} again");
            }
            _ => panic!("unexpected line: {line}"),
        }
    }
    assert_eq!(ended, (1..=jobs).collect());
    assert!(busy_with.is_empty(), "{busy_with:?}");
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
