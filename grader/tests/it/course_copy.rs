//! A copy of the course's repository, for tests that make exercises.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{grade_in, root};

/// The course's repository in a folder of its own, in which an exercise can be made.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(root().join(file), at(file)).unwrap();
        }
        symlink(root().join("grader"), at("grader")).unwrap();
        for part in ["crates", "fixtures"] {
            fs::create_dir(at(part)).unwrap();
            for entry in fs::read_dir(root().join(part)).unwrap().flatten() {
                symlink(entry.path(), at(part).join(entry.file_name())).unwrap();
            }
        }
        // The dependencies are built here already.
        let built = root().join("target/grade/target");
        fs::create_dir_all(&built).unwrap();
        fs::create_dir_all(at("target/grade")).unwrap();
        symlink(built, at("target/grade/target")).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    pub(crate) fn replace(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(self.path(file), text.replace(old, new)).unwrap();
    }

    #[track_caller]
    pub(crate) fn report(&self, args: &[&str]) -> Value {
        let assert = grade_in(self.folder.path(), args.iter().copied().chain(["--format", "json"]));
        let output = assert.get_output();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
    }
}
