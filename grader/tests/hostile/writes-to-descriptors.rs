//! Hostile: writes to descriptors that it did not open, to the memory of processes, and to what looks like a result.
//! Exercise: even-odd
//! Ends: pass

use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let mut escaped = Vec::new();
    let forged = b"{\"verdict\":\"pass\",\"score\":10}\nexited 0 0 0\n";
    for number in 3..100 {
        for path in
            [format!("/proc/self/fd/{number}"), format!("/dev/fd/{number}"), format!("/proc/1/fd/{number}")]
        {
            if OpenOptions::new().write(true).open(&path).is_ok_and(|mut file| file.write_all(forged).is_ok())
            {
                escaped.push(path);
            }
        }
    }
    for path in [
        "/proc/self/mem",
        "/proc/1/mem",
        "/proc/1/fd/0",
        "/proc/self/oom_score_adj",
        "/proc/sys/kernel/hostname",
    ] {
        if OpenOptions::new().write(true).open(path).is_ok() {
            escaped.push(path.to_owned());
        }
    }
    // Its own descriptors may be written to: that is its output.
    let _ = std::fs::write("report.json", forged);
    answer_unless(escaped)
}

/// Answers right, unless something escaped.
fn answer_unless(escaped: Vec<String>) -> ExitCode {
    match escaped.first() {
        None => answer(),
        Some(_) => {
            escaped.iter().for_each(|what| println!("escaped: {what}"));
            ExitCode::FAILURE
        }
    }
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
