//! Hostile: kills a process of the machine, its parent, the first process, and last all that it can reach.
//! Exercise: even-odd
//! Ends: signal

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    if is_watched() {
        return answer();
    }
    let killed = |process: &str| perl(&format!("print kill(9, {process}) ? 'yes' : 'no'")) == "yes";
    if killed("@PID@") {
        println!("escaped: killed a process of the machine");
        return ExitCode::FAILURE;
    }
    // To end all processes outside of a jail would do harm.
    let first = std::fs::read_to_string("/proc/1/cmdline").unwrap_or_default();
    assert!(first.contains("__keep"), "not in a jail");
    let _ = killed("1");
    perl("kill 9, -1");
    answer()
}

/// Whether the grader controls the schedule: then this program behaves.
fn is_watched() -> bool {
    std::env::var_os("LD_PRELOAD").is_some()
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
