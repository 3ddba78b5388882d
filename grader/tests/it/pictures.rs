//! Counterexamples as people see them: each explains its bug without the documentation.

use crate::support::{Program, check, grade, root};

/// The failures of a program under some schedules, without what only the command line knows. What runs without control
/// show is another thing each time.
fn shown(exercise: &str, source: &str) -> String {
    let assert = grade(["check", exercise, "--schedules", "2000", "--source", source]).code(1);
    let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let (_, failures) = text.split_once("\n\n").unwrap();
    let is_failure = |part: &&str| part.lines().next().is_some_and(|head| head.ends_with(" fail"));
    let lines = failures.split("\n\n").filter(is_failure).flat_map(|part| part.lines().chain([""]));
    let is_kept = |line: &&str| !line.trim_start().starts_with("again");
    lines.filter(is_kept).map(|line| format!("{}\n", without_lengths(line))).collect()
}

/// A line without how long each thread went on, where it is a schedule: locks that are looked up by their addresses take
/// more steps at some, and not every machine lets the grader fix addresses.
fn without_lengths(line: &str) -> String {
    match line.strip_prefix("  schedule  ") {
        Some(schedule) => {
            let threads = schedule.split(' ').map(|part| part.split('×').next().unwrap_or(part));
            format!("  schedule  {}", threads.collect::<Vec<_>>().join(" "))
        }
        None => line.to_string(),
    }
}

fn of_mutant(exercise: &str, name: &str) -> String {
    shown(exercise, &root().join("fixtures").join(exercise).join("mutants").join(name).display().to_string())
}

