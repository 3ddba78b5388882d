//! What can keep the grader from grading. What is wrong with a *program* is never an error but
//! part of its report.

pub mod exit_code;

use std::io;
use std::path::Path;

use confine::run::RunError;
use confine::sandbox;

use engine::nearest::nearest;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Of what builds and runs programs, or the same kind of trouble with what the grader reads and writes itself.
    #[error(transparent)]
    Engine(#[from] engine::error::Error),
    /// No exercise, case or sample has this name.
    #[error("no {kind} is called `{name}`{}", hint(kind, nearest.as_deref(), known))]
    Unknown { kind: &'static str, name: String, nearest: Option<String>, known: Vec<String> },
    /// A replayed schedule does not fit the program: it is another program, or was changed.
    #[error(
        "the program left the schedule at step {step}: {why}; is it the source that the schedule was found in?"
    )]
    Diverged { step: u32, why: String },
    /// The sandbox is not what it must be.
    #[error(transparent)]
    Sandbox(#[from] sandbox::Refused),
    /// No test has such a name, or there is none.
    #[error("there is no such test or program: cargo test -- --list names the tests")]
    NothingToExplore,
    /// Git does not do its work, for no fault of what it is asked for.
    #[error("git: {0}")]
    Git(String),
    /// A pull request is not taken.
    #[error("the pull request is refused: {0}")]
    PullRequest(String),
}

impl Error {
    /// An error about a file, for `map_err`.
    pub fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let of_file = engine::error::Error::file(path);
        move |source| Self::Engine(of_file(source))
    }

    /// A file of the workspace that does not say what it must.
    pub fn content(path: impl AsRef<Path>, reason: impl Into<String>) -> Self {
        let path = path.as_ref().to_owned();
        Self::Engine(engine::error::Error::Content { path, reason: reason.into() })
    }

    /// What the user asks for cannot be done, options that do not go together for example.
    pub fn usage(reason: impl Into<String>) -> Self {
        Self::Engine(engine::error::Error::Usage(reason.into()))
    }

    /// Cargo could not be run, or failed.
    pub fn cargo(reason: impl Into<String>) -> Self {
        Self::Engine(engine::error::Error::Cargo(reason.into()))
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

    /// Whether whoever waits has asked to stop.
    pub fn is_interrupt(&self) -> bool {
        self.exit_code() == exit_code::INTERRUPTED
    }

    /// Whether it is the grader's own trouble with what it does now: the next thing may go well.
    pub fn is_of_one_task(&self) -> bool {
        self.exit_code() == exit_code::INTERNAL
    }

    /// The exit code that tells scripts about it.
    pub fn exit_code(&self) -> u8 {
        use engine::error::Error as Engine;
        match self {
            Self::Engine(Engine::File { .. } | Engine::Usage(_) | Engine::NoWorkspace) | Self::Sandbox(_) => {
                exit_code::USAGE
            }
            Self::Unknown { .. } | Self::NothingToExplore => exit_code::NOTHING_MATCHED,
            Self::PullRequest(_) => exit_code::FAIL,
            Self::Diverged { .. } => exit_code::INCONCLUSIVE,
            Self::Engine(Engine::Run(RunError::Interrupted)) => exit_code::INTERRUPTED,
            Self::Engine(Engine::Content { .. } | Engine::Cargo(_) | Engine::Run(_)) | Self::Git(_) => {
                exit_code::INTERNAL
            }
        }
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Engine(error.into())
    }
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
}
