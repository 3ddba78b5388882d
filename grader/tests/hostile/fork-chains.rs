//! Hostile: forty processes that each fork and end, for ever, so that who lists them comes too late; every other one
//! in a session of its own.
//! Exercise: even-odd
//! Ends: contained

use std::process::{Command, ExitCode, Stdio};
use std::sync::{Condvar, Mutex};
use std::thread;

/// Bounded, so that one that escapes ends by itself. Call 112 is setsid(2).
const CHAINS: &str =
    "for my $n (1..40) { next if fork; for (1..3000) { syscall 112 if $n % 2; exit if fork } exit } # @MARKER@";

fn main() -> ExitCode {
    // Once is enough.
    if std::env::args().nth(2).as_deref() != Some("0") {
        return answer();
    }
    let mut chains = Command::new("perl");
    let _ = chains.args(["-e", CHAINS]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
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
