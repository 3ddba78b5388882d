//! Calls of the gradebook, and classes for it to grade.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assert_cmd::assert::Assert;
use tempfile::TempDir;

/// The workspace that these tests are part of.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A folder for submissions, and another one for what is made from them.
pub(crate) struct Class {
    folder: TempDir,
}

impl Class {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("class")).unwrap();
        Self { folder }
    }

    /// With one file of one student, by its path below the folder of the class.
    pub(crate) fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.submissions().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn submissions(&self) -> PathBuf {
        self.folder.path().join("class")
    }

    /// A file that is no submission.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command that finds its gradebook and its files beside the folder `class`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradebook"));
        command.args(args).current_dir(self.folder.path());
        command
    }

    /// Calls the gradebook. A test that hangs is ended long before CI is.
    #[track_caller]
    pub(crate) fn call(&self, args: &[&str]) -> Assert {
        assert_cmd::Command::from_std(self.command(args)).timeout(Duration::from_secs(600)).assert()
    }
}

/// What a call printed.
pub(crate) fn stdout(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}
