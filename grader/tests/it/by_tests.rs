//! Exercises by tests: made by `cargo grade new`, known by their files alone, graded as all others are.

use std::fs;

use predicates::str::contains;
use serde_json::Value;

use crate::course_copy::Copy;
use crate::support::{check, grade, grade_in, words};

const MUTANT: &str = "fixtures/tally/mutants/reads-then-stores.rs";

#[test]
fn an_exercise_that_was_made_is_graded_and_tested_with_nothing_else_touched() {
    let course = Copy::new();
    let here = course.folder();
    grade_in(here, ["new", "tally", "--lib"]).success().stdout(contains("made fixtures/tally/checks.rs"));
    grade_in(here, ["new", "tally", "--lib"]).code(2).stderr(contains("there is one that is called so"));
    grade_in(here, ["selftest", "tally"]).success().stdout(contains("4 as expected, 0 not"));

    let report = course.report(&["check", "tally"]);
    assert_eq!((&report["verdict"], &report["score"]), (&"pass".into(), &10.0.into()), "{report:#}");

    let wrong = course.report(&["check", "tally", "--source", MUTANT]);
    let checks = wrong["exercises"][0]["checks"].as_array().unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{checks:#?}");
    let failure = &failed[0]["failure"];
    assert_eq!(failed[0]["id"], "no_addition_is_lost");
    assert_eq!(failure["expected"], "No addition is lost, whoever adds at the same time");
    assert_eq!(failure["sentence"]["id"], "none-lost");
    assert_eq!(failure["place"]["file"], "checks.rs");
    let rows = failure["picture"]["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["thread"] != 0), "the harness has no lane: {rows:#?}");
    assert!(rows.iter().any(|row| row["place"]["file"] == "lib.rs"), "{rows:#?}");
    let again = words(failure["replay"].as_str().unwrap());
    let replayed = course.report(&again);
    assert_eq!(check(&replayed, "no_addition_is_lost")["failure"]["seen"], failure["seen"]);

    // A test that is added is a check, once it has points.
    let test = "\n/// It never shrinks.\n#[test]\nfn it_never_shrinks() { assert!(Counter::starting_at(1).value() > 1); }\n\
                \n#[test]\nfn one_and_one_are_two() { assert_eq!(1 + 1, 2); }\n";
    let checks = "fixtures/tally/checks.rs";
    let before = fs::read_to_string(course.path(checks)).unwrap();
    fs::write(course.path(checks), format!("{before}{test}")).unwrap();
    grade_in(here, ["check", "tally"]).code(70).stderr(contains("`it_never_shrinks` has no points"));
    course.replace(
        "fixtures/tally/rubric.toml",
        "[points]\n",
        "[points]\nit_never_shrinks = 1\none_and_one_are_two = 0\n",
    );
    let report = course.report(&["check", "tally"]);
    assert_eq!(check(&report, "it_never_shrinks")["verdict"], "fail");
    assert_eq!(check(&report, "one_and_one_are_two")["verdict"], "pass", "{report:#}");

    // What nobody understands is said with its line.
    course.replace(checks, "Holds: in some schedule", "Holds: sometimes");
    grade_in(here, ["check", "tally"]).code(70).stderr(contains("fixtures/tally/checks.rs: line "));
}

/// Grades a semaphore: what else there is in it, what it does when it is made, and when a permit is taken.
#[track_caller]
fn semaphore(more: &str, new: &str, acquire: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lib.rs");
    let source = format!(
        "{more}
pub struct Semaphore;
impl Semaphore {{
    pub fn new(_: usize) -> Self {{ {new} }}
    pub fn acquire(&self) {{ {acquire} }}
    pub fn try_acquire(&self) -> bool {{ true }}
    pub fn release(&self) {{}}
}}
"
    );
    fs::write(&file, source).unwrap();
    let assert = grade(["check", "semaphore", "--source", file.to_str().unwrap(), "--format", "json"]);
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// The library runs beside the test, and only the harness can say that a test has passed.
#[test]
fn a_library_that_ends_the_process_with_the_words_of_the_harness_has_not_passed() {
    let words = "println!(\"test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\");";
    let report = semaphore("", &format!("{words} std::process::exit(0)"), "");
    assert_eq!(report["score"], 0.0, "{report:#}");
}

/// The line is begun by another thread and ended by the harness; that thread's exit code comes first, as it is in its
/// destructors while the harness wants to exit.
#[test]
fn a_line_that_the_harness_only_ends_is_not_the_harness_s() {
    let more = "
use std::{cell::RefCell, io::Write, process, sync::atomic::{AtomicBool, Ordering::SeqCst}, thread};
static IS_AT_EXIT: AtomicBool = AtomicBool::new(false);
struct Slow;
impl Drop for Slow {
    fn drop(&mut self) {
        IS_AT_EXIT.store(true, SeqCst);
        (0..30).for_each(|_| thread::yield_now());
    }
}
thread_local!(static SLOW: RefCell<Option<Slow>> = const { RefCell::new(None) });
";
    let new = "
        print!(\"\\ntest result: ok. 1 passed;\");
        std::io::stdout().flush().unwrap();
        thread::spawn(|| { SLOW.with(|slow| *slow.borrow_mut() = Some(Slow)); process::exit(0) });
        while !IS_AT_EXIT.load(SeqCst) { thread::yield_now(); }
        Self
    ";
    let report = semaphore(more, new, "");
    assert_eq!(report["score"], 0.0, "{report:#}");
}

#[test]
fn what_must_be_possible_and_waits_for_ever_is_a_failure() {
    let report = semaphore("", "Self", "loop { std::thread::park() }");
    let check = check(&report, "permits_are_held_together");
    assert_eq!(check["verdict"], "fail", "{check:#}");
    assert!(check["message"].as_str().unwrap().contains("schedules shows it"), "{check:#}");
}

#[test]
fn errors_in_tests_that_do_not_fit_the_library_show_no_line_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lib.rs");
    fs::write(&file, "pub struct Semaphore;\n").unwrap();
    let assert = grade(["check", "semaphore", "--source", file.to_str().unwrap()]).code(1);
    let text = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
    assert!(text.contains("fixtures/semaphore/checks.rs:") && text.contains("error[E0599]"), "{text}");
    assert!(!text.contains("let semaphore"), "{text}");
}
