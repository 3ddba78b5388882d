//! What can keep the grader from grading. What is wrong with a *program* is never an error but
//! part of its report.

use std::io;
use std::path::{Path, PathBuf};

use confine::run::RunError;
use confine::sandbox;

use crate::escape::in_line;
use crate::exit_code;
use crate::nearest::nearest;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder that the user or the workspace names cannot be used.
    #[error("{}: {source}", shown(path))]
    File { path: PathBuf, source: io::Error },
    /// A file of the workspace does not say what it must.
    #[error("{}: {reason}", shown(path))]
    Content { path: PathBuf, reason: String },
    /// No exercise, case or specimen has this name.
    #[error("no {kind} is called `{name}`{}", hint(kind, nearest.as_deref(), known))]
    Unknown { kind: &'static str, name: String, nearest: Option<String>, known: Vec<String> },
    /// Options that do not go together.
    #[error("{0}")]
    Usage(String),
    /// The grader does not stand in a workspace of exercises.
    #[error("no workspace found: run it inside the repository that has `crates/` and `fixtures/`")]
    NoWorkspace,
    /// Cargo could not be run or did something that is not the source's fault.
    #[error("cargo: {0}")]
    Cargo(String),
    /// A replayed schedule does not fit the program: it is another program, or was changed.
    #[error(
        "the program left the schedule at step {step}: {why}; is it the source that the schedule was found in?"
    )]
    Diverged { step: u32, why: String },
    /// The sandbox is not what it must be.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Refused),
    /// Git does not do its work, for no fault of what it is asked for.
    #[error("git: {0}")]
    Git(String),
    /// A pull request is not taken.
    #[error("the pull request is refused: {0}")]
    PullRequest(String),
    /// A run could not be made.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Error {
    /// An error about a file, for `map_err`.
    pub fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File { path, source: without_its_path(source) }
    }

    /// An unknown name, with the nearest of `known`, or all of them.
    pub fn unknown<'a>(kind: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let nearest = nearest(name, known.iter().copied(), 0.7, str::to_owned).map(str::to_owned);
        Self::Unknown {
            kind,
            name: name.to_owned(),
            nearest,
            known: known.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Whether it is the grader's own trouble with what it does now: the next thing may go well.
    pub fn is_of_one_task(&self) -> bool {
        self.exit_code() == exit_code::INTERNAL
    }

    /// The exit code that tells scripts about it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::File { .. } | Self::Usage(_) | Self::NoWorkspace | Self::Sandbox(_) => exit_code::USAGE,
            Self::Unknown { .. } => exit_code::NOTHING_MATCHED,
            Self::PullRequest(_) => exit_code::FAIL,
            Self::Diverged { .. } => exit_code::INCONCLUSIVE,
            Self::Run(RunError::Interrupted) => exit_code::INTERRUPTED,
            Self::Content { .. } | Self::Cargo(_) | Self::Git(_) | Self::Run(_) => exit_code::INTERNAL,
        }
    }
}

/// A path in a sentence.
fn shown(path: &Path) -> String {
    in_line(&path.display().to_string())
}

/// What else the user may have meant.
fn hint(kind: &str, nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => {
            let list = if kind == "exercise" { " (`cargo grade list` says what they are)" } else { "" };
            format!("; there are {}{list}", known.join(", "))
        }
    }
}

/// Files are written under temporary names first, which say nothing to anybody: `tempfile` puts them behind its errors.
fn without_its_path(error: io::Error) -> io::Error {
    let said = error.to_string();
    match said.rsplit_once(" at path \"") {
        Some((reason, _)) if error.raw_os_error().is_none() => io::Error::new(error.kind(), reason),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_misspelled_name_gets_the_nearest_one() {
        let error = Error::unknown("exercise", "evn-od", ["primes", "even-odd", "downloader"]);
        assert_eq!(error.to_string(), "no exercise is called `evn-od`; did you mean `even-odd`?");
    }

    #[test]
    fn a_name_that_resembles_nothing_gets_all_that_there_are() {
        let of = |kind| Error::unknown(kind, "xyz", ["primes", "even-odd"]).to_string();
        assert_eq!(of("case"), "no case is called `xyz`; there are primes, even-odd");
        assert!(
            of("exercise").ends_with("; there are primes, even-odd (`cargo grade list` says what they are)")
        );
        assert_eq!(Error::unknown("case", "xyz", []).to_string(), "no case is called `xyz`");
    }

    #[test]
    fn the_name_of_a_temporary_file_is_not_told() {
        let error = tempfile::NamedTempFile::new_in("/nonexistent").unwrap_err();
        let error = Error::file("/nonexistent/x.xml")(error).to_string();
        assert_eq!(error, "/nonexistent/x.xml: No such file or directory (os error 2)");
    }
}
