//! What holds for all formats together: they say the same, and keep what is not the reader's to see.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Audience, ExerciseReport, Format, Report, github, sample};
use crate::verdict::Verdict;

const ALL: [Format; 8] = [
    Format::Human,
    Format::Json,
    Format::Html,
    Format::Junit,
    Format::Github,
    Format::Classroom,
    Format::Gradescope,
    Format::Exercism,
];

/// As `Format::render_for`, with a token that does not change.
fn render(format: Format, report: &Report) -> String {
    match format {
        Format::Human => plain(&format.render(report)),
        Format::Github => github::render(&report.seen_by(Audience::Student), "TOKEN"),
        _ => format.render(report),
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn snapshot(name: &str, file: &str, text: String) {
    insta::assert_binary_snapshot!(&format!("{name}.{file}"), text.into_bytes());
}

#[test]
fn every_format_of_the_sample_is_as_it_was() {
    let files = ["txt", "json", "html", "xml", "log", "classroom.json", "gradescope.json", "exercism.json"];
    for (format, extension) in ALL.into_iter().zip(files) {
        let ending = extension.rsplit('.').next().unwrap();
        snapshot(format.name(), ending, render(format, &sample::report()));
        snapshot(&format!("{}-stopped", format.name()), ending, render(format, &sample::stopped()));
    }
    snapshot("summary", "md", sample::report().summary(Audience::Student, usize::MAX));
}

/// `exercise: check` for all that failed, from the report itself.
fn failed(report: &Report) -> BTreeSet<String> {
    let of = |exercise: &ExerciseReport| {
        let name = exercise.exercise.clone();
        let message = exercise.message.as_ref().map(|_| format!("{name}: {}", exercise.verdict.word()));
        let is_failed = |check: &&super::CheckReport| check.verdict == Verdict::Fail && !check.is_advice();
        let checks: Vec<String> =
            exercise.checks.iter().filter(is_failed).map(|check| format!("{name}: {}", check.id)).collect();
        checks.into_iter().chain(message)
    };
    report.exercises.iter().flat_map(of).collect()
}

/// Names of tests in a JSON format for which `is_failed` holds, but for the sum of what is not shown.
fn failed_tests(text: &str, is_failed: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let results: Value = serde_json::from_str(text).unwrap();
    let tests = results["tests"].as_array().unwrap().iter().filter(|test| is_failed(test));
    let names = tests.map(|test| test["name"].as_str().unwrap().to_owned());
    names.filter(|name| !name.ends_with("not-shown") && !name.ends_with(": late")).collect()
}

fn failed_in_junit(text: &str) -> BTreeSet<String> {
    let attribute = |text: &str, name: &str| {
        text.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().to_owned()
    };
    let cases = text.split("<testcase ").skip(1).filter(|case| case.contains("<failure "));
    let names = cases.map(|case| format!("{}: {}", attribute(case, "classname"), attribute(case, " name")));
    names.filter(|name| !name.ends_with("not-shown")).collect()
}

#[test]
fn every_format_names_the_same_failed_checks() {
    let report = sample::report();
    let expected = failed(&report.seen_by(Audience::Student));
    let of = |format| render(format, &report);
    let is = |key: &'static str, word: &'static str| move |test: &Value| test[key] == word;
    assert_eq!(failed_in_junit(&of(Format::Junit).replace("<testcase name", "<testcase  name")), expected);
    assert_eq!(failed_tests(&of(Format::Classroom), is("status", "fail")), expected);
    let judged = |test: &Value| {
        let is_it = |word: &str| test["tags"].as_array().unwrap().contains(&word.into());
        test["visibility"] == "visible"
            && test["status"] == "failed"
            && !is_it("inconclusive")
            && !is_it("skipped")
    };
    assert_eq!(failed_tests(&of(Format::Gradescope), judged), expected);
    let with_tests = expected.iter().filter(|name| name.starts_with("bank-account")).cloned().collect();
    assert_eq!(failed_tests(&of(Format::Exercism), is("status", "fail")), with_tests);
    for name in &expected {
        let (exercise, check) = name.split_once(": ").unwrap();
        assert!(of(Format::Human).contains(&format!("{exercise} · {check}")), "{name}");
        assert!(of(Format::Html).contains(&format!("data-failed=\"{name}\"")), "{name}");
        let github = of(Format::Github).replace("%3A", ":");
        assert!(
            github.contains(&format!("title={name}::")) || github.contains(&format!("%0A{name}%0A")),
            "{name}"
        );
    }
    assert_eq!(of(Format::Html).matches("data-failed=").count(), expected.len());
}

#[test]
fn every_format_has_the_same_points() {
    let report = sample::report();
    let (score, max_score) = (report.score, report.max_score);
    let points = format!("{score}/{max_score} points");
    for format in [Format::Human, Format::Html, Format::Github] {
        assert!(render(format, &report).contains(&points), "{format:?}");
    }
    let value = |format| serde_json::from_str::<Value>(&render(format, &report)).unwrap();
    let json = value(Format::Json);
    assert_eq!((json["score"].as_f64(), json["max_score"].as_f64()), (Some(score), Some(max_score)));
    let gradescope = value(Format::Gradescope);
    assert_eq!(gradescope["score"].as_f64(), Some(score));
    assert_eq!(gradescope["extra_data"]["max_score"].as_f64(), Some(max_score));
    let classroom = value(Format::Classroom);
    let sum: f64 =
        classroom["tests"].as_array().unwrap().iter().map(|test| test["score"].as_f64().unwrap()).sum();
    assert_eq!((sum, classroom["max_score"].as_f64()), (score, Some(max_score)));
    let junit = render(Format::Junit, &report);
    let scores = junit.split("<property name=\"score\" value=\"").skip(1);
    let sum: f64 = scores.map(|rest| rest.split('"').next().unwrap().parse::<f64>().unwrap()).sum();
    assert_eq!(sum, score);
}

#[test]
fn no_format_shows_students_a_hidden_check_but_gradescope_which_hides_it_itself() {
    for format in ALL {
        let text = render(format, &sample::report());
        let shows = text.contains("secret") || text.contains("later");
        assert_eq!(shows, format == Format::Gradescope, "{format:?}");
    }
    let summary = sample::report().summary(Audience::Student, usize::MAX);
    assert!(!summary.contains("secret") && !summary.contains("later"));
    let gradescope: Value = serde_json::from_str(&Format::Gradescope.render(&sample::report())).unwrap();
    for test in gradescope["tests"].as_array().unwrap() {
        let name = test["name"].as_str().unwrap();
        let hidden = name.contains("secret") || name.contains("later");
        assert_eq!(test["visibility"] != "visible", hidden, "{name}");
    }
}

#[test]
fn teachers_see_every_check_in_every_format() {
    for format in ALL.into_iter().filter(|format| *format != Format::Human) {
        let text = format.render_for(&sample::report(), Audience::Teacher);
        assert!(text.contains("secret-audit") && !text.contains("not-shown"), "{format:?}");
    }
}

#[test]
fn every_format_says_that_it_is_incomplete_and_what_is_missing() {
    for format in ALL {
        let text = render(format, &sample::stopped());
        assert!(text.contains("interrupted") && text.contains("primes"), "{format:?}: {text}");
    }
    assert_eq!(sample::stopped().verdict, Verdict::Inconclusive);
}

#[test]
fn a_report_can_be_stored_and_read_again() {
    let json = serde_json::to_string(&sample::report()).unwrap();
    let again: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), json);
}

#[test]
fn no_format_lets_an_escape_sequence_of_a_student_through() {
    for format in ALL {
        assert!(!render(format, &sample::report()).contains('\u{1b}'), "{format:?}");
    }
}
