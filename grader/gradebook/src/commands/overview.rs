//! `cargo gradebook overview`: the page of a class.

use engine::workspace::Workspace;
use exercises::Course;
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
    // A gradebook can be looked at anywhere; in which order its exercises come is known in the course's repository.
    let course = Workspace::find().and_then(|workspace| Course::of(&workspace)).unwrap_or_default();
    output.write(&overview::render(&overview::statistics(&chosen, &course)))?;
    Ok(exit_code::PASS)
}
