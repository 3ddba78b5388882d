//! Which code is the user's own: reports show its lines.

use std::path::Path;

/// The code whose lines are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnCode {
    /// That of an exercise, wherever it was built, with the tests of a library: what its paths contain.
    Exercise([String; 2]),
    /// All below a folder, which ends with `/`.
    Folder(String),
}

impl OwnCode {
    /// The source of an exercise.
    pub fn of_exercise(exercise: &str) -> Self {
        Self::Exercise([format!("crates/{exercise}/src/"), format!("fixtures/{exercise}/")])
    }

    /// All members of the workspace in this folder.
    pub fn of_folder(folder: &Path) -> Self {
        Self::Folder(format!("{}/", folder.display()))
    }

    /// The file that debug information calls `path`, as reports name it.
    pub(crate) fn file_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self {
            Self::Exercise(folders) => {
                folders.iter().find_map(|folder| path.split_once(folder.as_str()).map(|(_, below)| below))
            }
            // The folder may be one that cargo and rustup have theirs in.
            Self::Folder(folder) => path
                .strip_prefix(folder.as_str())
                .filter(|below| !below.starts_with(".cargo/") && !below.starts_with(".rustup/")),
        }
    }

    /// The file that a panic calls `path`, and what follows it: cargo calls the compiler in the workspace's own folder.
    pub(super) fn file_as_named<'a>(&self, path: &'a str) -> Option<&'a str> {
        let relative = match self {
            Self::Exercise(_) => path.strip_prefix("src/"),
            Self::Folder(_) => (!path.starts_with('/')).then_some(path),
        };
        self.file_of(path).or(relative)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_exercise_the_source_and_its_tests_are_shown() {
        let own = OwnCode::of_exercise("semaphore");
        assert_eq!(own.file_of("/build/crates/semaphore/src/lib.rs"), Some("lib.rs"));
        assert_eq!(own.file_of("/build/fixtures/semaphore/checks.rs"), Some("checks.rs"));
        assert_eq!(own.file_of("/build/crates/semaphore-2/src/lib.rs"), None);
    }

    #[test]
    fn what_stands_in_the_folder_is_the_users_own_and_no_library() {
        let own = OwnCode::of_folder(Path::new("/home/ann/bus"));
        assert_eq!(own.file_of("/home/ann/bus/src/lib.rs"), Some("src/lib.rs"));
        assert_eq!(own.file_of("/home/ann/bus2/src/lib.rs"), None);
        assert_eq!(own.file_as_named("tests/all.rs:3:5:"), Some("tests/all.rs:3:5:"));
        assert_eq!(own.file_as_named("/rustc/1/library/std/src/thread.rs:1:1:"), None);
    }
}
