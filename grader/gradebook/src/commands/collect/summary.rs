//! What collecting ends with: a row an exercise, then the submissions that a person should look at.

use std::collections::HashSet;
use std::fmt::Write;

use exercises::{Course, Exercise};
use report::verdict::Verdict;

use crate::attempt::{Attempt, AttemptOutcome};
use crate::overview::{Statistics, statistics};
use crate::policy::{self, Policy};
use crate::submission::Submission;
use crate::table::{self, harmless};

/// The latest attempts at `exercises` of those who handed in `submissions`.
pub(super) fn render(
    attempts: Vec<Attempt>,
    submissions: &[Submission],
    exercises: &[&Exercise],
    course: &Course,
) -> String {
    let students: HashSet<&str> = submissions.iter().map(|it| it.student.as_str()).collect();
    let is_asked_for = |attempt: &Attempt| {
        students.contains(attempt.student.as_str())
            && exercises.iter().any(|exercise| exercise.name == attempt.exercise)
    };
    let mut latest = policy::choose(attempts, Policy::Last);
    latest.retain(is_asked_for);
    let header = ["exercise", "students", "mean", "median", "of", "outcomes"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> =
        [header].into_iter().chain(statistics(&latest, course).iter().map(row)).collect();
    table::render(&rows) + &to_look_at(&latest)
}

fn row(of: &Statistics) -> Vec<String> {
    let outcomes: Vec<String> =
        of.outcomes.iter().map(|(outcome, count)| format!("{count} {}", outcome.word())).collect();
    vec![
        of.exercise.clone(),
        of.students.to_string(),
        format!("{:.2}", of.mean),
        format!("{:.2}", of.median),
        of.max_score.to_string(),
        outcomes.join(", "),
    ]
}

/// Where points are 0 for another reason than the program, or nothing is proven.
fn to_look_at(latest: &[Attempt]) -> String {
    const MOST: usize = 40;
    let with_something = latest.iter().filter(|attempt| attempt.outcome != AttemptOutcome::Missing);
    let students_with_something: HashSet<&String> = with_something.map(|attempt| &attempt.student).collect();
    let is_odd = |attempt: &&Attempt| match attempt.outcome {
        AttemptOutcome::Graded(verdict) => {
            matches!(verdict, Verdict::Refused | Verdict::Inconclusive | Verdict::Skipped)
        }
        // Who handed nothing in for one exercise of many is counted above.
        AttemptOutcome::Missing => !students_with_something.contains(&attempt.student),
        AttemptOutcome::Unreadable | AttemptOutcome::GraderError => true,
    };
    let odd: Vec<&Attempt> = latest.iter().filter(is_odd).collect();
    let mut text = if odd.is_empty() { String::new() } else { "\nto look at:\n".to_owned() };
    for attempt in odd.iter().take(MOST) {
        let reason =
            attempt.message.as_deref().and_then(|message| message.lines().next()).unwrap_or_default();
        let Attempt { student, exercise, outcome, .. } = attempt;
        let line = format!("  {student} · {exercise} · {} {reason}", outcome.word());
        let _ = writeln!(text, "{}", harmless(line.trim_end()));
    }
    if odd.len() > MOST {
        let _ = writeln!(
            text,
            "  … and {} more; `cargo gradebook export --format csv` has all",
            odd.len() - MOST
        );
    }
    text
}
