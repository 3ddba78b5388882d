//! Hostile: computes in a child that ignores every signal that can be ignored.
//! Exercise: even-odd
//! Ends: processor-limit
//! Limits: cpu=2

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    if is_watched() {
        return answer();
    }
    // At most two minutes.
    let script = "trap '' HUP INT QUIT USR1 USR2 PIPE ALRM TERM TSTP TTIN TTOU XCPU XFSZ; : @MARKER@
        end=$(($(date +%s) + 120)); while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done";
    let _ = Command::new("sh").args(["-c", script]).status();
    ExitCode::SUCCESS
}

/// Whether the grader controls the schedule: then this program behaves.
fn is_watched() -> bool {
    std::env::var_os("LD_PRELOAD").is_some()
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
