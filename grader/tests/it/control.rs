//! Controlled schedules: found, shown, replayed.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{Program, check, even_odd, grade, root, words};

fn mutant(exercise: &str, name: &str) -> String {
    root().join("fixtures").join(exercise).join("mutants").join(name).display().to_string()
}

/// A program of two threads that both add to a counter in two steps, and print the numbers.
const LOST_UPDATE: &str = "
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

static COUNT: AtomicU64 = AtomicU64::new(0);

fn main() {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    let add = || {
        let count = COUNT.load(SeqCst);
        COUNT.store(count + 1, SeqCst);
    };
    thread::scope(|scope| {
        scope.spawn(add);
        scope.spawn(add);
    });
    let lost = 2 - COUNT.load(SeqCst);
    for number in 1..=max - max.min(lost) {
        println!(\"{number}\");
    }
}
";

#[test]
fn a_lost_update_is_found_and_shown_in_columns() {
    let program = Program::new(LOST_UPDATE);
    let (code, report) = program.grade_as("even-odd");
    assert_eq!(code, 1);
    let failure = &check(&report, "alternates")["failure"];
    let trace: Vec<&str> =
        failure["trace"].as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    let rows =
        |text: &str| trace.iter().filter(|line| line.starts_with("main.rs:") && line.contains(text)).count();
    assert_eq!(rows("AtomicU64#1 reads 0"), 2, "{trace:#?}");
    assert_eq!(rows("AtomicU64#1 := 1"), 2, "{trace:#?}");
    let switches = failure["schedule"].as_str().unwrap().split(' ').count() - 1;
    assert!(switches <= 6, "{failure:#}");
}

#[test]
fn all_schedules_with_few_preemptions_are_run_and_counted() {
    grade(["check", "even-odd", "--preemptions", "0"])
        .success()
        .stdout(contains("schedules with at most 0 preemptions\n"));
    let program = Program::new(LOST_UPDATE);
    let args = ["check", "even-odd", "--preemptions", "1", "--source", &program.path()];
    grade(args).code(1).stdout(contains("alternates fail"));
}

#[test]
fn the_printed_command_replays_the_schedule() {
    let program = Program::new(LOST_UPDATE);
    let (_, report) = program.grade_as("even-odd");
    let replay = check(&report, "alternates")["failure"]["replay"].as_str().unwrap();
    for _ in 0..5 {
        grade(words(replay)).code(1).stdout(contains("AtomicU64#1 reads 0").and(contains(words(replay)[5])));
    }
}

/// A panic is told with a number that the system gives to its thread, another one in each run.
#[test]
fn a_panic_is_the_same_in_every_replay() {
    let panics = "fn main() { let _ = std::thread::spawn(|| panic!(\"as told\")).join(); println!(\"7\"); }";
    let program = Program::new(panics);
    let (_, report) = program.grade_as("even-odd");
    let replay = check(&report, "alternates")["failure"]["replay"].as_str().unwrap();
    let times = words(replay).into_iter().chain(["--times", "20"]);
    grade(times).code(1).stdout(contains("20 schedules (1 distinct)"));
}

#[test]
fn a_schedule_of_another_program_is_said_to_diverge() {
    let schedule = ["--schedule", "T0×20 T7×3"];
    let program = Program::new(LOST_UPDATE);
    let path = program.path();
    let args = ["replay", "even-odd", "--case", "max-2", "--source", &path];
    grade(args.into_iter().chain(schedule))
        .code(3)
        .stderr(contains("left the schedule at step 20: there is no T7 yet"));
}

#[test]
fn nonsense_for_a_schedule_is_wrong_usage() {
    grade(["replay", "even-odd", "--case", "max-2", "--schedule", "once upon a time"])
        .code(2)
        .stderr(contains("a step is written T1×12"));
}

#[test]
fn a_deadlock_names_who_holds_what_and_the_cycle() {
    let path = mutant("bank-account", "opposite-lock-orders.rs");
    grade(["check", "bank-account", "--source", &path])
        .code(1)
        .stdout(contains("deadlock").and(contains("holds it since")).and(contains("the cycle: T")));
}

/// A child takes the time that it takes, on a slow machine longer; looking at it is no livelock.
#[test]
fn who_polls_a_slow_child_does_not_run_out_of_steps() {
    ends_without_preemption(
        "let mut child = std::process::Command::new(\"sleep\").arg(\"0.5\").spawn().unwrap();
    while child.try_wait().unwrap().is_none() { std::thread::sleep(std::time::Duration::from_micros(1)); }
    for n in 1..=max { println!(\"{n}\"); }",
    );
}

#[test]
fn who_polls_a_child_lets_others_bring_what_it_waits_for() {
    ends_without_preemption(
        "use std::process::{Command, Stdio};
    let mut child = Command::new(\"cat\").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let input = child.stdin.take();
    let closes = std::thread::spawn(move || drop(input));
    while child.try_wait().unwrap().is_none() {}
    closes.join().unwrap();
    for n in 1..=max { println!(\"{n}\"); }",
    );
}

/// Another descriptor of standard output.
const CLONE: &str = "let clone = std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned();
    let mut output = std::fs::File::from(clone.unwrap());";

#[test]
fn standard_output_has_other_names() {
    let writes = "for n in 1..=max {
        std::io::Write::write_all(&mut output, format!(\"{n}\\n\").as_bytes()).unwrap();
    }";
    writes_the_numbers(&format!("{CLONE}\n{writes}"));
}

/// Where both ends are known std lets the kernel do it, past `write`.
#[test]
fn what_is_copied_to_standard_output_is_seen() {
    let file = "let numbers: String = (1..=max).map(|n| format!(\"{n}\\n\")).collect();
    std::fs::write(\"numbers\", numbers).unwrap();
    std::io::copy(&mut std::fs::File::open(\"numbers\").unwrap(), &mut output).unwrap();";
    writes_the_numbers(&format!("{CLONE}\n{file}"));
    let child = "use std::process::{Command, Stdio};
    let mut child = Command::new(\"seq\").arg(max.to_string()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::copy(child.stdout.as_mut().unwrap(), &mut output).unwrap();
    child.wait().unwrap();";
    writes_the_numbers(&format!("{CLONE}\n{child}"));
}

fn writes_the_numbers(body: &str) {
    let program = Program::new(&even_odd(body));
    let path = program.path();
    grade(["check", "even-odd", "--schedules", "20", "--source", &path])
        .stdout(contains("two-threads fail").and(contains("alternates fail").not()));
}

fn ends_without_preemption(body: &str) {
    let program = Program::new(&even_odd(body));
    let path = program.path();
    let (case, schedule) = (["--case", "max-2"], ["--schedule", "T0×1"]);
    let source = ["--source", &path, "--format", "json"];
    let assert = grade([["replay", "even-odd"], case, schedule].concat().into_iter().chain(source));
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(check(&report, "terminates")["verdict"], "pass", "{report:#}");
}

#[test]
fn more_schedules_can_be_asked_for() {
    let program = Program::new(LOST_UPDATE);
    let assert = grade(["check", "even-odd", "--schedules", "0", "--source", &program.path()]);
    assert.stdout(contains("schedules").not());
}

/// What runs came before on a processor is chance, so a run must find nothing of them.
#[test]
fn no_run_sees_what_another_left() {
    let program = Program::new(&even_odd(
        "for place in [\"/tmp/left\", \"left\"] {
        let left = std::fs::File::create_new(place);
        assert!(left.map_err(|error| error.kind()).err() != Some(std::io::ErrorKind::AlreadyExists));
    }
    for n in 1..=max { println!(\"{n}\"); }",
    ));
    grade(["check", "even-odd", "--schedules", "20", "--source", &program.path()])
        .stdout(contains("two-threads fail").and(contains("terminates fail").not()));
}
