//! A report as a flat list of tests, as most formats want it: one entry a check, or one for an exercise of which
//! nothing was judged, and one for what is in the sums but not among the checks.

use super::diagnostics::{self, Mark};
use super::{CheckReport, ExerciseReport, Failure, Report, Visibility, human};
use crate::verdict::Verdict;

/// The name of the entry for checks that are kept from the reader.
pub(crate) const NOT_SHOWN: &str = "not-shown";

/// What a test came to, in the words that test formats share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestOutcome {
    /// The promise was kept.
    Pass,
    /// The student's program is at fault.
    Fail,
    /// Nothing was proven.
    Error,
    /// It was not judged.
    Skipped,
    /// It is worth no points and was not kept: never a failure.
    Advice,
}

/// One test.
pub(crate) struct Entry {
    /// The id of the check, or why there is none.
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    pub(crate) outcome: TestOutcome,
    pub(crate) score: f64,
    pub(crate) max_score: f64,
    pub(crate) visibility: Visibility,
    /// What was found, in a sentence.
    pub(crate) summary: String,
    /// What was promised, what was seen, and how to see it again, without the run.
    pub(crate) brief: String,
    /// All that there is to say; the summary for what kept its promise.
    pub(crate) details: String,
    /// Where in the student's source it shows.
    pub(crate) mark: Option<Mark>,
    /// The call of the program.
    pub(crate) call: Option<String>,
}

impl Entry {
    /// Whether it counts as failed.
    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.outcome, TestOutcome::Fail)
    }
}

/// The entries of one exercise.
pub(crate) fn of(exercise: &ExerciseReport) -> Vec<Entry> {
    if let Some(message) = &exercise.message {
        return vec![of_message(exercise, message)];
    }
    let checks = exercise.checks.iter().map(|check| of_check(exercise, check));
    checks.chain(withheld(exercise)).collect()
}

/// Whether a report is a success as a whole, a failure, or neither.
pub(crate) fn overall(report: &Report) -> TestOutcome {
    match outcome(report.verdict) {
        TestOutcome::Fail => TestOutcome::Fail,
        TestOutcome::Pass if !report.incomplete => TestOutcome::Pass,
        _ => TestOutcome::Error,
    }
}

fn outcome(verdict: Verdict) -> TestOutcome {
    match verdict {
        Verdict::Pass => TestOutcome::Pass,
        Verdict::Skipped => TestOutcome::Skipped,
        Verdict::Inconclusive => TestOutcome::Error,
        Verdict::Fail | Verdict::NotImplemented | Verdict::Refused | Verdict::BuildError => TestOutcome::Fail,
    }
}

fn of_message(exercise: &ExerciseReport, message: &str) -> Entry {
    let first = message.lines().next().unwrap_or_default();
    Entry {
        name: exercise.verdict.word().to_owned(),
        verdict: exercise.verdict,
        outcome: outcome(exercise.verdict),
        score: exercise.score,
        max_score: exercise.max_score,
        visibility: Visibility::Visible,
        summary: first.to_owned(),
        brief: first.to_owned(),
        details: message.to_owned(),
        mark: diagnostics::marks(exercise).into_iter().next(),
        call: None,
    }
}

fn of_check(exercise: &ExerciseReport, check: &CheckReport) -> Entry {
    let failure = check.failure.as_ref();
    Entry {
        name: check.id.clone(),
        verdict: check.verdict,
        outcome: match check.verdict {
            Verdict::Pass => TestOutcome::Pass,
            _ if check.is_advice() => TestOutcome::Advice,
            verdict => outcome(verdict),
        },
        score: check.score,
        max_score: check.max_score,
        visibility: check.visibility,
        summary: check.message.clone(),
        brief: failure.map_or_else(|| check.message.clone(), brief),
        details: failure.map_or_else(|| check.message.clone(), human::plain_failure),
        mark: failure.and_then(|failure| mark(exercise, failure)),
        call: failure.map(|failure| failure.call.clone()),
    }
}

fn brief(failure: &Failure) -> String {
    let Failure { sentence, expected, seen, replay, .. } = failure;
    let contract = sentence.as_ref().map(|of| format!("contract: {}\n", of.text)).unwrap_or_default();
    format!("{contract}expected: {expected}\nseen: {seen}\nagain: {replay}")
}

fn mark(exercise: &ExerciseReport, failure: &Failure) -> Option<Mark> {
    let place = failure.place.as_ref()?;
    Some(Mark { path: exercise.path_of(&place.file), line: place.line, title: String::new() })
}

/// The points of the checks that are kept from the reader, so that what adds up entries gets the same sum.
fn withheld(exercise: &ExerciseReport) -> Option<Entry> {
    let points = exercise.withheld.filter(|points| points.max_score > 0.0)?;
    let verdict = if points.score < points.max_score { exercise.verdict } else { Verdict::Pass };
    let summary = format!("{} of {} points", points.score, points.max_score);
    Some(Entry {
        name: NOT_SHOWN.into(),
        verdict,
        outcome: outcome(verdict),
        score: points.score,
        max_score: points.max_score,
        visibility: Visibility::Visible,
        details: summary.clone(),
        brief: summary.clone(),
        summary,
        mark: None,
        call: None,
    })
}
