//! The reports of one call: each in its form, to its place.

use std::path::PathBuf;

use report::{Audience, Format, Report};

use super::args::{OutputArgs, ReportTarget};
use super::output::Output;
use super::workflow_files;
use crate::error::Error;

/// Where each format goes, opened before the work.
///
/// # Errors
/// When a file cannot be made, or two reports would go to one.
pub(super) fn open(main: &OutputArgs, others: &[ReportTarget]) -> Result<Vec<(Format, Output)>, Error> {
    let main = (main.format, main.output.clone());
    let others = others.iter().map(|target| (target.format, Some(target.path.clone())));
    let targets: Vec<(Format, Option<PathBuf>)> = std::iter::once(main).chain(others).collect();
    for (index, (_, path)) in targets.iter().enumerate() {
        if let Some(path) = path.as_ref().filter(|_| targets[..index].iter().any(|(_, known)| known == path))
        {
            return Err(Error::usage(format!("{}: two reports cannot go to one file", path.display())));
        }
    }
    targets.into_iter().map(|(format, path)| Ok((format, Output::open(path.as_deref())?))).collect()
}

/// Writes every format, also when one cannot be written; the first error is the one that is told.
///
/// # Errors
/// When one of them cannot be written.
pub(super) fn write(
    outputs: Vec<(Format, Output)>,
    report: &Report,
    audience: Audience,
) -> Result<(), Error> {
    let formats: Vec<Format> = outputs.iter().map(|(format, _)| *format).collect();
    let to = |(format, output): (Format, Output)| {
        let text = format.render_in(report, audience, output.width());
        output.write(&text)
    };
    let mut written: Vec<Result<(), Error>> = outputs.into_iter().map(to).collect();
    written.push(workflow_files::append(&formats, report, audience));
    written.into_iter().collect()
}
