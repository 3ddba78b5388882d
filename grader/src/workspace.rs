//! Where things stand in the workspace.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The repository with the exercises.
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace around the current folder, else the one that the grader was built in.
    ///
    /// # Errors
    /// When neither is a workspace of exercises.
    pub fn find() -> Result<Self, Error> {
        let here = env::current_dir().unwrap_or_default();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .chain(built_in.ancestors().skip(1))
            .find(|folder| folder.join("Cargo.lock").is_file() && folder.join("crates").is_dir())
            .map(|root| Self { root: root.to_owned() })
            .ok_or(Error::NoWorkspace)
    }

    /// The workspace at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The crate of an exercise.
    pub fn crate_folder(&self, exercise: &str) -> PathBuf {
        self.root.join("crates").join(exercise)
    }

    /// The rubric, data, mutants and variants of an exercise.
    pub fn fixtures(&self, exercise: &str) -> PathBuf {
        self.root.join("fixtures").join(exercise)
    }

    /// Where the grader builds; inside cargo's own folder, so `cargo clean` empties it.
    pub fn build_folder(&self) -> PathBuf {
        self.root.join("target").join("grade")
    }
}
