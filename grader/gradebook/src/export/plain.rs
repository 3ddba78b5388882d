//! Everything that is known, for spreadsheets and programs.

use super::{Cell, Grades, outcome};
use crate::attempt::Timestamp;

const COLUMNS: [&str; 13] = [
    "folder",
    "id",
    "last_name",
    "first_name",
    "email",
    "exercise",
    "outcome",
    "raw_score",
    "late_penalty",
    "score",
    "max_score",
    "submitted_at",
    "graded_at",
];

pub(super) fn rows(grades: &Grades) -> Vec<Vec<Cell>> {
    let mut rows = vec![COLUMNS.map(Cell::text).to_vec()];
    let time = |time: Option<Timestamp>| time.map_or(Cell::Empty, |time| Cell::text(time.to_string()));
    for (person, exercise, attempt) in grades.pairs() {
        rows.push(vec![
            Cell::text(&person.folder),
            Cell::text(&person.id),
            Cell::text(&person.last_name),
            Cell::text(&person.first_name),
            Cell::text(&person.email),
            Cell::text(exercise),
            Cell::text(outcome(attempt)),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.score)),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.late_penalty)),
            Cell::Number(attempt.map_or(0.0, |attempt| attempt.final_score())),
            Cell::Number(grades.max_score(exercise)),
            time(attempt.and_then(|attempt| attempt.submitted_at)),
            time(attempt.map(|attempt| attempt.graded_at)),
        ]);
    }
    rows
}
