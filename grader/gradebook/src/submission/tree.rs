//! What is in a submission, by name: nothing is opened, and no link is followed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::Problem;
use super::content::{kind_of, refused, unreadable};
use super::names::{is_foreign, is_source};

/// The names in a folder, without those that are no student's work.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Path below the root → what it is, if it is no file.
    entries: BTreeMap<PathBuf, Option<&'static str>>,
}

/// As deep as a source is looked for.
const DEEPEST: usize = 7;
/// More names than anybody writes. A folder of a build can have more, and is not looked into.
const MOST: usize = 50_000;

impl Tree {
    /// Looks into the folder `root`.
    ///
    /// # Errors
    /// When a folder cannot be listed, or there is far too much.
    pub(super) fn look(root: &Path) -> Result<Self, Problem> {
        let mut tree = Self::default();
        tree.visit(root, Path::new(""))?;
        Ok(tree)
    }

    fn visit(&mut self, root: &Path, below: &Path) -> Result<(), Problem> {
        let folder = root.join(below);
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            let path = below.join(entry.file_name());
            let kind = entry.file_type().map_err(unreadable(&entry.path()))?;
            if is_foreign(&entry.path()) {
                continue;
            }
            if kind.is_dir() {
                if path.components().count() < DEEPEST {
                    self.visit(root, &path)?;
                }
                continue;
            }
            if self.entries.len() >= MOST {
                let reason = format!("{}: it has more than {MOST} files", root.display());
                return Err(Problem::Refused(reason));
            }
            self.entries.insert(path, kind_of(kind));
        }
        Ok(())
    }

    /// Every file.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.entries.iter().filter(|(_, kind)| kind.is_none()).map(|(path, _)| path.as_path())
    }

    /// Every source file.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Path> {
        self.files().filter(|path| is_source(path))
    }

    /// A few of the names, for a person.
    pub(super) fn names(&self) -> Vec<String> {
        const MOST_SHOWN: usize = 5;
        self.entries.keys().take(MOST_SHOWN).map(|path| path.display().to_string()).collect()
    }

    /// Refuses a link, pipe or device that `matters`.
    pub(super) fn require_no_link(&self, matters: impl Fn(&Path) -> bool) -> Result<(), Problem> {
        let odd =
            self.entries.iter().find_map(|(path, kind)| Some((path, (*kind)?)).filter(|_| matters(path)));
        odd.map_or(Ok(()), |(path, kind)| Err(refused(path, kind)))
    }

    #[cfg(test)]
    pub(super) fn of(files: &[&str]) -> Self {
        Self { entries: files.iter().map(|file| (PathBuf::from(file), None)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_students_work_is_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "src/main.rs",
            "src/._main.rs",
            "src/target/mod.rs",
            "target/debug/build/x.rs",
            ".git/config",
            "__MACOSX/src/main.rs",
            "node_modules/a.rs",
            "report.pdf",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let tree = Tree::look(folder.path()).unwrap();
        let files: Vec<_> = tree.files().map(|path| path.display().to_string()).collect();
        assert_eq!(files, ["report.pdf", "src/main.rs", "src/target/mod.rs"]);
        assert_eq!(tree.sources().count(), 2);
    }

    #[test]
    fn a_link_is_an_entry_and_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("even-odd")).unwrap();
        let tree = Tree::look(folder.path()).unwrap();
        assert_eq!(tree.files().count(), 0);
        assert!(matches!(tree.require_no_link(|path| path == "even-odd"), Err(Problem::Refused(_))));
        assert_eq!(tree.require_no_link(|path| path == "primes"), Ok(()));
    }
}
