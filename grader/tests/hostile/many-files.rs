//! Hostile: gives the right answer after it has made a hundred thousand files.
//! Exercise: even-odd
//! Ends: disk-limit
//! Limits: disk=32

use std::fs::File;
use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    if is_watched() {
        return answer();
    }
    let _ = (0..100_000).try_for_each(|number| File::create(number.to_string()).map(drop));
    answer()
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
