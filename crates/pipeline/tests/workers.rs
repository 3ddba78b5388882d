//! The workers seen from outside: how many there are, what happens when one is killed, and that none is left.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tempfile::TempDir;

/// Longer than any test takes; only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn there_are_as_many_children_as_workers() {
    for workers in [1, 3] {
        let fed = Fed::start(workers);
        assert_eq!(fed.children().len(), workers);
        fed.ends(0, "numbers: 2 of 4 are prime\n", "");
    }
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_nothing_is_lost() {
    let fed = Fed::start(2);
    fed.children().iter().for_each(|child| kill(child));
    fed.ends(0, "numbers: 2 of 4 are prime\n", "");
}

#[test]
fn no_worker_outlives_a_parent_that_is_killed() {
    let mut fed = Fed::start(3);
    fed.parent.kill().unwrap();
    assert_eq!(fed.stderr_until_all_ended(), "");
}

/// A run that reads a named pipe which is open, so that all its workers have been started.
struct Fed {
    _folder: TempDir,
    parent: Child,
    pipe: Option<File>,
    watchdog: Watchdog,
}

impl Fed {
    fn start(workers: usize) -> Self {
        let folder = TempDir::new().unwrap();
        assert!(Command::new("mkfifo").arg("numbers").current_dir(&folder).status().unwrap().success());
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipeline"));
        command.arg(format!("--workers={workers}")).arg("numbers").current_dir(&folder);
        let parent = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let watchdog = Watchdog::start(parent.id());
        let pipe = File::options().write(true).open(folder.path().join("numbers")).unwrap();
        Self { _folder: folder, parent, pipe: Some(pipe), watchdog }
    }

    fn children(&self) -> Vec<String> {
        children_of(self.parent.id())
    }

    fn ends(mut self, code: i32, stdout: &str, stderr: &str) {
        self.pipe.take().unwrap().write_all(b"2\n4\n5\n6\n").unwrap();
        let mut printed = String::new();
        self.parent.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        let said = self.stderr_until_all_ended();
        assert_eq!((printed.as_str(), said.as_str()), (stdout, stderr));
        assert_eq!(self.parent.wait().unwrap().code(), Some(code));
    }

    /// What was said on standard error until the last process that holds it, parent or worker, has ended.
    fn stderr_until_all_ended(&mut self) -> String {
        let mut said = String::new();
        self.parent.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.watchdog.was_not_needed(), "the program and its workers did not end");
        said
    }
}

impl Drop for Fed {
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
    Command::new("sh").args(["-c", "kill -KILL \"$0\"", process]).status().unwrap();
}
