//! `cargo gradebook export`: points as CSV.

use std::time::SystemTime;

use engine::workspace::Workspace;
use exercises::Course;
use grader::cli::commands::known;
use grader::cli::output::Output;
use grader::error::exit_code;

use crate::attempt::Attempt;
use crate::book::Book;
use crate::cli::ExportArgs;
use crate::error::Error;
use crate::export::Grades;
use crate::export::dialect::Dialect;
use crate::policy;
use crate::roster::{self, Roster};
use crate::sight::Sight;
use crate::stale;
use crate::table::harmless;

pub(super) fn run(args: &ExportArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let course = Course::of(&workspace)?;
    for exercise in &args.exercises {
        known(&course, exercise)?;
    }
    let shape = args.spreadsheet;
    let dialect =
        Dialect::of(args.format, shape.separator, shape.decimal, shape.bom).map_err(Error::usage)?;
    let due = args.due.due()?;
    let book = Book::open_existing(&args.book.path)?;
    let mut chosen = policy::choose(book.attempts()?, args.policy.policy);
    let roster = roster(args, &chosen)?;
    chosen.retain(|attempt| args.exercises.is_empty() || args.exercises.contains(&attempt.exercise));
    let sight = Sight::new((&workspace, &course), &book, &chosen, due, SystemTime::now().into())?;
    for note in stale::notes((&workspace, &course), &book, &chosen)? {
        eprintln!("{}", harmless(&note));
    }
    let output = Output::open(args.output.as_deref())?;
    let grades = Grades::new(sight.all(&chosen), roster, &args.exercises, &course);
    output.write(&args.format.render(&grades, dialect))?;
    Ok(exit_code::PASS)
}

/// The roster, and a word about who is in it or in the gradebook only.
fn roster(args: &ExportArgs, chosen: &[Attempt]) -> Result<Roster, Error> {
    let Some(path) = &args.roster else { return Ok(Roster::new()) };
    let (roster, notes) = roster::read(path)?;
    let mut students: Vec<&str> = chosen.iter().map(|attempt| attempt.student.as_str()).collect();
    students.dedup();
    let roster = roster::with_names_of(roster, &students);
    for note in notes.iter().chain(&roster::differences(&roster, &students)) {
        eprintln!("{}: {}", harmless(&path.display().to_string()), harmless(note));
    }
    Ok(roster)
}
