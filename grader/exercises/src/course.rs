//! Which exercises a course has: those that are written here, and those that stand in its repository alone.

use engine::error::Error;
use engine::workspace::Workspace;

use crate::exercise::Exercise;
use crate::{WRITTEN, by_tests};

/// The exercises of one repository.
#[derive(Clone)]
pub struct Course {
    exercises: Vec<&'static Exercise>,
}

impl Course {
    /// Those of `workspace`, in their order: those written here, then those by tests, by their names.
    ///
    /// # Errors
    /// When the checks of an exercise cannot be read; the error names the file and the line.
    pub fn of(workspace: &Workspace) -> Result<Self, Error> {
        let mut exercises = WRITTEN.to_vec();
        for name in by_tests::names(workspace)? {
            if WRITTEN.iter().any(|written| written.name == name) {
                let reason =
                    format!("the checks of {name} are written in the grader: no file is read for them");
                return Err(Error::Content { path: workspace.checks(&name), reason });
            }
            exercises.push(by_tests::exercise(workspace, &name)?);
        }
        Ok(Self { exercises })
    }

    /// All of them.
    pub fn exercises(&self) -> &[&'static Exercise] {
        &self.exercises
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.exercises.iter().map(|exercise| exercise.name)
    }

    /// The exercise called `name`.
    pub fn find(&self, name: &str) -> Option<&'static Exercise> {
        self.exercises.iter().copied().find(|exercise| exercise.name == name)
    }
}
