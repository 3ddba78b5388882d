//! Whatever a program does, grading it comes to an end.

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
