//! Programs that the grader is tested with: mutants, each wrong in one known way, and variants,
//! right in an unusual way. They stand in `fixtures/<exercise>/` and say in a header what they are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::exercise::Exercise;
use crate::workspace::Workspace;

/// One program and what grading it must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specimen {
    /// The file's name without `.rs`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What is expected of it.
    pub expected: Expected,
}

/// What grading a specimen must come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This check fails.
    Fails(String),
    /// Every check passes.
    Passes,
}

/// All specimens of `exercise`: mutants, then variants, by name.
///
/// # Errors
/// When a file cannot be read, or a mutant's header names no check of the exercise.
pub fn all(workspace: &Workspace, exercise: &Exercise) -> Result<Vec<Specimen>, Error> {
    let fixtures = workspace.fixtures(exercise.name);
    let mut specimens = Vec::new();
    for path in rust_files(&fixtures.join("mutants"))? {
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let check =
            failing_check(&text, exercise).map_err(|reason| Error::Content { path: path.clone(), reason })?;
        specimens.push(specimen(path, Expected::Fails(check)));
    }
    for path in rust_files(&fixtures.join("variants"))? {
        specimens.push(specimen(path, Expected::Passes));
    }
    Ok(specimens)
}

fn specimen(path: PathBuf, expected: Expected) -> Specimen {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Specimen { name, path, expected }
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(Error::file(folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    Ok(files)
}

/// The check that a mutant's header names: `//! Fails: CHECK`.
fn failing_check(text: &str, exercise: &Exercise) -> Result<String, String> {
    let id = text
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .find_map(|line| line.strip_prefix("//! Fails: "))
        .ok_or("its header has no line `//! Fails: CHECK`")?
        .trim();
    match exercise.check(id) {
        Some(_) => Ok(id.to_owned()),
        None => Err(format!("`{id}` is no check of {}", exercise.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::Check;

    static EXERCISE: Exercise = Exercise {
        name: "sample",
        summary: "",
        checks: &[Check { id: "terminates", about: "" }],
        cases: |_| Vec::new(),
    };

    #[test]
    fn the_header_names_the_check_that_fails() {
        let text = "//! Mutant: waits for ever.\n//! Fails: terminates\n\nfn main() {}\n";
        assert_eq!(failing_check(text, &EXERCISE), Ok("terminates".to_owned()));
    }

    #[test]
    fn a_header_without_a_known_check_is_an_error() {
        assert!(failing_check("fn main() {}\n//! Fails: terminates\n", &EXERCISE).is_err());
        assert_eq!(
            failing_check("//! Fails: speed\n", &EXERCISE),
            Err("`speed` is no check of sample".into())
        );
    }
}