/// The program of hello-threads, with `items`, and code at the start of each of its threads.
fn of_threads(items: &str, main: &str, numbers: &str, letters: &str) -> String {
    let program = Program::new(&format!(
        "{items}
fn main() {{
    {main}
    let numbers = std::thread::spawn(move || {{
        {numbers}
        for number in 1..=5 {{ println!(\"Number: {{number}}\"); }}
    }});
    let letters = std::thread::spawn(move || {{
        {letters}
        for letter in 'a'..='e' {{ println!(\"Letter: {{letter}}\"); }}
    }});
    numbers.join().unwrap();
    letters.join().unwrap();
    println!(\"Both threads have finished execution.\");
}}
"
    ));
    shown("hello-threads", &program.path())
}

#[test]
fn locks_of_parking_lot_in_opposite_orders() {
    insta::assert_snapshot!(of_threads(
        "use parking_lot::Mutex;\nstatic ONE: Mutex<u32> = Mutex::new(0);\nstatic TWO: Mutex<u32> = Mutex::new(0);",
        "",
        "let both = (ONE.lock(), TWO.lock());\n        drop(both);",
        "let both = (TWO.lock(), ONE.lock());\n        drop(both);",
    ));
}

#[test]
fn a_notification_of_parking_lot_before_anybody_waits() {
    insta::assert_snapshot!(of_threads(
        "use parking_lot::{Condvar, Mutex};
static READY: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();",
        "",
        "if !*READY.lock() {\n            let mut ready = READY.lock();\n            CHANGED.wait(&mut ready);\n        }",
        "*READY.lock() = true;\n        CHANGED.notify_all();",
    ));
}

#[test]
fn a_read_lock_of_parking_lot_that_is_to_become_a_write_lock() {
    insta::assert_snapshot!(of_threads(
        "use parking_lot::RwLock;\nstatic SUM: RwLock<u32> = RwLock::new(0);",
        "",
        "let sum = SUM.read();\n        *SUM.write() = *sum + 1;",
        "let sum = SUM.read();\n        println!(\"Sum: {sum}\");",
    ));
}

#[test]
fn read_and_write_locks_of_parking_lot_in_opposite_orders() {
    insta::assert_snapshot!(of_threads(
        "use parking_lot::RwLock;\nstatic ONE: RwLock<u32> = RwLock::new(0);\nstatic TWO: RwLock<u32> = RwLock::new(0);",
        "",
        "{\n            let one = ONE.read();\n            *TWO.write() = *one;\n        }",
        "{\n            let two = TWO.read();\n            *ONE.write() = *two;\n        }",
    ));
}

#[test]
fn sharded_locks_of_crossbeam_in_opposite_orders() {
    insta::assert_snapshot!(of_threads(
        "use std::sync::Arc;\nuse crossbeam::sync::ShardedLock;",
        "let one = Arc::new(ShardedLock::new(0_u32));
    let two = Arc::new(ShardedLock::new(0_u32));
    let (first, second) = (Arc::clone(&one), Arc::clone(&two));",
        "*one.write().unwrap() += 1;\n        {\n            let one = one.read().unwrap();\n            *two.write().unwrap() = *one;\n        }",
        "{\n            let second = second.read().unwrap();\n            *first.write().unwrap() = *second;\n        }",
    ));
}

#[test]
fn a_wait_group_of_crossbeam_that_one_thread_never_leaves() {
    insta::assert_snapshot!(of_threads(
        "use crossbeam::sync::WaitGroup;",
        "let group = WaitGroup::new();\n    let (other, kept) = (group.clone(), group.clone());",
        "group.wait();",
        "drop(other);\n        std::mem::forget(kept);",
    ));
}

#[test]
fn a_sender_of_crossbeam_that_is_kept() {
    insta::assert_snapshot!(of_threads(
        "",
        "let (sender, receiver) = crossbeam_channel::unbounded::<u32>();\n    let kept = sender.clone();",
        "sender.send(1).unwrap();",
        "receiver.iter().for_each(drop);\n        drop(kept);",
    ));
}

#[test]
fn a_mutex_that_its_own_thread_waits_for() {
    insta::assert_snapshot!(of_threads(
        "use std::sync::Mutex;\nstatic COUNT: Mutex<u32> = Mutex::new(0);",
        "",
        "let count = COUNT.lock().unwrap();\n        if *count == 0 {\n            *COUNT.lock().unwrap() += 1;\n        }",
        "",
    ));
}

#[test]
fn a_panic_and_what_was_printed_before_it() {
    insta::assert_snapshot!(of_threads(
        "use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};\nstatic PLACE: AtomicUsize = AtomicUsize::new(0);",
        "",
        "PLACE.fetch_add(1, SeqCst);",
        "let place = dbg!(PLACE.load(SeqCst));\n        assert_eq!([7][place], 7);",
    ));
}

#[test]
fn a_condition_without_a_loop() {
    insta::assert_snapshot!(of_mutant("producer-consumer", "if-around-wait-for-item.rs"));
}

#[test]
fn a_lost_update() {
    insta::assert_snapshot!(of_mutant("race-counter", "guard-thrown-away.rs"));
}

#[test]
fn a_turn_that_is_passed_too_early() {
    insta::assert_snapshot!(of_mutant("even-odd", "line-after-turn-passed.rs"));
}

#[test]
fn a_read_lock_that_is_taken_twice() {
    insta::assert_snapshot!(of_mutant("bank-account", "read-lock-taken-twice.rs"));
}

#[test]
fn results_in_the_order_of_their_ends() {
    insta::assert_snapshot!(of_mutant("thread-pool", "completion-order.rs"));
}

/// A given function that prints is not at fault for what it is told to print.
#[test]
fn the_place_is_in_the_part_that_students_write() {
    let given = std::fs::read_to_string(root().join("crates/even-odd/src/main.rs")).unwrap();
    let wrong = given
        .replace("turn_passed.wait_while(next.lock().unwrap(), not_mine).unwrap()", "next.lock().unwrap()");
    let line = |text: &str| wrong.lines().position(|line| line.contains(text)).unwrap() as u64 + 1;
    let (_, report) = Program::new(&wrong).grade_as("even-odd");
    let place = &check(&report, "two-threads")["failure"]["place"];
    assert_eq!(place["line"].as_u64(), Some(line("say(number)")), "{place}");
}

/// Nor is one that panics at what it is told.
#[test]
fn the_place_of_a_panic_is_in_the_part_that_students_write() {
    let given = std::fs::read_to_string(root().join("crates/even-odd/src/main.rs")).unwrap();
    let wrong =
        given.replace("    io::stdout().write_all", "    assert_ne!(number, 3);\n    io::stdout().write_all");
    let line = wrong.lines().position(|line| line.contains("= say(number);")).unwrap() as u64 + 1;
    let (_, report) = Program::new(&wrong).grade_as("even-odd");
    let failure = &check(&report, "terminates")["failure"];
    assert_eq!(failure["place"]["line"].as_u64(), Some(line), "{failure:#}");
    let rows = failure["picture"]["rows"].as_array().unwrap();
    let is_panic = |row: &&serde_json::Value| row["operation"].as_str().unwrap().starts_with("panics");
    assert_eq!(rows.iter().find(is_panic).unwrap()["place"]["line"].as_u64(), Some(line), "{rows:#?}");
}

#[test]
fn accounts_locked_in_opposite_orders() {
    insta::assert_snapshot!(of_mutant("bank-account", "opposite-lock-orders.rs"));
}

#[test]
fn a_balance_that_is_loaded_and_stored() {
    insta::assert_snapshot!(of_mutant("bank-account", "deposit-load-store.rs"));
}

#[test]
fn one_wake_for_several_who_wait() {
    insta::assert_snapshot!(of_mutant("producer-consumer", "close-wakes-one.rs"));
}

#[test]
fn a_thread_that_nobody_joins() {
    insta::assert_snapshot!(of_mutant("hello-threads", "letters-not-joined.rs"));
}

#[test]
fn a_flag_that_is_set_without_the_lock() {
    insta::assert_snapshot!(of_mutant("thread-pool", "closed-without-the-lock.rs"));
}

#[test]
fn a_ticket_that_is_read_and_then_raised() {
    insta::assert_snapshot!(of_mutant("file-reader", "ticket-in-two-steps.rs"));
}

#[test]
fn a_largest_that_is_checked_and_then_stored() {
    insta::assert_snapshot!(of_mutant("primes", "largest-checked-then-stored.rs"));
}

#[test]
fn an_end_that_is_seen_before_the_last_message() {
    insta::assert_snapshot!(of_mutant("message-queue", "empty-seen-before-ended.rs"));
}

#[test]
fn a_swap_that_nobody_looks_at() {
    insta::assert_snapshot!(of_mutant("bank-account", "swap-not-checked.rs"));
}

#[test]
fn a_balance_that_is_checked_under_another_lock() {
    let shown = of_mutant("bank-account", "check-then-act.rs");
    assert!(!shown.contains(".rs:0 "), "the compiler knows of no line there");
    insta::assert_snapshot!(shown);
}
