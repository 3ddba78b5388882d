//! Hostile: gives the right answer after it has killed its parent, and says nothing of it.
//! Exercise: even-odd
//! Ends: contained

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let parent = std::os::unix::process::parent_id();
    perl(&format!("kill 9, {parent}"));
    answer()
}

/// What a Perl script prints: it can make any system call, which this language cannot without `unsafe`.
fn perl(script: &str) -> String {
    let output = Command::new("perl").args(["-e", script]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The right answer.
fn answer() -> ExitCode {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    let (next, changed) = (Mutex::new(1), Condvar::new());
    thread::scope(|scope| {
        for parity in [1, 0] {
            let (next, changed) = (&next, &changed);
            scope.spawn(move || {
                for number in (1..=max).filter(|number| number % 2 == parity) {
                    let turn = next.lock().unwrap();
                    let mut turn = changed.wait_while(turn, |next| *next != number).unwrap();
                    println!("{number}");
                    *turn += 1;
                    changed.notify_all();
                }
            });
        }
    });
    ExitCode::SUCCESS
}
