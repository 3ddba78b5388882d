//! `results.json` of an Exercism test runner, version 3 ("The Test Runner Interface"). It knows no points.

use serde::Serialize;

use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report};

/// The most characters of a test's output that the website shows.
const MOST_OUTPUT: usize = 500;

/// The most characters of a message.
const MOST_MESSAGE: usize = 65_535;

#[derive(Serialize)]
struct Results {
    version: u32,
    status: &'static str,
    message: Option<String>,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    message: Option<String>,
    output: Option<String>,
    test_code: Option<String>,
}

pub(super) fn render(report: &Report) -> String {
    let ran_nothing = report.exercises.iter().all(|exercise| exercise.message.is_some());
    let status = match entries::overall(report) {
        _ if ran_nothing => "error",
        TestOutcome::Pass => "pass",
        _ => "fail",
    };
    let tests = report.exercises.iter().flat_map(tests).chain(not_graded(report)).collect();
    super::json::pretty(&Results {
        version: 3,
        status,
        message: ran_nothing.then(|| cut(&message(report), MOST_MESSAGE)),
        tests,
    })
}

/// Why no test ran.
fn message(report: &Report) -> String {
    let messages = report.exercises.iter().filter_map(|exercise| exercise.message.clone());
    messages.chain(report.incomplete_line()).collect::<Vec<_>>().join("\n")
}

fn tests(exercise: &ExerciseReport) -> Vec<Test> {
    entries::of(exercise).into_iter().map(|entry| test(exercise, entry)).collect()
}

fn test(exercise: &ExerciseReport, entry: Entry) -> Test {
    let status = match entry.outcome {
        _ if exercise.message.is_some() => "error",
        TestOutcome::Pass | TestOutcome::Advice => "pass",
        TestOutcome::Fail => "fail",
        TestOutcome::Error | TestOutcome::Skipped => "error",
    };
    let text = engine::escape::terminal(&entry.details);
    let is_advice = entry.outcome == TestOutcome::Advice;
    Test {
        name: format!("{}: {}", exercise.exercise, entry.name),
        status,
        message: (status != "pass").then(|| cut(&text, MOST_MESSAGE)),
        output: is_advice.then(|| cut(&format!("advice: {text}"), MOST_OUTPUT)),
        test_code: entry.call,
    }
}

fn not_graded(report: &Report) -> impl Iterator<Item = Test> {
    let reason = format!("not graded: {}", report.stopped_by.as_deref().unwrap_or_default());
    let of = move |name: &String| Test {
        name: name.clone(),
        status: "error",
        message: Some(reason.clone()),
        output: None,
        test_code: None,
    };
    report.not_graded.iter().map(of)
}

/// At most so many characters, with an ellipsis for the rest.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
