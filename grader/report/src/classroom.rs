//! The result of a grader of GitHub Classroom, as `autograding-grading-reporter` reads it: it adds up the points of
//! the tests, so what is in the sums but is no check has an entry, too.

use serde::Serialize;

use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report};

#[derive(Serialize)]
struct Results {
    version: u32,
    status: &'static str,
    max_score: f64,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    name: String,
    status: &'static str,
    score: f64,
    message: Option<String>,
    test_code: String,
    filename: String,
    line_no: u32,
    /// The grader times exercises, not checks.
    duration: f64,
}

pub(super) fn render(report: &Report) -> String {
    let results = Results {
        version: 1,
        status: match entries::overall(report) {
            TestOutcome::Pass => "pass",
            TestOutcome::Fail => "fail",
            _ => "error",
        },
        max_score: report.max_score,
        tests: report.exercises.iter().flat_map(tests).chain(not_graded(report)).collect(),
    };
    super::json::pretty(&results)
}

fn tests(exercise: &ExerciseReport) -> Vec<Test> {
    let entries = entries::of(exercise).into_iter().map(|entry| test(exercise, entry));
    entries.chain(late(exercise)).collect()
}

fn test(exercise: &ExerciseReport, entry: Entry) -> Test {
    let (filename, line_no) = entry.mark.map(|mark| (mark.path, mark.line)).unwrap_or_default();
    Test {
        name: format!("{}: {}", exercise.exercise, entry.name),
        status: match entry.outcome {
            TestOutcome::Pass | TestOutcome::Advice => "pass",
            TestOutcome::Fail => "fail",
            TestOutcome::Error | TestOutcome::Skipped => "error",
        },
        score: entry.score,
        message: match entry.outcome {
            TestOutcome::Pass => None,
            TestOutcome::Advice => Some(format!("advice: {}", engine::escape::terminal(&entry.details))),
            _ => Some(engine::escape::terminal(&entry.details)),
        },
        test_code: entry.call.unwrap_or_default(),
        filename,
        line_no,
        duration: 0.0,
    }
}

fn late(exercise: &ExerciseReport) -> Option<Test> {
    let late = exercise.late.as_ref()?;
    Some(plain(format!("{}: late", exercise.exercise), "fail", -late.lost(), late.to_string()))
}

fn not_graded(report: &Report) -> impl Iterator<Item = Test> {
    let reason = report.stopped_by.clone().unwrap_or_default();
    let of = move |name: &String| plain(name.clone(), "error", 0.0, format!("not graded: {reason}"));
    report.not_graded.iter().map(of)
}

fn plain(name: String, status: &'static str, score: f64, message: String) -> Test {
    let message = Some(message);
    Test {
        name,
        status,
        score,
        message,
        test_code: String::new(),
        filename: String::new(),
        line_no: 0,
        duration: 0.0,
    }
}
