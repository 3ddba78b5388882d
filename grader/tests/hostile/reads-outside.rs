//! Hostile: looks for files of the machine and of the course, by every path that could lead to them.
//! Exercise: even-odd
//! Ends: pass

use std::process::ExitCode;
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() -> ExitCode {
    let wanted = [
        "@SECRET@",
        "@ROOT@/fixtures/even-odd/rubric.toml",
        "@ROOT@/Cargo.lock",
        "/etc/passwd",
        "/etc/hostname",
    ];
    let up = "../".repeat(30);
    let mut roots = vec![String::new(), up.clone(), format!("/proc/self/cwd/{up}"), "/proc/self/root".into()];
    let processes = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    for process in processes.filter(|name| name.parse::<u32>().is_ok()) {
        roots.push(format!("/proc/{process}/root"));
        roots.push(format!("/proc/{process}/cwd/{up}"));
    }
    let paths = roots.iter().flat_map(|root| wanted.iter().map(move |path| format!("{root}{path}")));
    let read = |path: String| std::fs::read_to_string(path).ok().map(|text| text.chars().take(60).collect());
    let listed = ["@ROOT@/fixtures", "@FOLDER@", "/home", "/root/.ssh", "/var"];
    let listed = listed.into_iter().filter(|path| std::fs::read_dir(path).is_ok());
    answer_unless(paths.filter_map(read).chain(listed.map(str::to_owned)).collect())
}

/// Answers right, unless something escaped.
fn answer_unless(escaped: Vec<String>) -> ExitCode {
    match escaped.first() {
        None => answer(),
        Some(_) => {
            escaped.iter().take(3).for_each(|what| println!("escaped: {what}"));
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
