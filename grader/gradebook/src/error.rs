//! What can keep the gradebook from its work. What is wrong with a *submission* is never an error
//! but an attempt with a verdict and a message.

use std::path::{Path, PathBuf};

use grader::error::exit_code;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grader could not do its work, or a file cannot be used.
    #[error(transparent)]
    Grader(#[from] grader::error::Error),
    /// The gradebook cannot be read or written.
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: rusqlite::Error },
    /// There is nothing to do.
    #[error("{0}")]
    NothingMatched(String),
}

impl From<engine::error::Error> for Error {
    fn from(error: engine::error::Error) -> Self {
        Self::Grader(error.into())
    }
}

impl Error {
    /// An error about a gradebook, for `map_err`.
    pub fn database(path: impl AsRef<Path>) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| match source.sqlite_error_code() {
            // It waited for another program until it was asked to stop.
            Some(rusqlite::ErrorCode::DatabaseBusy) if confine::interrupt::requested() => {
                Self::Grader(confine::run::RunError::Interrupted.into())
            }
            _ => Self::Database { path, source },
        }
    }

    /// A file does not say what it must.
    pub fn content(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        grader::error::Error::content(path, reason).into()
    }

    /// Arguments that do not go together.
    pub fn usage(reason: impl Into<String>) -> Self {
        grader::error::Error::usage(reason).into()
    }

    /// The exit code that tells scripts about it: those of `cargo grade`.
    pub fn exit_code(&self) -> u8 {
        match self {
            // Gradebooks and rosters are files that the user names.
            Self::Grader(grader::error::Error::Engine(engine::error::Error::Content { .. }))
            | Self::Database { .. } => exit_code::USAGE,
            Self::Grader(error) => error.exit_code(),
            Self::NothingMatched(_) => exit_code::NOTHING_MATCHED,
        }
    }
}
