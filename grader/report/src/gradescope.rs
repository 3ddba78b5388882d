//! `results.json` of Gradescope (its "Autograder Specifications", section "Output format").
//!
//! Checks that students must not see yet are in it with Gradescope's own `visibility`: the file is read by
//! Gradescope and by teachers, and Gradescope shows students what they may see.

use serde::Serialize;

use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report, Visibility, sum};
use crate::verdict::Verdict;

#[derive(Serialize)]
struct Results {
    /// In place of the sum of all tests, as points may be lost for being late.
    score: f64,
    /// Seconds.
    execution_time: f64,
    output: String,
    output_format: &'static str,
    test_output_format: &'static str,
    test_name_format: &'static str,
    /// What the grader itself prints is not for students: it would show them hidden checks.
    stdout_visibility: &'static str,
    extra_data: Extra,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Extra {
    verdict: Verdict,
    max_score: f64,
    seed: u64,
    incomplete: bool,
}

#[derive(Serialize)]
struct Test {
    name: String,
    score: f64,
    max_score: f64,
    /// Absent where it neither passed nor failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    output: String,
    tags: Vec<String>,
    visibility: &'static str,
}

pub(super) fn render(report: &Report) -> String {
    let results = Results {
        score: report.score,
        execution_time: sum(report.exercises.iter().map(|exercise| exercise.seconds)),
        output: output(report),
        output_format: "text",
        test_output_format: "text",
        test_name_format: "text",
        stdout_visibility: "hidden",
        extra_data: Extra {
            verdict: report.verdict,
            max_score: report.max_score,
            seed: report.seed,
            incomplete: report.incomplete,
        },
        tests: report.exercises.iter().flat_map(tests).collect(),
    };
    super::json::pretty(&results)
}

/// What is said above all tests.
fn output(report: &Report) -> String {
    let mut lines: Vec<String> = report
        .exercises
        .iter()
        .map(|of| format!("{}: {}, {}/{} points", of.exercise, of.verdict.word(), of.score, of.max_score))
        .collect();
    let late = report.exercises.iter().filter_map(|of| Some((&of.exercise, of.late.as_ref()?)));
    lines.extend(late.map(|(exercise, late)| format!("{exercise}: {late}")));
    lines.extend(report.incomplete_line());
    lines.join("\n")
}

fn tests(exercise: &ExerciseReport) -> Vec<Test> {
    entries::of(exercise).into_iter().map(|entry| test(exercise, entry)).collect()
}

fn test(exercise: &ExerciseReport, entry: Entry) -> Test {
    Test {
        name: format!("{}: {}", exercise.exercise, entry.name),
        score: entry.score,
        max_score: entry.max_score,
        status: match entry.outcome {
            TestOutcome::Pass => Some("passed"),
            TestOutcome::Fail | TestOutcome::Error | TestOutcome::Skipped => Some("failed"),
            TestOutcome::Advice => None,
        },
        tags: vec![exercise.exercise.clone(), entry.verdict.word().to_owned()],
        visibility: match entry.visibility {
            Visibility::Visible => "visible",
            Visibility::AfterDue => "after_due_date",
            Visibility::Hidden => "hidden",
        },
        output: engine::escape::terminal(&entry.details),
    }
}
