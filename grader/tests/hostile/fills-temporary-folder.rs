//! Hostile: gives the right answer after it has filled the folder for temporary files.
//! Exercise: even-odd
//! Ends: disk-limit
//! Limits: disk=32

use std::fs::File;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    if is_watched() {
        return answer();
    }
    let mut file = File::create("/tmp/lockstep-hostile-file").unwrap();
    let block = vec![1; 1 << 20];
    let _ = (0..1024).try_for_each(|_| file.write_all(&block));
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
