//! Whatever a program does, grading it comes to an end.

use std::process::Command;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{grade, root};

/// Fewer than a hundred prove nothing.
#[test]
fn runs_that_compute_for_long_are_fewer_and_it_is_said() {
    let program = root().join("grader/tests/hostile/computes-for-long.rs").display().to_string();
    let said = contains("schedules were run, as a run takes about").and(contains("1 inconclusive"));
    grade(["check", "even-odd", "--schedules", "1000", "--source", &program]).code(3).stdout(said);
}

/// A container or a service may have the last processor alone.
#[test]
fn runs_are_pinned_to_a_processor_that_the_grader_may_use() {
    let last = std::thread::available_parallelism().unwrap().get() - 1;
    let source = root().join("crates/even-odd/src/main.rs");
    let mut call = Command::new("taskset");
    call.args(["-c", &last.to_string(), env!("CARGO_BIN_EXE_grader"), "check", "even-odd"]);
    call.args(["--schedules", "40", "--source"]).arg(source).current_dir(root());
    let output = call.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
