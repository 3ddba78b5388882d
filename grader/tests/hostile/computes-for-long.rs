//! Hostile: computes for long in each run of its first case, so that exploring it would take hours.
//! Exercise: even-odd
//! Ends: contained

use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    if std::env::args().nth(2).as_deref() == Some("0") {
        (0..2_400_000_000u64).for_each(|number| _ = std::hint::black_box(number));
    }
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
