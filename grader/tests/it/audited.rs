//! Runs without control in which the kernel says who writes: they agree with controlled ones of honest programs.

use serde_json::Value;

use crate::support::{Program, check};

/// Two threads that take turns. The main thread prints line 3 in the threads' place where the clock says that nobody
/// controls them: under control all begins in 2036. `WRITE` writes `line`.
const TURNS: &str = r#"
use std::fs::File;
use std::io::{self, IoSlice, Seek, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn say(number: u64) {
    io::stdout().write_all(format!("{number}\n").as_bytes()).unwrap();
}

fn descriptor() -> File {
    File::from(io::stdout().as_fd().try_clone_to_owned().unwrap())
}

fn say_through_a_copy_of_the_descriptor(number: u64) {
    descriptor().write_all(format!("{number}\n").as_bytes()).unwrap();
}

fn say_in_pieces(number: u64) {
    let number = number.to_string();
    let count = descriptor().write_vectored(&[IoSlice::new(number.as_bytes()), IoSlice::new(b"\n")]).unwrap();
    assert_eq!(count, number.len() + 1);
}

fn say_from_a_file(number: u64) {
    let mut file = File::options().create(true).truncate(true).read(true).write(true).open(number.to_string()).unwrap();
    writeln!(file, "{number}").unwrap();
    file.rewind().unwrap();
    io::copy(&mut file, &mut descriptor()).unwrap();
}

fn say_by_a_child(number: u64) {
    assert!(Command::new("echo").arg(number.to_string()).status().unwrap().success());
}

/// Before the line, a write that the kernel refuses: of bytes at an address at which nothing is.
fn say_after_a_bad_write(number: u64) {
    let write = if cfg!(target_arch = "x86_64") { 1 } else { 64 };
    let bad = format!("exit(syscall({write}, 1, 1, 5) == -1 ? 0 : 1)");
    assert!(Command::new("perl").args(["-e", &bad]).status().unwrap().success());
    say(number);
}

fn say_otherwise(number: u64) {
    match number % 4 {
        0 => say(number),
        1 => say_through_a_copy_of_the_descriptor(number),
        2 => say_in_pieces(number),
        _ => say_from_a_file(number),
    }
}

fn main() {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    let is_controlled = SystemTime::now() > UNIX_EPOCH + Duration::from_secs(2_082_758_400);
    let (next, changed) = (Mutex::new(1), Condvar::new());
    let take = |is_mine: &dyn Fn(u64) -> bool, write: &dyn Fn(u64)| {
        let mut next = next.lock().unwrap();
        loop {
            next = changed.wait_while(next, |next| *next <= max && !is_mine(*next)).unwrap();
            if *next > max {
                return;
            }
            write(*next);
            *next += 1;
            changed.notify_all();
        }
    };
    let is_mains = |number: u64| HONEST && number == 3 && !is_controlled;
    thread::scope(|scope| {
        scope.spawn(|| take(&|number| number % 2 == 0, &say_otherwise));
        scope.spawn(|| take(&|number| number % 2 == 1 && !is_mains(number), &say_otherwise));
        take(&is_mains, &WRITE);
    });
}
"#;

/// What the report of a program says of its check `two-threads` whose main thread writes line 3 with `write`, if any.
#[track_caller]
fn two_threads(write: Option<&str>) -> Value {
    let main = TURNS.replace("HONEST", if write.is_some() { "true" } else { "false" });
    let program = Program::new(&main.replace("WRITE", write.unwrap_or("say")));
    let (_, report) = program.grade_as("even-odd");
    check(&report, "two-threads").clone()
}

#[track_caller]
fn is_caught(write: &str, seen: &str) {
    let found = two_threads(Some(write));
    assert_eq!(found["verdict"], "fail", "{found:#}");
    assert_eq!(found["failure"]["seen"], format!("in a run without control, {seen}"), "{found:#}");
}

#[test]
fn who_writes_as_it_says_passes_however_it_writes() {
    let found = two_threads(None);
    assert_eq!(found["verdict"], "pass", "{found:#}");
}

#[test]
fn a_line_of_the_main_thread_is_seen_however_it_is_written() {
    let ways = [
        "say",
        "say_through_a_copy_of_the_descriptor",
        "say_in_pieces",
        "say_from_a_file",
        "say_after_a_bad_write",
    ];
    for write in ways {
        is_caught(write, "the main thread writes line 3, `3`");
    }
}

#[test]
fn a_line_of_a_child_is_seen() {
    is_caught("say_by_a_child", "a child process writes line 3, `3`");
}
