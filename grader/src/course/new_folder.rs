//! A folder that is there whole or not at all: filled beside its place, then renamed.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use crate::error::Error;

/// A folder that is being filled. Dropped before [`NewFolder::finish`], it leaves nothing behind.
pub struct NewFolder {
    place: PathBuf,
    partial: TempDir,
}

impl NewFolder {
    /// Begins the folder that is to stand at `place`.
    ///
    /// # Errors
    /// When something other than an empty folder is there, or nothing can be written beside it.
    pub fn at(place: &Path) -> Result<Self, Error> {
        let taken = |what: &str| Err(Error::usage(format!("{}: {what}", place.display())));
        match fs::read_dir(place).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => return taken("it is not empty; name a new folder, or remove this one"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::file(place)(error)),
        }
        if place.file_name().is_none() {
            return taken("name a folder that is not the current one or above it");
        }
        let beside = place.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new("."));
        let partial = tempfile::Builder::new().prefix(".partial-").tempdir_in(beside);
        Ok(Self { place: place.to_owned(), partial: partial.map_err(Error::file(beside))? })
    }

    /// Where it stands until it is finished.
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Writes a new file. `below` is made of plain names only; folders are made as needed.
    ///
    /// # Errors
    /// When it is not, when the file is there already, or when it cannot be written.
    pub fn write(&self, below: &Path, content: &[u8]) -> Result<(), Error> {
        if !below.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Error::usage(format!("{}: not a path below a folder", below.display())));
        }
        let path = self.path().join(below);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::file(below))?;
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path);
        file.and_then(|mut file| file.write_all(content)).map_err(Error::file(below))
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// When something has come there in the meantime.
    pub fn finish(self) -> Result<(), Error> {
        let renamed = fs::set_permissions(self.path(), Permissions::from_mode(0o755))
            .and_then(|()| fs::rename(self.path(), &self.place));
        renamed.map_err(Error::file(&self.place))?;
        // There is nothing left to remove.
        let _ = self.partial.keep();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn it_is_there_when_finished_and_not_before() {
        let outer = tempfile::tempdir().unwrap();
        let folder = NewFolder::at(&outer.path().join("new")).unwrap();
        folder.write(Path::new("a/b.txt"), b"text").unwrap();
        assert!(!outer.path().join("new").exists());
        folder.finish().unwrap();
        assert_eq!(names(outer.path()), ["new"]);
        assert_eq!(fs::read(outer.path().join("new/a/b.txt")).unwrap(), b"text");
    }

    #[test]
    fn given_up_it_leaves_nothing() {
        let outer = tempfile::tempdir().unwrap();
        let folder = NewFolder::at(&outer.path().join("new")).unwrap();
        folder.write(Path::new("a"), b"").unwrap();
        drop(folder);
        assert!(names(outer.path()).is_empty());
    }

    #[test]
    fn what_is_there_is_not_touched() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("file"), "mine").unwrap();
        assert!(NewFolder::at(outer.path()).is_err());
        assert!(NewFolder::at(&outer.path().join("file")).is_err());
        assert!(NewFolder::at(&outer.path().join("empty/..")).is_err());
        assert_eq!(names(outer.path()), ["file"]);
    }

    #[test]
    fn no_file_is_written_outside_or_twice() {
        let outer = tempfile::tempdir().unwrap();
        let folder = NewFolder::at(&outer.path().join("new")).unwrap();
        assert!(folder.write(Path::new("../escaped"), b"").is_err());
        assert!(folder.write(Path::new("/tmp/escaped"), b"").is_err());
        folder.write(Path::new("once"), b"").unwrap();
        assert!(folder.write(Path::new("once"), b"").is_err());
    }
}
