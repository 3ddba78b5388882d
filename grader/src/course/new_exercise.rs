//! A new exercise: a crate and its fixtures, complete and passing, for its author to change. It stands in files alone, so the
//! grader knows it from the next call on.

use std::fs;
use std::path::Path;

use engine::workspace::Workspace;
use exercises::Course;

use super::lock_file;
use super::new_folder::NewFolder;
use crate::error::Error;

/// What is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A program, judged by cases.
    Program,
    /// A library, judged by tests.
    Library,
}

/// Files by their names, with their texts.
type Files = &'static [(&'static str, &'static str)];

impl Kind {
    /// The files of the crate, below `crates/NAME`.
    fn of_crate(self) -> Files {
        match self {
            Self::Program => &[
                ("Cargo.toml", include_str!("new_exercise/program/Cargo.toml.txt")),
                ("README.md", include_str!("new_exercise/program/README.md.txt")),
                ("src/main.rs", include_str!("new_exercise/program/main.rs.txt")),
            ],
            Self::Library => &[
                ("Cargo.toml", include_str!("new_exercise/library/Cargo.toml.txt")),
                ("README.md", include_str!("new_exercise/library/README.md.txt")),
                ("src/lib.rs", include_str!("new_exercise/library/lib.rs.txt")),
            ],
        }
    }

    /// Its fixtures, below `fixtures/NAME`.
    fn of_fixtures(self) -> Files {
        match self {
            Self::Program => &[
                ("cases.toml", include_str!("new_exercise/program/cases.toml.txt")),
                ("rubric.toml", include_str!("new_exercise/program/rubric.toml.txt")),
                ("mutants/reads-then-stores.rs", include_str!("new_exercise/program/mutant.rs.txt")),
                ("variants/mutex.rs", include_str!("new_exercise/program/variant.rs.txt")),
                ("lazy/empty.rs", include_str!("new_exercise/program/lazy.rs.txt")),
                ("lazy/one-thread.rs", include_str!("new_exercise/program/one-thread.rs.txt")),
            ],
            Self::Library => &[
                ("checks.rs", include_str!("new_exercise/library/checks.rs.txt")),
                ("rubric.toml", include_str!("new_exercise/library/rubric.toml.txt")),
                ("mutants/reads-then-stores.rs", include_str!("new_exercise/library/mutant.rs.txt")),
                ("variants/mutex.rs", include_str!("new_exercise/library/variant.rs.txt")),
                ("lazy/empty.rs", include_str!("new_exercise/library/lazy.rs.txt")),
            ],
        }
    }
}

/// Makes the exercise `name`, whole or not at all, and names its files.
///
/// # Errors
/// When the name cannot be used, or something cannot be written.
pub fn make(workspace: &Workspace, name: &str, kind: Kind) -> Result<Vec<String>, Error> {
    if workspace.manifests() != workspace.root() {
        return Err(Error::usage("exercises are made in the course's repository, and this is the students'"));
    }
    usable(workspace, name)?;
    let folders = [("crates", kind.of_crate()), ("fixtures", kind.of_fixtures())];
    let places = folders.map(|(above, _)| workspace.root().join(above).join(name));
    let made = [filled(&places[0], name, folders[0].1)?, filled(&places[1], name, folders[1].1)?];
    let mut finished = Vec::new();
    let is_done = made.into_iter().zip(&places).try_for_each(|(folder, place)| {
        folder.finish()?;
        finished.push(place);
        Ok(())
    });
    is_done.and_then(|()| lock_file::settle(workspace.root(), workspace.root())).inspect_err(|_| {
        // The first error is the one to tell.
        finished.iter().for_each(|place| _ = fs::remove_dir_all(place));
    })?;
    let paths = folders
        .into_iter()
        .flat_map(|(above, files)| files.iter().map(move |(file, _)| format!("{above}/{name}/{file}")));
    Ok(paths.collect())
}

