//! Hostile: gives the right answer and leaves a daemon in a session of its own behind.
//! Exercise: even-odd
//! Ends: pass

use std::process::{Command, ExitCode};
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let script = "setsid sh -c 'sleep 100; : @MARKER@' < /dev/null > /dev/null 2>&1 &";
    assert!(Command::new("sh").args(["-c", script]).status().unwrap().success());
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
