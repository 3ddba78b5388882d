//! Hostile: writes, makes and removes files outside of its folder.
//! Exercise: even-odd
//! Ends: pass

use std::fs::OpenOptions;
use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let mut escaped = Vec::new();
    let up = "../".repeat(30);
    for path in
        ["@SECRET@".to_owned(), format!("{up}@SECRET@"), "/etc/ld.so.cache".into(), "/usr/bin/env".into()]
    {
        if OpenOptions::new().append(true).open(&path).is_ok() {
            escaped.push(format!("{path} can be written to"));
        }
    }
    for folder in ["@FOLDER@", "@ROOT@/target", "/usr/bin", "/etc", "/", "/proc/self", "/dev"] {
        let file = format!("{folder}/lockstep-hostile-@MARKER@");
        if std::fs::write(&file, "").is_ok() {
            let _ = std::fs::remove_file(&file);
            escaped.push(format!("{folder} can be written to"));
        }
    }
    // Its own executable, which the grader keeps.
    let own = std::env::current_exe().unwrap();
    if OpenOptions::new().append(true).open(&own).is_ok() || std::fs::remove_file(&own).is_ok() {
        escaped.push("its own executable".into());
    }
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
