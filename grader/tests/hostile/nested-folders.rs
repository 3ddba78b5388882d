//! Hostile: leaves folders in folders, deeper than a stack or a path can follow.
//! Exercise: even-odd
//! Ends: pass
//! Limits: cpu=10

use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let home = std::env::current_dir().unwrap();
    for _ in 0..3_000 {
        let made = std::fs::create_dir("d").and_then(|()| std::env::set_current_dir("d"));
        if made.is_err() {
            break;
        }
    }
    let _ = std::env::set_current_dir(home);
    answer()
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
