//! JUnit's XML, in the shape that nextest writes and GitLab, Jenkins and others read: a suite an exercise, a test
//! case a check. What the grader could not decide is an `error`, never a `failure` of the student.

use std::fmt::Write;

use engine::escape::markup;

use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report, sum};

/// How many of the cases came to what.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

pub(super) fn render(report: &Report) -> String {
    let suites: Vec<Vec<Entry>> = report.exercises.iter().map(entries::of).collect();
    let mut counts = Counts::of(suites.iter().flatten());
    counts.tests += report.not_graded.len();
    counts.errors += report.not_graded.len();
    let seconds = sum(report.exercises.iter().map(|exercise| exercise.seconds));
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(xml, "<testsuites name=\"cargo grade\" {} time=\"{seconds:.3}\">", counts.attributes());
    for (exercise, entries) in report.exercises.iter().zip(&suites) {
        xml += &suite(exercise, entries);
    }
    report.not_graded.iter().for_each(|name| xml += &not_graded(name, report));
    xml += "</testsuites>\n";
    xml
}

fn suite(exercise: &ExerciseReport, entries: &[Entry]) -> String {
    let name = markup(&exercise.exercise);
    let counts = Counts::of(entries.iter());
    let mut xml = format!(
        "  <testsuite name=\"{name}\" {} disabled=\"0\" skipped=\"{}\" time=\"{:.3}\">\n",
        counts.attributes(),
        counts.skipped,
        exercise.seconds,
    );
    xml += &properties(exercise);
    entries.iter().for_each(|entry| xml += &case(exercise, &name, entry));
    xml += "  </testsuite>\n";
    xml
}

/// JUnit knows no points: they are properties of the suite.
fn properties(exercise: &ExerciseReport) -> String {
    let mut pairs = vec![
        ("verdict", exercise.verdict.word().to_owned()),
        ("score", exercise.score.to_string()),
        ("max_score", exercise.max_score.to_string()),
    ];
    pairs.extend(exercise.late.as_ref().map(|late| ("late", late.to_string())));
    let line = |(name, value): (&str, String)| {
        format!("      <property name=\"{name}\" value=\"{}\"/>\n", markup(&value))
    };
    format!("    <properties>\n{}    </properties>\n", pairs.into_iter().map(line).collect::<String>())
}

/// Where it shows in the student's source; else the file in which a person would begin to look.
fn place(exercise: &ExerciseReport, entry: &Entry) -> String {
    let file = |path: &str| format!(" file=\"{}\"", markup(path));
    match &entry.mark {
        Some(mark) => format!("{} line=\"{}\"", file(&mark.path), mark.line),
        None => file(&exercise.path_of("main.rs")),
    }
}

fn case(exercise: &ExerciseReport, class: &str, entry: &Entry) -> String {
    let head = format!(
        "    <testcase name=\"{}\" classname=\"{class}\"{}",
        markup(&entry.name),
        place(exercise, entry)
    );
    let (message, kind) = (markup(&one_line(&entry.summary)), entry.verdict.word());
    let body = match entry.outcome {
        TestOutcome::Pass => return head + "/>\n",
        TestOutcome::Fail => element("failure", kind, &message, &entry.details),
        TestOutcome::Error => element("error", kind, &message, &entry.details),
        TestOutcome::Skipped => format!("      <skipped message=\"{message}\"/>\n"),
        TestOutcome::Advice => format!(
            "      <skipped message=\"advice: {message}\"/>\n      <system-out>{}</system-out>\n",
            markup(&entry.details)
        ),
    };
    format!("{head}>\n{body}    </testcase>\n")
}

fn element(name: &str, kind: &str, message: &str, text: &str) -> String {
    format!("      <{name} type=\"{kind}\" message=\"{message}\">{}</{name}>\n", markup(text))
}

fn not_graded(exercise: &str, report: &Report) -> String {
    let name = markup(exercise);
    let reason = report.stopped_by.as_deref().unwrap_or_default();
    let message = markup(&format!("not graded: {reason}"));
    format!(
        "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\" disabled=\"0\" skipped=\"0\">\n    \
         <testcase name=\"graded\" classname=\"{name}\">\n{}    </testcase>\n  </testsuite>\n",
        element("error", "incomplete", &message, "")
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Counts {
    fn of<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            counts.tests += 1;
            match entry.outcome {
                TestOutcome::Pass => {}
                TestOutcome::Fail => counts.failures += 1,
                TestOutcome::Error => counts.errors += 1,
                TestOutcome::Skipped | TestOutcome::Advice => counts.skipped += 1,
            }
        }
        counts
    }

    fn attributes(&self) -> String {
        format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors)
    }
}
