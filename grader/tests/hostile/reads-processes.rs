//! Hostile: reads the variables, arguments and memory of all other processes.
//! Exercise: even-odd
//! Ends: pass

use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let mut escaped = Vec::new();
    let processes = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    for process in processes.filter(|name| name.parse::<u32>().is_ok()) {
        for file in ["environ", "cmdline", "mem", "maps", "fd"] {
            let text = std::fs::read(format!("/proc/{process}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            if let Some(place) = text.find(TOKEN) {
                escaped.push(text[place..].chars().take(60).collect());
            }
        }
    }
    answer_unless(escaped)
}

/// How the secrets of the test begin. In two parts: this program's own source is no secret.
const TOKEN: &str = concat!("lockstep-", "token");

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
