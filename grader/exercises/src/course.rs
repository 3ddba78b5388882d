//! Which exercises a course has: those that are written here, and those that stand in its repository alone.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use engine::error::Error;
use engine::workspace::Workspace;
use serde::Deserialize;

use crate::{WRITTEN, by_cases, by_tests};
use exercise::Exercise;

/// The exercises of one repository.
#[derive(Clone, Default)]
pub struct Course {
    exercises: Vec<&'static Exercise>,
    /// Those whose files cannot be read.
    unreadable: Vec<String>,
}

impl Course {
    /// Those of `workspace`, in the order of its `fixtures/course.toml`. Those that it does not name come after them: those
    /// written here, then those by cases and by tests, by their names. One whose files cannot be read does not keep the
    /// others from being graded: see [`Course::require`].
    ///
    /// # Errors
    /// When the folder of fixtures cannot be listed, or the order cannot be read.
    pub fn of(workspace: &Workspace) -> Result<Self, Error> {
        let mut course = Self { exercises: WRITTEN.to_vec(), unreadable: Vec::new() };
        for name in names(workspace)? {
            match of_files(workspace, &name) {
                Ok(exercise) => course.exercises.extend(exercise),
                Err(_) => course.unreadable.push(name),
            }
        }
        let order = order(&workspace.course())?;
        let place = |name: &str| order.iter().position(|it| it == name).unwrap_or(order.len());
        course.exercises.sort_by_key(|exercise| place(exercise.name));
        Ok(course)
    }

    /// Asks for the exercises called `names`, or for all where none is named, to be readable.
    ///
    /// # Errors
    /// Why the first of them is not: with its file and its line.
    pub fn require(&self, workspace: &Workspace, names: &[String]) -> Result<(), Error> {
        let is_wanted = |name: &&String| names.is_empty() || names.contains(name);
        self.unreadable.iter().filter(is_wanted).try_for_each(|name| of_files(workspace, name).map(drop))
    }

    /// All of them.
    pub fn exercises(&self) -> &[&'static Exercise] {
        &self.exercises
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.exercises.iter().map(|exercise| exercise.name)
    }

    /// `names` in the order of the course; those of no exercise come last.
    pub fn in_order(&self, names: BTreeSet<String>) -> Vec<String> {
        let place = |name: &String| self.names().position(|known| known == name).unwrap_or(usize::MAX);
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_by_key(place);
        names
    }

    /// The exercise called `name`.
    pub fn find(&self, name: &str) -> Option<&'static Exercise> {
        self.exercises.iter().copied().find(|exercise| exercise.name == name)
    }
}

/// The exercise that stands in the files of `fixtures/<name>/`, if one does.
fn of_files(workspace: &Workspace, name: &str) -> Result<Option<&'static Exercise>, Error> {
    let (cases, tests) = (workspace.cases(name), workspace.checks(name));
    Ok(match (cases.is_file(), tests.is_file()) {
        (false, false) => None,
        (true, true) => {
            let reason = format!("{name} has checks.rs, too: an exercise is by cases or by tests");
            return Err(Error::Content { path: cases, reason });
        }
        (true, false) => {
            is_about_a_crate(workspace, name, cases)?;
            Some(by_cases::exercise(workspace, name)?)
        }
        (false, true) => {
            is_about_a_crate(workspace, name, tests)?;
            Some(by_tests::exercise(workspace, name)?)
        }
    })
}

/// What `fixtures/course.toml` says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// Names of exercises. One that is not there is passed over: a part of a course can keep the file.
    exercises: Vec<String>,
}

/// The names in the order of the course; none where there is no such file.
fn order(path: &Path) -> Result<Vec<String>, Error> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(Error::file(path))?,
    };
    let order: Order = toml::from_str(&text).map_err(|error| Error::Content {
        path: path.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    })?;
    Ok(order.exercises)
}

/// The names in `fixtures/`, in alphabetical order; none where there is no such folder.
fn names(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let fixtures = workspace.root().join("fixtures");
    let entries = match fs::read_dir(&fixtures) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::file(&fixtures))?,
    };
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Whether the file at `path` is about a crate that is judged by nothing else.
fn is_about_a_crate(workspace: &Workspace, name: &str, path: PathBuf) -> Result<(), Error> {
    let reason = if WRITTEN.iter().any(|written| written.name == name) {
        format!("the checks of {name} are written in the grader: no file is read for them")
    } else if !workspace.crate_folder(name).is_dir() {
        format!("there is no crates/{name} that it could be about")
    } else {
        return Ok(());
    };
    Err(Error::Content { path, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &str = "\
summary = \"says hello\"
[[check]]
id = \"greets\"
about = \"it says hello\"
[[case]]
id = \"plain\"
[[case.expect]]
check = \"greets\"
lines = [\"hello\"]
";
    const TESTS: &str = "#[test]\nfn it_works() {}\n";

    /// What is wrong with a course of these files, if anything is.
    fn wrong(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["crates/greeting", "fixtures/greeting", "fixtures/primes", "fixtures/lost"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        files
            .iter()
            .for_each(|(file, text)| fs::write(folder.path().join("fixtures").join(file), text).unwrap());
        let workspace = Workspace::at(folder.path());
        let course = Course::of(&workspace).unwrap();
        assert!(course.find("primes").is_some(), "the others are there");
        let wrong = course.require(&workspace, &[]).err().map(|error| error.to_string());
        assert_eq!(course.find("greeting").is_some(), wrong.is_none() && !files.is_empty());
        assert!(course.require(&workspace, &["pipeline".to_owned()]).is_ok());
        wrong
    }

    #[test]
    fn a_course_has_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("crates/greeting/x", "");
        put("fixtures/greeting/cases.toml", CASES);
        let names =
            || Course::of(&Workspace::at(folder.path())).map(|course| course.names().collect::<Vec<_>>());
        assert_eq!(names().unwrap().last(), Some(&"greeting"));
        put("fixtures/course.toml", "exercises = [\"primes\", \"gone\", \"greeting\"]");
        assert_eq!(names().unwrap()[..3], ["primes", "greeting", WRITTEN[0].name]);
        let course = Course::of(&Workspace::at(folder.path())).unwrap();
        let some = ["a", "greeting", "primes"].map(str::to_owned);
        assert_eq!(course.in_order(some.into()), ["primes", "greeting", "a"]);
        put("fixtures/course.toml", "exercise = []");
        let reason = names().unwrap_err().to_string();
        assert!(reason.contains("course.toml: ") && reason.contains("unknown field `exercise`"), "{reason}");
    }

    #[test]
    fn an_exercise_is_judged_by_one_file_and_has_a_crate() {
        assert_eq!(wrong(&[]), None);
        let empty = tempfile::tempdir().unwrap();
        assert!(Course::of(&Workspace::at(empty.path())).unwrap().find("primes").is_some());
        assert_eq!(wrong(&[("greeting/cases.toml", CASES)]), None);
        assert_eq!(wrong(&[("greeting/checks.rs", TESTS)]), None);
        let both = wrong(&[("greeting/cases.toml", CASES), ("greeting/checks.rs", TESTS)]).unwrap();
        assert!(both.ends_with(
            "greeting/cases.toml: greeting has checks.rs, too: an exercise is by cases or by tests"
        ));
        let written = wrong(&[("primes/cases.toml", CASES)]).unwrap();
        assert!(written.contains("primes/cases.toml: the checks of primes are written in the grader"));
        assert!(wrong(&[("lost/cases.toml", CASES)]).unwrap().contains("there is no crates/lost"));
    }
}
