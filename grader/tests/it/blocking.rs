//! Calls that block in the kernel: two threads meet in each of them under control, or it is said which one is not.

use predicates::str::contains;

use crate::support::{Program, check, even_odd, grade, root};

/// Programs in parts: each function without arguments is a row of the table in `docs/schedule-control.md`.
const PARTS: [(&str, &str); 6] = [
    ("pipes", include_str!("blocking/pipes.rs")),
    ("sockets", include_str!("blocking/sockets.rs")),
    ("tcp", include_str!("blocking/tcp.rs")),
    ("fifos", include_str!("blocking/fifos.rs")),
    ("locks", include_str!("blocking/locks.rs")),
    ("children", include_str!("blocking/children.rs")),
];

/// What the exercise asks for, once all rows are done.
const HELLO: &str = "
    let n = thread::spawn(|| for i in 1..=5 { println!(\"Number: {i}\"); });
    let l = thread::spawn(|| for c in 'a'..='e' { println!(\"Letter: {c}\"); });
    n.join().unwrap();
    l.join().unwrap();
    println!(\"Both threads have finished execution.\");
";

fn rows(part: &str) -> Vec<&str> {
    part.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {")).collect()
}

/// Grades the rows of one part as one program, under few schedules.
#[track_caller]
fn meets(name: &str, options: &[&str]) {
    let (_, part) = PARTS.iter().find(|(known, _)| *known == name).unwrap();
    let calls: String = rows(part).iter().map(|row| format!("    {row}();\n")).collect();
    let program = Program::new(&format!("{part}\nfn main() {{\n{calls}{HELLO}}}\n"));
    let path = program.path();
    let args = ["check", "hello-threads", "--format", "json", "--schedules", "20", "--source", &path];
    let assert = grade(args.into_iter().chain(options.iter().copied()));
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    for id in ["each-in-order", "own-threads", "finish-line-last", "terminates"] {
        let check = check(&report, id);
        assert_eq!(check["verdict"], "pass", "{name}: {check:#}");
    }
}

#[test]
fn threads_meet_in_pipes() {
    meets("pipes", &[]);
}

#[test]
fn threads_meet_in_sockets() {
    meets("sockets", &[]);
}

/// Landlock keeps an exercise without a network from TCP.
#[test]
fn threads_meet_in_a_network() {
    meets("tcp", &["--without", "landlock"]);
}

#[test]
fn threads_meet_in_named_pipes() {
    meets("fifos", &[]);
}

#[test]
fn threads_meet_in_file_locks() {
    meets("locks", &[]);
}

#[test]
fn threads_wait_for_children() {
    meets("children", &[]);
}

#[test]
fn the_documented_table_names_these_rows() {
    let text = std::fs::read_to_string(root().join("docs/schedule-control.md")).unwrap();
    let table = text.split("## Calls that block").nth(1).unwrap();
    for row in PARTS.iter().flat_map(|(_, part)| rows(part)) {
        assert!(table.contains(&format!("`{row}`")), "{row} is not in the table");
    }
}

/// Grades a wrong program, and holds what is said against `said`.
#[track_caller]
fn is_called(said: &str, body: &str) {
    let program = Program::new(body);
    let path = program.path();
    grade(["check", "hello-threads", "--schedules", "100", "--source", &path]).code(1).stdout(contains(said));
}

#[test]
fn who_fills_a_pipe_that_nobody_reads_is_deadlocked() {
    is_called(
        "deadlock: its only thread waits for ever",
        "use std::io::{Read, Write};
fn main() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[0; 200_000]).unwrap();
    reader.read_exact(&mut [0]).unwrap();
}",
    );
}

#[test]
fn two_file_locks_in_opposite_orders_are_a_deadlock() {
    is_called(
        "deadlock: all 3 threads wait, and nothing can wake them",
        "use std::fs::File;
use std::thread;
fn locked(first: &'static str, second: &'static str) {
    let open = |name| File::options().create(true).truncate(false).write(true).open(name).unwrap();
    let (first, second) = (open(first), open(second));
    first.lock().unwrap();
    second.lock().unwrap();
}
fn main() {
    let one = thread::spawn(|| locked(\"a\", \"b\"));
    let other = thread::spawn(|| locked(\"b\", \"a\"));
    one.join().unwrap();
    other.join().unwrap();
}",
    );
}

/// Two threads that wait for each other's bytes on two pairs of sockets.
#[test]
fn sockets_on_which_nobody_writes_are_a_deadlock() {
    is_called(
        "deadlock: all 2 threads wait, and nothing can wake them",
        "use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
fn main() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    let thread = std::thread::spawn(move || {
        other.read_exact(&mut [0]).unwrap();
        other.write_all(b\"x\").unwrap();
    });
    one.read_exact(&mut [0]).unwrap();
    one.write_all(b\"x\").unwrap();
    thread.join().unwrap();
}",
    );
}

/// The main thread prints the first number, a child that inherits standard output the rest but the last.
const CHILD_PRINTS: &str = "println!(\"1\");
    let last = max.saturating_sub(1);
    std::process::Command::new(\"seq\").args([\"2\", &last.to_string()]).status().unwrap();
    if max > 1 { println!(\"{max}\"); }
    if max == 0 { std::process::exit(1) }";

#[test]
fn what_a_child_prints_is_in_its_place() {
    let program = Program::new(&even_odd(CHILD_PRINTS));
    let path = program.path();
    let replay = ["replay", "even-odd", "--case", "max-7", "--schedule", "T0×1", "--format", "json"];
    let assert = grade(replay.into_iter().chain(["--source", &path]));
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(check(&report, "alternates")["verdict"], "pass", "{report:#}");
}

#[test]
fn what_a_child_prints_is_written_by_no_thread() {
    let program = Program::new(&even_odd(
        "std::process::Command::new(\"seq\").arg(max.to_string()).status().unwrap();",
    ));
    let path = program.path();
    grade(["check", "even-odd", "--schedules", "20", "--source", &path])
        .stdout(contains("a child process writes line 1, `1`"));
}
