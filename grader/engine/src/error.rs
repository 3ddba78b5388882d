//! What can keep the engine from its work. What is wrong with a *program* is never an error.

use std::io;
use std::path::{Path, PathBuf};

use confine::run::RunError;

use crate::escape::in_line;

/// Why a program could not be built or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder that the user or the workspace names cannot be used.
    #[error("{}: {source}", shown(path))]
    File { path: PathBuf, source: io::Error },
    /// A file of the workspace does not say what it must.
    #[error("{}: {reason}", shown(path))]
    Content { path: PathBuf, reason: String },
    /// What the user asks for cannot be done.
    #[error("{0}")]
    Usage(String),
    /// Nobody stands in a workspace of exercises.
    #[error("no workspace found: run it inside the repository that has `crates/` and `fixtures/`")]
    NoWorkspace,
    /// Cargo could not be run or did something that is not the source's fault.
    #[error("cargo: {0}")]
    Cargo(String),
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
}

/// A path in a sentence.
fn shown(path: &Path) -> String {
    in_line(&path.display().to_string())
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
    fn the_name_of_a_temporary_file_is_not_told() {
        let error = tempfile::NamedTempFile::new_in("/nonexistent").unwrap_err();
        let error = Error::file("/nonexistent/x.xml")(error).to_string();
        assert_eq!(error, "/nonexistent/x.xml: No such file or directory (os error 2)");
    }
}
