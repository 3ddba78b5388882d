//! For a step of GitHub Actions: annotations at the student's lines ("Workflow commands for GitHub Actions"), and the
//! text for people, in which nothing is taken for a command.
//!
//! GitHub shows ten annotations of a kind for a step, so those at one line are one, and the last stands for the rest.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};

use engine::escape::{command_message, command_property, terminal};

use super::diagnostics;
use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report, human};

/// The most annotations of a kind.
const MOST: usize = 10;

/// The most characters of a message: enough to know what is wrong; the summary has the rest.
const MOST_MESSAGE: usize = 2_000;

/// An annotation in the making.
struct Annotation {
    kind: &'static str,
    /// File and line; `None` for one about the whole.
    place: Option<(String, u32)>,
    title: String,
    message: String,
}

/// `token` ends the part in which commands are off. Who does not know it cannot end it.
pub(super) fn render(report: &Report, token: &str) -> String {
    let all: Vec<Annotation> = report.exercises.iter().flat_map(of_exercise).chain(notices(report)).collect();
    let mut text = String::new();
    for kind in ["error", "warning", "notice"] {
        let of_kind = merged(all.iter().filter(|annotation| annotation.kind == kind));
        limited(of_kind).iter().for_each(|annotation| text += &command(annotation));
    }
    let log = anstream::adapter::strip_str(&human::render(report, None)).to_string();
    let _ = write!(text, "::stop-commands::{token}\n{}::{token}::\n", terminal(&log));
    text
}

/// A word that nobody can guess: std keys its hashers from the system's source of randomness.
pub(super) fn unguessable_token() -> String {
    let random = || RandomState::new().hash_one(0u8);
    format!("stop-{:016x}{:016x}", random(), random())
}

fn of_exercise(exercise: &ExerciseReport) -> Vec<Annotation> {
    let name = &exercise.exercise;
    let title = |check: &str| format!("{name}: {check}");
    if exercise.message.is_some() {
        let verdict = title(exercise.verdict.word());
        let marks = diagnostics::marks(exercise).into_iter();
        let at = |mark: diagnostics::Mark| Annotation {
            kind: "error",
            place: Some((mark.path, mark.line)),
            title: verdict.clone(),
            message: mark.title,
        };
        let annotations: Vec<Annotation> = marks.map(at).collect();
        if !annotations.is_empty() {
            return annotations;
        }
    }
    let of_entry = |entry: Entry| {
        let kind = match entry.outcome {
            TestOutcome::Pass => return None,
            TestOutcome::Fail => "error",
            TestOutcome::Error | TestOutcome::Skipped | TestOutcome::Advice => "warning",
        };
        let place = entry.mark.map(|mark| (mark.path, mark.line));
        Some(Annotation { kind, place, title: title(&entry.name), message: terminal(&entry.brief) })
    };
    entries::of(exercise).into_iter().filter_map(of_entry).collect()
}

/// What there is to say about the whole.
fn notices(report: &Report) -> Vec<Annotation> {
    let points = format!("{}/{} points", report.score, report.max_score);
    let about =
        |kind, title: &str, message| Annotation { kind, place: None, title: title.to_owned(), message };
    let incomplete = report.incomplete_line().map(|line| about("error", "incomplete", line));
    incomplete.into_iter().chain([about("notice", "cargo grade", points)]).collect()
}

/// One annotation for all that is said of one line.
fn merged<'a>(annotations: impl Iterator<Item = &'a Annotation>) -> Vec<Annotation> {
    let mut merged: Vec<Annotation> = Vec::new();
    for Annotation { kind, place, title, message } in annotations {
        match merged.iter_mut().find(|known| known.place.is_some() && known.place == *place) {
            Some(known) => {
                let _ = write!(known.message, "\n\n{title}\n{message}");
            }
            None => merged.push(Annotation {
                kind,
                place: place.clone(),
                title: title.clone(),
                message: message.clone(),
            }),
        }
    }
    merged
}

fn limited(mut annotations: Vec<Annotation>) -> Vec<Annotation> {
    if annotations.len() > MOST {
        let rest = annotations.split_off(MOST - 1);
        let titles: Vec<&str> = rest.iter().map(|annotation| annotation.title.as_str()).collect();
        annotations.push(Annotation {
            kind: rest[0].kind,
            place: None,
            title: format!("{} more", rest.len()),
            message: titles.join("\n"),
        });
    }
    annotations
}

fn command(annotation: &Annotation) -> String {
    let Annotation { kind, place, title, message } = annotation;
    let place = place.as_ref().map(|(file, line)| format!("file={},line={line},", command_property(file)));
    let short: String = message.chars().take(MOST_MESSAGE).collect();
    format!(
        "::{kind} {}title={}::{}\n",
        place.unwrap_or_default(),
        command_property(title),
        command_message(&short)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Audience, sample};

    #[test]
    fn no_student_can_give_a_command() {
        let text = render(&sample::report(), "TOKEN");
        let (commands, log) = text.split_once("::stop-commands::TOKEN\n").unwrap();
        assert!(commands.lines().all(|line| {
            ["::error ", "::warning ", "::notice "].iter().any(|kind| line.starts_with(kind))
        }));
        assert!(log.ends_with("\n::TOKEN::\n") && log.matches("TOKEN").count() == 1, "{log}");
    }

    #[test]
    fn more_than_ten_of_a_kind_end_with_their_number() {
        let mut report = sample::report().seen_by(Audience::Student);
        let failed =
            report.exercises[1].checks.iter().find(|check| check.id == "bad-ledger").cloned().unwrap();
        for number in 0..14 {
            let mut more = failed.clone();
            more.failure.as_mut().unwrap().place.as_mut().unwrap().line = 100 + number;
            report.exercises[1].checks.push(more);
        }
        let text = render(&report, "TOKEN");
        let (commands, _) = text.split_once("::stop-commands::").unwrap();
        let errors: Vec<&str> = commands.lines().filter(|line| line.starts_with("::error ")).collect();
        assert_eq!(errors.len(), 10);
        assert!(errors[9].starts_with("::error title=") && errors[9].contains(" more::"), "{}", errors[9]);
    }

    #[test]
    fn two_failures_at_one_line_are_one_annotation() {
        let report = sample::report().seen_by(Audience::Student);
        let text = render(&report, "TOKEN");
        let at = |line: &&str| line.contains("file=crates/bank-account/src/main.rs,line=6,");
        assert_eq!(text.lines().filter(|line| line.starts_with("::error")).filter(at).count(), 1);
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(unguessable_token(), unguessable_token());
    }
}
