//! Advice: what is worth no points, is said all the same, and never said of a program that does it right.

use serde_json::Value;

use crate::support::{check, grade, root};

#[track_caller]
fn grade_fixture(exercise: &str, specimen: &str) -> (i32, Value) {
    let path = root().join("fixtures").join(exercise).join(specimen);
    let source = path.to_str().unwrap();
    let assert = grade(["check", exercise, "--schedules", "200", "--source", source, "--format", "json"]);
    let output = assert.get_output();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn who_waits_by_looking_again_and_again_is_advised_and_loses_nothing() {
    for specimen in ["mutants/looks-again-and-again.rs", "variants/spin-with-yield.rs"] {
        let (code, report) = grade_fixture("even-odd", specimen);
        let blocks = check(&report, "blocks");
        let seen = blocks["failure"]["seen"].as_str().unwrap_or_default();
        assert!(seen.contains("threads that wait go on looking"), "{specimen}: {blocks:#}");
        assert_eq!((code, &report["score"]), (0, &10.0.into()), "{specimen}: {report:#}");
    }
}

#[test]
fn who_sleeps_for_a_time_or_until_it_is_woken_is_not_advised() {
    for specimen in ["variants/timed-wait-poison-recovery.rs", "variants/rendezvous-baton.rs"] {
        let (_, report) = grade_fixture("even-odd", specimen);
        assert_eq!(check(&report, "blocks")["verdict"], "pass", "{specimen}: {report:#}");
    }
}
