//! The report for a browser: one file that asks for nothing from outside, with each failing schedule as a picture
//! beside the student's source.
//!
//! All text of students is escaped; should one ever get through, the content security policy allows no script but
//! ours and no request at all.

mod failure;
mod program;
mod schedule;
mod waits;

use engine::escape::markup;
use hmac_sha256::Hash;

use super::base64::base64;
use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Failure, Lesson, Report, human};
use program::Program;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

pub(super) fn render(report: &Report) -> String {
    let exercises: String = (0..).zip(&report.exercises).map(|(place, of)| exercise(place, of)).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{}<main>\n{exercises}</main>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        policy(),
        points(report.score, report.max_score),
        head(report),
    )
}

/// What the page may do: its own style, its own script, nothing else.
fn policy() -> String {
    let hash = base64(&Hash::hash(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; \
         form-action 'none'"
    )
}

fn points(score: f64, max_score: f64) -> String {
    format!("{score}/{max_score} points")
}

fn head(report: &Report) -> String {
    let incomplete =
        report.incomplete_line().map(|line| format!("<p class=\"incomplete\">{}</p>\n", markup(&line)));
    let link = |(place, of): (usize, &ExerciseReport)| {
        let (name, word) = (markup(&of.exercise), of.verdict.word());
        let points = points(of.score, of.max_score);
        format!(
            "<li><a href=\"#x{place}\">{name}</a> {} <span class=\"dim\">{points}</span></li>\n",
            chip(word)
        )
    };
    format!(
        "<header>\n<h1>{} {}</h1>\n<p class=\"dim\">cargo grade · seed {}</p>\n{}<ul class=\"exercises\">\n{}</ul>\n</header>\n",
        points(report.score, report.max_score),
        chip(report.verdict.word()),
        report.seed,
        incomplete.unwrap_or_default(),
        report.exercises.iter().enumerate().map(link).collect::<String>(),
    )
}

/// A verdict as a coloured word.
fn chip(word: &str) -> String {
    format!("<span class=\"chip {word}\">{word}</span>")
}

fn exercise(place: usize, of: &ExerciseReport) -> String {
    let program = Program::new(place, of);
    let failures = failures(of, &program);
    let source = if failures.is_empty() { String::new() } else { program.render() };
    let late = of.late.as_ref().map(|late| format!("<p class=\"late\">{late}</p>\n")).unwrap_or_default();
    format!(
        "<section id=\"x{place}\" class=\"exercise\">\n<h2>{} {} <span class=\"dim\">{}</span></h2>\n\
         <p class=\"dim\">{}, {:.1} s</p>\n{late}<ul class=\"checks\">\n{}</ul>\n\
         <div class=\"{}\">\n<div>\n{failures}</div>\n{source}</div>\n</section>\n",
        markup(&of.exercise),
        chip(of.verdict.word()),
        points(of.score, of.max_score),
        human::effort(of),
        of.seconds,
        entries::of(of).iter().map(|entry| check(&of.exercise, entry)).collect::<String>(),
        if source.is_empty() { "alone" } else { "beside" },
    )
}

/// One line a check: what it came to, its id, its points.
fn check(exercise: &str, entry: &Entry) -> String {
    let word = if entry.outcome == TestOutcome::Advice { "advice" } else { entry.verdict.word() };
    let name = markup(&entry.name);
    let failed = entry.is_failed() && entry.name != entries::NOT_SHOWN;
    let failed =
        if failed { format!(" data-failed=\"{}: {name}\"", markup(exercise)) } else { String::new() };
    let worth =
        if entry.max_score > 0.0 { format!("{}/{}", entry.score, entry.max_score) } else { String::new() };
    format!(
        "<li{failed}>{} <strong>{name}</strong> <span class=\"dim\">{worth}</span><br><span class=\"dim\">{}</span></li>\n",
        chip(word),
        markup(&entry.summary),
    )
}

/// Every failure with its run, each run once, and the runs that are shown because they teach something.
fn failures(of: &ExerciseReport, program: &Program<'_>) -> String {
    let mut html = String::new();
    if let Some(message) = &of.message {
        html += &format!("<pre class=\"message\">{}</pre>\n", markup(message));
    }
    let mut shown: Vec<&Failure> = Vec::new();
    for check in &of.checks {
        let lesson = check.shown.as_ref().filter(|_| check.lesson != Lesson::None);
        let Some(failure) = check.failure.as_ref().or(lesson) else { continue };
        let known = shown.iter().any(|other| human::is_same_run(other, failure));
        html += &failure::article(check, failure, known, program);
        shown.push(failure);
    }
    html
}
