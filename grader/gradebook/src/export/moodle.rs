//! The grade import of Moodle ("Grade import", CSV): students by address or id number, then points and
//! feedback, which are mapped to a grade item when they are imported.

use super::{Cell, Grades};
use crate::attempt::AttemptOutcome;
use crate::sight::Seen;

const COLUMNS: [&str; 4] = ["Email address", "ID number", "First name", "Last name"];

pub(super) fn rows(grades: &Grades) -> Vec<Vec<Cell>> {
    let mut header = COLUMNS.map(Cell::text).to_vec();
    for exercise in &grades.exercises {
        header.extend([Cell::text(exercise), Cell::text(format!("{exercise} (feedback)"))]);
    }
    let mut rows = vec![header];
    for person in &grades.people {
        let mut row = vec![
            Cell::text(&person.email),
            Cell::text(&person.id),
            Cell::text(&person.first_name),
            Cell::text(&person.last_name),
        ];
        for exercise in &grades.exercises {
            match grades.attempt(person, exercise) {
                None => row.extend([Cell::Empty, Cell::Empty]),
                Some(attempt) => {
                    row.extend([Cell::Number(attempt.final_score()), Cell::text(feedback(attempt))]);
                }
            }
        }
        rows.push(row);
    }
    rows
}

/// The outcome, and which checks failed. Moodle shows it to students.
fn feedback(attempt: &Seen) -> String {
    let withheld = attempt.exercise_report().and_then(|report| report.withheld);
    let has_lost_more = withheld.is_some_and(|points| points.score < points.max_score);
    let failed: Vec<&str> =
        attempt.failed_checks().chain(has_lost_more.then_some("a check that is not shown")).collect();
    let late = if attempt.late_penalty > 0.0 {
        format!("; {} points off", attempt.late_penalty)
    } else {
        String::new()
    };
    match (attempt.outcome, failed.is_empty()) {
        (AttemptOutcome::Graded(verdict), false) => {
            format!("{}: {}{late}", verdict.word(), failed.join(", "))
        }
        (outcome, _) => format!("{}{late}", outcome.word()),
    }
}
