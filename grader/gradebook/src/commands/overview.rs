//! `cargo gradebook overview`: the page of a class.

use grader::cli::output::Output;
use grader::error::exit_code;

use crate::book::Book;
use crate::cli::OverviewArgs;
use crate::error::Error;
use crate::overview;
use crate::policy;

pub(super) fn run(args: &OverviewArgs) -> Result<u8, Error> {
    let attempts = Book::open_existing(&args.book.path)?.attempts()?;
    let output = Output::open(Some(&args.html))?;
    let chosen = policy::choose(attempts, args.policy.policy);
    output.write(&overview::render(&overview::statistics(&chosen)))?;
    Ok(exit_code::PASS)
}
