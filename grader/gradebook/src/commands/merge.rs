//! `cargo gradebook merge`: put gradebooks together.

use grader::error::exit_code;

use crate::book::Book;
use crate::cli::MergeArgs;
use crate::error::Error;
use crate::table::harmless;

pub(super) fn run(args: &MergeArgs) -> Result<u8, Error> {
    // All are opened first, so that a wrong name is said before anything is changed.
    for path in &args.from {
        drop(Book::open_existing(path)?);
    }
    let mut book = Book::open(&args.into)?;
    let into = std::fs::canonicalize(&args.into).ok();
    for path in &args.from {
        let is_same = into.is_some() && std::fs::canonicalize(path).ok() == into;
        let added = if is_same { 0 } else { book.merge(path)? };
        super::say(&format!("{}: {added} new attempts\n", harmless(&path.display().to_string())))?;
    }
    Ok(exit_code::PASS)
}
