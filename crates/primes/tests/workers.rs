//! The workers seen from outside: how many there are, what happens when one dies, and that none is left.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than any test takes; only a program that hangs meets it.
const TIMEOUT: Duration = Duration::from_secs(120);

/// So much work that the workers are busy until the test ends them.
const ENDLESS: &str = "1000000000000";

#[test]
fn processes_are_as_many_children_as_workers() {
    for workers in [1, 3] {
        let busy = Busy::start(&["--workers", &workers.to_string(), "10", ENDLESS]);
        assert_eq!(busy.children.len(), workers);
    }
}

#[test]
fn threads_are_no_children() {
    assert_eq!(Busy::start(&["--mode", "threads", "--workers", "3", "10", ENDLESS]).children.len(), 0);
}

#[test]
fn a_worker_that_dies_is_an_error_and_never_a_smaller_count() {
    for victim in 0..3 {
        let mut busy = Busy::start(&["--workers", "3", "10", ENDLESS]);
        kill(&busy.children[victim]);
        let said = busy.stderr_until_all_ended();
        assert!(
            said.starts_with("primes: worker ") && said.ends_with("ended early: signal: 9 (SIGKILL)\n"),
            "{said}"
        );
        assert_eq!(busy.rest_of_stdout(), "");
        assert_eq!(busy.parent.wait().unwrap().code(), Some(1));
    }
}

#[test]
fn a_worker_that_dies_ends_a_list_with_an_error() {
    let mut busy = Busy::start(&["--list", "--workers", "3", ENDLESS]);
    kill(&busy.children[1]);
    busy.rest_of_stdout();
    let said = busy.stderr_until_all_ended();
    assert!(said.starts_with("primes: worker "), "{said}");
    assert_eq!(busy.parent.wait().unwrap().code(), Some(1));
}

#[test]
fn no_worker_outlives_a_parent_that_is_killed() {
    for args in [&["10", ENDLESS][..], &["--list", ENDLESS]] {
        let mut busy = Busy::start(&[&["--workers", "3"], args].concat());
        busy.parent.kill().unwrap();
        assert_eq!(busy.stderr_until_all_ended(), "");
    }
}

#[test]
fn closed_standard_output_ends_everything_quietly() {
    for mode in ["processes", "threads"] {
        let mut busy = Busy::start(&["--list", "--mode", mode, "--workers", "2", ENDLESS]);
        busy.stdout = None;
        assert_eq!(busy.stderr_until_all_ended(), "", "mode {mode}");
        assert_eq!(busy.parent.wait().unwrap().code(), Some(0), "mode {mode}");
    }
}

/// Kills the processes it is told of if they are needed for longer than any test takes.
struct Watchdog {
    processes: Sender<String>,
    thread: JoinHandle<bool>,
}

impl Watchdog {
    fn start() -> Self {
        let (processes, told) = channel::<String>();
        let thread = thread::spawn(move || {
            let mut watched = Vec::new();
            loop {
                match told.recv_timeout(TIMEOUT) {
                    Ok(process) => watched.push(process),
                    Err(RecvTimeoutError::Disconnected) => return true,
                    Err(RecvTimeoutError::Timeout) => break,
                }
            }
            watched.iter().for_each(|process| kill(process));
            false
        });
        Self { processes, thread }
    }

    fn was_not_needed(self) -> bool {
        drop(self.processes);
        self.thread.join().unwrap()
    }
}

/// A run that has written its first line, so that its workers are at work on `ENDLESS`.
struct Busy {
    parent: Child,
    children: Vec<String>,
    stdout: Option<BufReader<ChildStdout>>,
    watchdog: Option<Watchdog>,
}

impl Busy {
    fn start(args: &[&str]) -> Self {
        let watchdog = Watchdog::start();
        let mut command = Command::new(env!("CARGO_BIN_EXE_primes"));
        let mut parent = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        watchdog.processes.send(parent.id().to_string()).unwrap();
        let mut stdout = BufReader::new(parent.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        let children = children_of(parent.id());
        for child in &children {
            watchdog.processes.send(child.clone()).unwrap();
        }
        Self { parent, children, stdout: Some(stdout), watchdog: Some(watchdog) }
    }

    fn rest_of_stdout(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.as_mut().unwrap().read_to_string(&mut rest).unwrap();
        rest
    }

    /// What was said on standard error until the last process that holds it, parent or worker, has ended.
    fn stderr_until_all_ended(&mut self) -> String {
        let mut said = String::new();
        self.parent.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.watchdog.take().unwrap().was_not_needed(), "the program and its workers did not end");
        said
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.parent.kill();
        let _ = self.parent.wait();
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
    Command::new("sh").args(["-c", "kill -KILL \"$0\"", process]).status().unwrap();
}
