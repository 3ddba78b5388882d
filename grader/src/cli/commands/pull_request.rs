//! The two commands that the workflow for pull requests calls; people have no need of them.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use engine::workspace::Workspace;
use exercises::{Course, Exercise};

use crate::cli::args::{PullRequestCommentArgs, TakePullRequestArgs};
use crate::cli::output::Output;
use crate::course::pull_request::{self, Taken, comment};
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::rubric::Rubric;

/// `cargo grade take-pull-request`
pub(super) fn take(args: &TakePullRequestArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let list = args.not_taken.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let Taken { files, left, changed } =
        pull_request::take(&args.repository, args.number, &args.head, &args.out, &workspace)?;
    let mut text = format!("{files} source files taken, {} files left that are no Rust\n", left.len());
    for (what, paths) in [("left", &left), ("not taken, as the course's own are used", &changed)] {
        if !paths.is_empty() {
            text += &format!("{what}: {}\n", paths.join(", "));
        }
    }
    // A closed standard output is nobody's fault.
    let _ = anstream::stdout().write_all(text.as_bytes());
    if let Some(list) = list {
        list.write(&changed.iter().map(|path| format!("{path}\n")).collect::<String>())?;
    }
    Ok(exit_code::PASS)
}

/// `cargo grade pull-request-comment`
pub(super) fn comment(args: &PullRequestCommentArgs) -> Result<u8, Error> {
    let path = &args.report;
    let json = text_of(path)?;
    let not_taken = args.not_taken.as_deref().map(text_of).transpose()?.unwrap_or_default();
    let workspace = Workspace::find()?;
    let course = Course::of(&workspace)?;
    let rubric = |exercise: &Exercise| Rubric::read(&workspace, exercise);
    let text = comment::render(&json, &args.head, &not_taken, &course, rubric)
        .map_err(|reason| Error::content(path, reason))?;
    Output::open(None)?.write(&text)?;
    Ok(exit_code::PASS)
}

fn text_of(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    let file = File::open(path).map_err(Error::file(path))?;
    file.take(comment::MOST_BYTES).read_to_string(&mut text).map_err(Error::file(path))?;
    Ok(text)
}
