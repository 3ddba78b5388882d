//! `cargo gradebook export`: points as CSV.

use grader::exit_code;
use grader::output::Output;

use crate::book::Book;
use crate::cli::ExportArgs;
use crate::error::Error;
use crate::export::Grades;
use crate::policy;
use crate::roster::{self, Roster};

pub(super) fn run(args: &ExportArgs) -> Result<u8, Error> {
    for exercise in &args.exercises {
        super::find(exercise)?;
    }
    let roster = args.roster.as_deref().map_or_else(|| Ok(Roster::new()), roster::read)?;
    let attempts = Book::open_existing(&args.book.path)?.attempts()?;
    let output = Output::open(args.output.as_deref())?;
    let chosen = policy::choose(attempts, args.policy.policy);
    output.write(&args.format.render(&Grades::new(chosen, roster, &args.exercises)))?;
    Ok(exit_code::PASS)
}
