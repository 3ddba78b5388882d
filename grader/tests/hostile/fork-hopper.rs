//! Hostile: moves from process to process before its time adds up.
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
    let script = "my $end = time + 100; while (time < $end) { exit if fork; $i++ while $i % 20000 < 19999; $i++ } # @MARKER@";
    let _ = Command::new("perl").args(["-e", script]).status();
    thread::sleep(std::time::Duration::from_secs(100));
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
