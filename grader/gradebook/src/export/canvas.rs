//! The import of Canvas's gradebook ("How do I import grades in the Gradebook?"): five columns that name
//! the student, a column for each assignment, and the points possible in the second row.

use super::{Cell, Grades};

const COLUMNS: [&str; 5] = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"];

pub(super) fn rows(grades: &Grades) -> Vec<Vec<Cell>> {
    let exercises = || grades.exercises.iter();
    let mut header = COLUMNS.map(Cell::text).to_vec();
    header.extend(exercises().map(Cell::text));
    let mut possible =
        vec![Cell::text("Points Possible"), Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty];
    possible.extend(exercises().map(|exercise| Cell::Number(grades.max_score(exercise))));
    let mut rows = vec![header, possible];
    for person in &grades.people {
        let mut row = vec![
            Cell::text(person.full_name()),
            Cell::text(&person.id),
            Cell::text(&person.sis_id),
            Cell::text(&person.login),
            Cell::text(&person.section),
        ];
        // Without an attempt the cell is empty: Canvas then leaves what it has.
        let points = |exercise| grades.attempt(person, exercise).map(|attempt| attempt.final_score());
        row.extend(exercises().map(|exercise| points(exercise).map_or(Cell::Empty, Cell::Number)));
        rows.push(row);
    }
    rows
}