fn filled(place: &Path, name: &str, files: Files) -> Result<NewFolder, Error> {
    let folder = NewFolder::at(place)?;
    let crate_name = name.replace('-', "_");
    files.iter().try_for_each(|(file, text)| {
        let text = text.replace("NAME", name).replace("CRATE", &crate_name);
        folder.write(Path::new(file), text.as_bytes())
    })?;
    Ok(folder)
}

/// Cargo, the compiler and the course have a say in what an exercise can be called.
fn usable(workspace: &Workspace, name: &str) -> Result<(), Error> {
    let no = |reason: &str| Err(Error::usage(format!("`{name}` cannot be an exercise's name: {reason}")));
    if !is_plain(name) {
        return no("it has a-z, 0-9 and -, 40 of them at most, and begins with a letter");
    }
    if TAKEN.contains(&format!(" {name} ")) {
        return no("Rust, cargo or the course means something else by it");
    }
    if Course::of(workspace)?.find(name).is_some() {
        return no("there is one that is called so");
    }
    let lock_file = workspace.root().join("Cargo.lock");
    let locked = fs::read_to_string(&lock_file).map_err(Error::file(&lock_file))?;
    // To the compiler `-` and `_` are the same.
    if locked.lines().any(|line| line.replace('_', "-") == format!("name = \"{name}\"")) {
        return no("Cargo.lock has a crate that is called so");
    }
    Ok(())
}

fn is_plain(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(is_known)
}

/// Names that mean something else: the language's words (the Rust reference, "Keywords"), crates that are there without being
/// asked for, what cargo makes folders of beside programs, and a folder of the students' repository. Between spaces.
const TAKEN: &str = " abstract as async await become box break const continue crate do dyn else enum extern false final fn for \
    gen if impl in let loop macro match mod move mut override priv pub ref return self static struct super trait true try type \
    typeof unsafe unsized use virtual where while yield \
    alloc core proc-macro std test build deps examples incremental manifests ";

#[cfg(test)]
mod tests {
    use engine::solution_region;
    use exercises::by_cases::CasesFile;
    use exercises::by_tests::TestsFile;

    use super::*;

    #[test]
    fn names_that_cargo_would_not_take_are_refused_with_the_reason() {
        let workspace = Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
        let refused = |name: &str| usable(&workspace, name).unwrap_err().to_string();
        for name in ["", "Counter", "9lives", "a/b", "../up", "a_b", "a-", &"a".repeat(41)] {
            assert!(refused(name).contains("begins with a letter"), "{name}");
        }
        for name in ["match", "static", "yield", "abstract", "deps", "manifests"] {
            assert!(refused(name).contains("something else"), "{name}");
        }
        assert!(refused("parking-lot").contains("Cargo.lock"));
        assert!(refused("even-odd").contains("called so"));
        assert!(refused("rayon").contains("Cargo.lock"));
        assert!(usable(&workspace, "a-new-one").is_ok());
    }

    fn text(files: Files, wanted: &str) -> &'static str {
        files.iter().find(|(file, _)| *file == wanted).unwrap().1
    }

    /// The checks that have points in a rubric, by their names.
    fn with_points(rubric: &str) -> Vec<String> {
        let rubric: toml::Table = rubric.parse().unwrap();
        rubric["points"].as_table().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_examples_have_what_every_exercise_has() {
        let [library, program] = [Kind::Library, Kind::Program].map(Kind::of_fixtures);
        let tests = TestsFile::parse(text(library, "checks.rs")).unwrap().tests;
        let mut checks: Vec<String> = tests.into_iter().map(|test| test.name).collect();
        checks.sort();
        assert_eq!(with_points(text(library, "rubric.toml")), checks);
        let cases = CasesFile::parse(text(program, "cases.toml")).unwrap();
        let mut checks: Vec<&str> = cases.checks.iter().map(|check| check.id).collect();
        checks.sort_unstable();
        assert_eq!(with_points(text(program, "rubric.toml")), checks);
        let regions = |kind: Kind, root| solution_region::strip(text(kind.of_crate(), root)).unwrap().1;
        assert_eq!((regions(Kind::Library, "src/lib.rs"), regions(Kind::Program, "src/main.rs")), (4, 1));
    }
}
