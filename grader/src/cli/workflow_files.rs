//! The files that GitHub Actions gives to each step, where the grader runs in one ("Environment files").

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use report::{Audience, Format, Report, base64};

use crate::error::Error;

/// The most bytes of a step's summary: GitHub refuses a larger one as a whole.
const MOST_SUMMARY: usize = 1024 * 1024;

/// Appends what the formats that were asked for put into such files.
///
/// # Errors
/// When a file cannot be appended to.
pub fn append(formats: &[Format], report: &Report, audience: Audience) -> Result<(), Error> {
    if formats.contains(&Format::Github)
        && let Some(path) = named_by("GITHUB_STEP_SUMMARY")
    {
        append_summary(&path, report, audience)?;
    }
    if formats.contains(&Format::Classroom)
        && let Some(path) = named_by("GITHUB_OUTPUT")
    {
        append_text(&path, &result_line(report, audience))?;
    }
    Ok(())
}

fn named_by(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn append_summary(path: &Path, report: &Report, audience: Audience) -> Result<(), Error> {
    let there = fs::metadata(path).map_or(0, |metadata| metadata.len());
    let left = MOST_SUMMARY.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX));
    append_text(path, &report.summary(audience, left))
}

/// The output `result` of the step, as GitHub Classroom's reporter takes it.
fn result_line(report: &Report, audience: Audience) -> String {
    let json = Format::Classroom.render_for(report, audience);
    format!("result={}\n", base64(json.as_bytes()))
}

/// In one write, so that a line is there whole or not at all.
fn append_text(path: &Path, text: &str) -> Result<(), Error> {
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(Error::file(path))?;
    file.write_all(text.as_bytes()).map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn a_summary_is_appended_as_far_as_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        fs::write(&path, "before\n").unwrap();
        append_summary(&path, &Report::new(0, Vec::new()), Audience::Student).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("before\n## 0/0 points"), "{text}");
        fs::write(&path, "x".repeat(MOST_SUMMARY)).unwrap();
        append_summary(&path, &Report::new(0, Vec::new()), Audience::Student).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), MOST_SUMMARY as u64);
    }

    #[test]
    fn the_result_is_one_line_that_decodes_to_the_format() {
        let report = Report::new(0, Vec::new());
        let line = result_line(&report, Audience::Student);
        let encoded = line.strip_prefix("result=").unwrap().strip_suffix('\n').unwrap();
        let json = BASE64_STANDARD.decode(encoded).unwrap();
        assert_eq!(json, Format::Classroom.render(&report).into_bytes());
    }
}
