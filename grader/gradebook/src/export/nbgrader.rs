//! The columns of `nbgrader export` (nbgrader's documentation, "Exporting grades"). There is no due date here.

use super::{Cell, Grades};

const COLUMNS: [&str; 11] = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
];

pub(super) fn rows(grades: &Grades) -> Vec<Vec<Cell>> {
    let mut rows = vec![COLUMNS.map(Cell::text).to_vec()];
    for (person, exercise, attempt) in grades.pairs() {
        let submitted_at = attempt.and_then(|attempt| attempt.submitted_at);
        rows.push(vec![
            Cell::text(exercise),
            Cell::Empty,
            submitted_at.map_or(Cell::Empty, |time| Cell::text(time.to_string())),
            Cell::text(&person.id),
            Cell::text(&person.last_name),
            Cell::text(&person.first_name),
            Cell::text(&person.email),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.score)),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.late_penalty)),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.final_score())),
            Cell::Number(grades.max_score(exercise)),
        ]);
    }
    rows
}
