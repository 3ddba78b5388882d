//! Programs that the grader is tested with: mutants, each wrong in one known way; variants, right in an unusual way;
//! and lazy ones, which do not do the work and must not get the points. They stand in `fixtures/<exercise>/` and say in a header what they are.

use std::fs;
use std::path::{Path, PathBuf};

use engine::workspace::Workspace;
use exercises::Exercise;

use crate::error::Error;

/// One program and what grading it must come to.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleProgram {
    /// The file's name without `.rs`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What is expected of it.
    pub expected: Expected,
}

/// What grading a sample must come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// This check fails, and for breaking this sentence of the contract, where one is named.
    Fails { check: String, sentence: Option<String> },
    /// Every check passes, but for these, which are advice.
    Passes { advised: Vec<String> },
    /// These checks fail, and no more than so many points are given.
    Lazy { fails: Vec<String>, most: f64 },
}

/// All samples of `exercise`: mutants, then lazy ones, then variants, by name.
///
/// # Errors
/// When a file cannot be read, or its header names no check of the exercise or no points.
pub fn all(workspace: &Workspace, exercise: &Exercise) -> Result<Vec<SampleProgram>, Error> {
    let fixtures = workspace.fixtures(exercise.name);
    let mut samples = Vec::new();
    let headed = |path: &PathBuf, read: fn(&str, &Exercise) -> Result<Expected, String>| {
        let text = fs::read_to_string(path).map_err(Error::file(path))?;
        read(&text, exercise).map_err(|reason| Error::content(path, reason))
    };
    for path in rust_files(&fixtures.join("mutants"))? {
        let expected = headed(&path, mutant)?;
        samples.push(sample(path, expected));
    }
    for path in rust_files(&fixtures.join("lazy"))? {
        let expected = headed(&path, lazy)?;
        samples.push(sample(path, expected));
    }
    for path in rust_files(&fixtures.join("variants"))? {
        let expected = headed(&path, variant)?;
        samples.push(sample(path, expected));
    }
    Ok(samples)
}

fn sample(path: PathBuf, expected: Expected) -> SampleProgram {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    SampleProgram { name, path, expected }
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

/// What stands behind `//! NAME: ` in the header of a program.
fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).next().map(str::trim)
}

/// What a mutant's header says: `//! Fails: CHECK`, and `//! Breaks: SENTENCE`, the id of a sentence of the contract.
fn mutant(text: &str, exercise: &Exercise) -> Result<Expected, String> {
    let sentence = header(text, "Breaks").map(str::to_owned);
    Ok(Expected::Fails { check: failing_check(text, exercise)?, sentence })
}

/// The check that a mutant's header names.
fn failing_check(text: &str, exercise: &Exercise) -> Result<String, String> {
    let named = header(text, "Fails").ok_or("its header has no line `//! Fails: CHECK`")?;
    if named.contains(',') {
        return Err(format!(
            "a mutant names one check, and `//! Fails: {named}` names several: leave the one that its bug is about; \
             what else fails, selftest says"
        ));
    }
    known(named, exercise)
}

/// What a variant's header says: where it is right and could be better all the same, `//! Advice: CHECK, CHECK`.
fn variant(text: &str, exercise: &Exercise) -> Result<Expected, String> {
    let advised = header(text, "Advice").into_iter().flat_map(|ids| ids.split(", "));
    Ok(Expected::Passes { advised: advised.map(|id| known(id, exercise)).collect::<Result<_, _>>()? })
}

/// What a lazy program's header says: `//! Points: at most N`, and where some checks must fail, `//! Fails: CHECK, CHECK`.
fn lazy(text: &str, exercise: &Exercise) -> Result<Expected, String> {
    let points = header(text, "Points").and_then(|points| points.strip_prefix("at most ")?.parse().ok());
    let most = points.ok_or("its header has no line `//! Points: at most N`")?;
    let fails = header(text, "Fails").into_iter().flat_map(|ids| ids.split(", "));
    Ok(Expected::Lazy { fails: fails.map(|id| known(id, exercise)).collect::<Result<_, _>>()?, most })
}

fn known(id: &str, exercise: &Exercise) -> Result<String, String> {
    match exercise.check(id) {
        Some(_) => Ok(id.to_owned()),
        None => Err(format!("`{id}` is no check of {}", exercise.name)),
    }
}

#[cfg(test)]
mod tests {
    use exercises::Check;

    use super::*;

    static EXERCISE: Exercise = Exercise {
        name: "sample",
        root: "main.rs",
        summary: "",
        checks: &[Check { id: "terminates", about: "" }],
        after: &[],
        untried: &[],
        cases: &|_| Vec::new(),
    };

    #[test]
    fn the_header_names_the_check_that_fails() {
        let text = "//! Mutant: waits for ever.\n//! Fails: terminates\n\nfn main() {}\n";
        assert_eq!(failing_check(text, &EXERCISE), Ok("terminates".to_owned()));
    }

    #[test]
    fn a_mutant_names_one_check() {
        for several in ["terminates, speed", "terminates,terminates", "terminates, "] {
            let error = failing_check(&format!("//! Fails: {several}\n"), &EXERCISE).unwrap_err();
            assert!(error.starts_with("a mutant names one check"), "{several}: {error}");
        }
    }

    #[test]
    fn a_lazy_program_says_what_it_may_get() {
        let text = "//! Lazy: one thread does it all.\n//! Fails: terminates\n//! Points: at most 2.5\n\nfn main() {}\n";
        let expected = Expected::Lazy { fails: vec!["terminates".to_owned()], most: 2.5 };
        assert_eq!(lazy(text, &EXERCISE), Ok(expected));
        let nothing = Expected::Lazy { fails: Vec::new(), most: 0.0 };
        assert_eq!(lazy("//! Points: at most 0\n", &EXERCISE), Ok(nothing));
        for wrong in
            ["//! Lazy: it does nothing.\n", "//! Points: few\n", "//! Points: at most 1\n//! Fails: speed\n"]
        {
            assert!(lazy(wrong, &EXERCISE).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_variant_says_what_advice_it_gets() {
        let advised = |text| variant(text, &EXERCISE);
        assert_eq!(advised("//! Variant: any.\n"), Ok(Expected::Passes { advised: Vec::new() }));
        let text = "//! Variant: any.\n//! Advice: terminates\n";
        assert_eq!(advised(text), Ok(Expected::Passes { advised: vec!["terminates".to_owned()] }));
        assert!(advised("//! Advice: speed\n").is_err());
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
