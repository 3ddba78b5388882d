//! Exercises by cases: made by `cargo grade new`, known by their files alone, graded as all others are.

use predicates::str::contains;
use serde_json::Value;

use crate::course_copy::Copy;
use crate::support::{check, grade_in, words};

const CASES: &str = "fixtures/duet/cases.toml";
const MUTANT: &str = "fixtures/duet/mutants/reads-then-stores.rs";

#[test]
fn an_exercise_that_was_made_is_graded_and_tested_with_nothing_else_touched() {
    let course = Copy::new();
    let here = course.folder();
    grade_in(here, ["new", "duet"]).success().stdout(contains(format!("made {CASES}")));
    grade_in(here, ["new", "duet"]).code(2).stderr(contains("there is one that is called so"));
    // One mutant, two lazy programs, one variant, the stub.
    grade_in(here, ["selftest", "duet"]).success().stdout(contains("5 as expected, 0 not"));

    let report = course.report(&["check", "duet"]);
    assert_eq!((&report["verdict"], &report["score"]), (&"pass".into(), &10.0.into()), "{report:#}");
    is_caught_for_what_it_breaks(&course);
    is_changed_in_its_file_alone(&course);
}

fn is_caught_for_what_it_breaks(course: &Copy) {
    let wrong = course.report(&["check", "duet", "--source", MUTANT]);
    let checks = wrong["exercises"][0]["checks"].as_array().unwrap();
    let failed: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{checks:#?}");
    let failure = &failed[0]["failure"];
    assert_eq!(failed[0]["id"], "none-lost");
    assert_eq!(failure["expected"], "lines `sum: {n}` with `n == 2 * (1 + 2)`");
    assert_eq!(failure["sentence"]["id"], "none-lost");
    assert!(failure["seen"].as_str().unwrap().starts_with("line 5 is `sum: "), "{failure:#}");
    let rows = failure["picture"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["place"]["file"] == "main.rs"), "{rows:#?}");
    let replayed = course.report(&words(failure["replay"].as_str().unwrap()));
    assert_eq!(check(&replayed, "none-lost")["failure"]["seen"], failure["seen"]);
}

fn is_changed_in_its_file_alone(course: &Copy) {
    let here = course.folder();
    grade_in(here, ["list", "--sentences", "duet"]).success().stdout(contains("none-lost"));
    // What is expected otherwise is judged otherwise.
    course.replace(CASES, "n == 2 * (1 + 2)", "n == 2 * (1 + 3)");
    let report = course.report(&["check", "duet"]);
    let failure = &check(&report, "none-lost")["failure"];
    assert_eq!(failure["expected"], "lines `sum: {n}` with `n == 2 * (1 + 3)`");

    // What nobody understands is said with its line, and with what is allowed.
    let refused = |reason: &str| {
        let file = contains(format!("{CASES}: line "));
        grade_in(here, ["check", "duet"]).code(70).stderr(file).stderr(contains(reason));
    };
    course.replace(CASES, "check = \"overlaps\"", "check = \"overlap\"");
    refused("no check is called `overlap`: is `overlaps` meant?");
    course.replace(CASES, "check = \"overlap\"", "check = \"overlaps\"");
    course.replace(CASES, "are = \"not main\"", "are = \"others\"");
    refused(
        "unknown variant `others`, expected one of `one thread`, `different threads`, `threads`, `not main`, `main`",
    );
}
