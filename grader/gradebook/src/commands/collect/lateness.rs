//! When submissions came, and what is said where nobody can be sure of it: a mistake would cost somebody points.

use std::path::Path;

use crate::attempt::{Attempt, AttemptOutcome};
use crate::batch::Graded;
use crate::error::Error;
use crate::handed_in::{self, Times};
use crate::policy::{self, Policy};
use crate::submission::Submission;
use crate::table::harmless;
use crate::when::Zone;

/// When submissions came, as far as the file at `path` says so.
pub(super) fn handed_in(path: Option<&Path>, class: &[Submission], zone: &Zone) -> Result<Times, Error> {
    let Some(path) = path else { return Ok(Times::default()) };
    let times = handed_in::read(path, zone)?;
    let students: Vec<&str> = class.iter().map(|submission| submission.student.as_str()).collect();
    for note in times.notes.iter().chain(&times.differences(&students)) {
        eprintln!("{}: {}", harmless(&path.display().to_string()), harmless(note));
    }
    Ok(times)
}

/// Says what being late is judged by, where it costs something.
pub(super) fn tell_what_is_assumed(exercises: &[Graded], is_said: bool) {
    for of in exercises.iter().filter(|of| of.lacks_due) {
        let name = of.exercise.name;
        eprintln!("{name}: rubric.toml has `[late]` and no due date, so nothing is taken off: --due TIME");
    }
    if !is_said && exercises.iter().any(Graded::punishes_lateness) {
        eprintln!("a submission came when its newest file was written: --handed-in FILE knows better");
    }
}

/// Says who came late by the platform's word and lost nothing.
pub(super) fn tell_what_was_marked(attempts: &[Attempt], submissions: &[Submission], exercises: &[Graded]) {
    for name in marked(attempts, submissions, exercises) {
        eprintln!(
            "{}: the platform says LATE, and no points are taken off: --handed-in FILE",
            harmless(&name)
        );
    }
}

fn marked(attempts: &[Attempt], submissions: &[Submission], exercises: &[Graded]) -> Vec<String> {
    let is_marked = |student: &str| submissions.iter().any(|it| it.is_late && it.student == student);
    let costs = |exercise: &str| {
        exercises.iter().any(|of| of.exercise.name == exercise && (of.punishes_lateness() || of.lacks_due))
    };
    let latest = policy::choose(attempts.to_vec(), Policy::Last).into_iter();
    let unpunished = latest.filter(|attempt| {
        let has_points = matches!(attempt.outcome, AttemptOutcome::Graded(_)) && attempt.score > 0.0;
        has_points && attempt.late_penalty == 0.0 && is_marked(&attempt.student) && costs(&attempt.exercise)
    });
    unpunished.map(|attempt| format!("{} {}", attempt.student, attempt.exercise)).collect()
}
