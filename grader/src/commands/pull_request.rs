//! The two commands that the workflow for pull requests calls; people have no need of them.

use std::fs::File;
use std::io::{Read, Write};

use crate::cli::{PullRequestCommentArgs, TakePullRequestArgs};
use crate::error::Error;
use crate::exercise::Exercise;
use crate::exit_code;
use crate::output::Output;
use crate::pull_request::{self, Taken, comment};
use crate::rubric::Rubric;
use crate::workspace::Workspace;

/// `cargo grade take-pull-request`
pub(super) fn take(args: &TakePullRequestArgs) -> Result<u8, Error> {
    let Taken { files, left } = pull_request::take(&args.repository, args.number, &args.head, &args.out)?;
    // A closed standard output is nobody's fault.
    let _ = writeln!(anstream::stdout(), "{files} source files taken, {left} files left that are no Rust");
    Ok(exit_code::PASS)
}

/// `cargo grade pull-request-comment`
pub(super) fn comment(args: &PullRequestCommentArgs) -> Result<u8, Error> {
    let path = &args.report;
    let mut json = String::new();
    let file = File::open(path).map_err(Error::file(path))?;
    file.take(comment::MOST_BYTES).read_to_string(&mut json).map_err(Error::file(path))?;
    let workspace = Workspace::find()?;
    let rubric = |exercise: &Exercise| Rubric::read(&workspace, exercise);
    let text = comment::render(&json, &args.head, rubric)
        .map_err(|reason| Error::Content { path: path.clone(), reason })?;
    Output::open(None)?.write(&text)?;
    Ok(exit_code::PASS)
}
