//! Points for other gradebooks, as CSV.
//!
//! Names come from students and rosters: a cell that a spreadsheet would take for a formula is made
//! text (OWASP, "CSV Injection").

mod canvas;
pub mod dialect;
mod moodle;
mod nbgrader;
mod plain;

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use dialect::{Decimal, Dialect};
use exercises::Course;

use crate::attempt::AttemptOutcome;
use crate::roster::{Person, Roster};
use crate::sight::Seen;

/// The forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The columns of `nbgrader export`: a row for each student and exercise.
    Nbgrader,
    /// For the import of Canvas: a row for each student, a column for each exercise.
    Canvas,
    /// For the import of Moodle: a row for each student, points and feedback for each exercise.
    Moodle,
    /// All that is known: a row for each student and exercise.
    Csv,
}

impl Format {
    /// Renders `grades`.
    pub fn render(self, grades: &Grades, dialect: Dialect) -> String {
        let rows = match self {
            Self::Nbgrader => nbgrader::rows(grades),
            Self::Canvas => canvas::rows(grades),
            Self::Moodle => moodle::rows(grades),
            Self::Csv => plain::rows(grades),
        };
        write(&rows, dialect)
    }
}

/// What is exported: the attempts that count, for every person and exercise.
pub struct Grades {
    people: Vec<Person>,
    exercises: Vec<String>,
    attempts: BTreeMap<(String, String), Seen>,
}

impl Grades {
    /// The chosen `attempts`, with everybody in the `roster`. `wanted` leaves out other exercises, unless
    /// it is empty. Exercises come in the order of the `course`.
    pub fn new(attempts: Vec<Seen>, roster: Roster, wanted: &[String], course: &Course) -> Self {
        let mut people = roster;
        let mut exercises: BTreeSet<String> = wanted.iter().cloned().collect();
        let mut chosen = BTreeMap::new();
        for attempt in attempts {
            let student = attempt.student.clone();
            people.entry(student.clone()).or_insert_with(|| Person::unknown(&student));
            if wanted.is_empty() || exercises.contains(&attempt.exercise) {
                exercises.insert(attempt.exercise.clone());
                chosen.insert((student, attempt.exercise.clone()), attempt);
            }
        }
        Self {
            people: people.into_values().collect(),
            exercises: course.in_order(exercises),
            attempts: chosen,
        }
    }

    fn attempt(&self, person: &Person, exercise: &str) -> Option<&Seen> {
        self.attempts.get(&(person.folder.clone(), exercise.to_owned()))
    }

    fn max_score(&self, exercise: &str) -> f64 {
        let of = self.attempts.values().filter(|attempt| attempt.exercise == exercise);
        of.map(|attempt| attempt.max_score).fold(0.0, f64::max)
    }

    /// Every person with every exercise.
    fn pairs(&self) -> impl Iterator<Item = (&Person, &str, Option<&Seen>)> {
        self.exercises.iter().flat_map(move |exercise| {
            self.people.iter().map(move |person| (person, exercise.as_str(), self.attempt(person, exercise)))
        })
    }
}

fn outcome(attempt: Option<&Seen>) -> &'static str {
    attempt.map_or(AttemptOutcome::Missing, |attempt| attempt.outcome).word()
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
    Empty,
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn written(&self, decimal: Decimal) -> String {
        match self {
            Self::Text(text) => defused(text),
            Self::Number(number) => decimal.written(*number),
            Self::Empty => String::new(),
        }
    }
}

/// The same text, but nothing that a spreadsheet would calculate: those begin with one of these
/// characters, or their full-width forms.
fn defused(text: &str) -> String {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(BEGINNINGS) { format!("'{text}") } else { text.to_owned() }
}

fn write(rows: &[Vec<Cell>], dialect: Dialect) -> String {
    let mark: &[u8] = if dialect.bom { "\u{feff}".as_bytes() } else { &[] };
    let mut writer = csv::WriterBuilder::new().delimiter(dialect.separator.byte()).from_writer(mark.to_vec());
    for row in rows {
        // Writing to memory does not fail, and all rows of a format are of one length.
        let _ = writer.write_record(row.iter().map(|cell| cell.written(dialect.decimal)));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::attempt::{Attempt, Timestamp};
    use crate::page::tests::{course, sight};
    use crate::policy::tests::attempt;

    fn grades() -> Grades {
        let report = crate::page::tests::REPORT;
        let attempts = vec![
            Attempt { report: Some(report.into()), late_penalty: 0.5, ..attempt("ada", 6.5, 1) },
            Attempt { outcome: AttemptOutcome::Unreadable, submitted_at: None, ..attempt("=2+5", 0.0, 2) },
            Attempt { exercise: "hello-threads".into(), ..attempt("ada", 10.0, 3) },
            Attempt { submitted_at: Some(Timestamp(1)), ..attempt("zoe \"q\", r", 10.0, 4) },
        ];
        let ada = Person {
            id: "17".into(),
            sis_id: "S17".into(),
            login: "al17".into(),
            section: "A".into(),
            last_name: "Lovelace".into(),
            first_name: "Ada".into(),
            email: "ada@example.org".into(),
            ..Person::unknown("ada")
        };
        let roster = [ada, Person { id: "18".into(), ..Person::unknown("absent") }];
        let roster = roster.map(|person| (person.folder.clone(), person)).into();
        Grades::new(sight().all(&attempts), roster, &[], &course())
    }

    #[test]
    fn exports() {
        for format in Format::value_variants() {
            let name = format!("{format:?}").to_lowercase();
            insta::assert_snapshot!(name, format.render(&grades(), Dialect::default()));
        }
    }

    #[test]
    fn a_spreadsheet_gets_its_own_dialect() {
        let german = Dialect { separator: dialect::Separator::Semicolon, decimal: Decimal::Comma, bom: true };
        let text = Format::Csv.render(&grades(), german);
        assert!(text.starts_with("\u{feff}folder;id;last_name"), "{text}");
        assert!(text.contains("even-odd;fail;6,5;0,5;6;10;2023"), "{text}");
        let plain = Cell::Text("7.5".into()).written(Decimal::Comma);
        assert_eq!(plain, "7.5", "an id is no number");
    }

    #[test]
    fn only_the_wanted_exercises_are_exported() {
        let attempts = vec![attempt("ada", 10.0, 1)];
        let grades =
            Grades::new(sight().all(&attempts), Roster::new(), &["hello-threads".to_owned()], &course());
        assert_eq!(grades.exercises, ["hello-threads"]);
        assert_eq!(grades.pairs().count(), 1);
        assert!(grades.attempts.is_empty());
    }

    proptest! {
        #[test]
        fn cells_are_read_as_they_were_written_and_none_is_a_formula(
            rows in (1usize..5).prop_flat_map(|width|
                prop::collection::vec(prop::collection::vec("[=+@\t\r\n\"',; -]{0,2}\\PC{0,6}[\"',\r\n]?", width), 1..5)),
        ) {
            let cells: Vec<Vec<Cell>> =
                rows.iter().map(|row| row.iter().map(Cell::text).collect()).collect();
            let text = write(&cells, Dialect::default());
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
            prop_assert_eq!(read.len(), rows.len());
            for (read, wanted) in read.iter().flatten().zip(rows.iter().flatten()) {
                prop_assert_eq!(read.strip_prefix('\'').filter(|_| !wanted.starts_with('\'')).unwrap_or(read), wanted);
                prop_assert!(!read.starts_with(['=', '+', '-', '@', '\t', '\r']));
            }
        }
    }
}
