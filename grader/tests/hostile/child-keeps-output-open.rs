//! Hostile: gives the right answer while a child keeps standard output open.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let _child = Command::new("sh").args(["-c", "sleep 100; : @MARKER@"]).spawn().unwrap();
    answer()
}

/// The right answer.
fn answer() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let max = match &args[..] {
        [_] => Some(10),
        [_, option, number] if option == "--max" => number.parse::<u64>().ok(),
        _ => None,
    };
    let Some(max) = max else {
        eprintln!("usage: even-odd [--max N]");
        return ExitCode::from(2);
    };
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
