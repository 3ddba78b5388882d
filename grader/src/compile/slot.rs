//! Places to build in. Cargo builds one thing at a time in a target folder, so programs that are
//! graded at the same time are built in different ones.
//!
//! The first slot builds dependencies. Another one takes the built dependencies from it, as links where
//! files are large, and is used only once it can: dependencies are compiled once, whatever the number of
//! slots, and a slot costs some MB.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::Error;
use crate::workspace::Workspace;

/// A place that nobody else builds in, as long as this value lives.
pub(super) struct Slot {
    folder: PathBuf,
    _lock: File,
}

impl Slot {
    /// A free slot that has the dependencies called `dependencies`; else the first one, once it is free.
    pub(super) fn take(workspace: &Workspace, dependencies: &str) -> Result<Self, Error> {
        let first = workspace.build_folder();
        let stamp = Path::new("built").join(dependencies);
        if first.join(&stamp).is_file() {
            let slots = thread::available_parallelism().map_or(1, usize::from);
            let others = (1..slots).map(|number| first.join(format!("slot-{number}")));
            for folder in [first.clone()].into_iter().chain(others) {
                let Some(slot) = Self::try_open(&folder)? else { continue };
                if !folder.join(&stamp).is_file() {
                    take_over(&first.join("target"), &slot.target())?;
                    slot.remember(dependencies)?;
                }
                return Ok(slot);
            }
        }
        Self::first(workspace)
    }

    /// The first slot, once it is free.
    pub(super) fn first(workspace: &Workspace) -> Result<Self, Error> {
        let folder = workspace.build_folder();
        let (file, path) = lock_file(&folder)?;
        file.lock().map_err(Error::file(&path))?;
        Ok(Self { folder, _lock: file })
    }

    fn try_open(folder: &Path) -> Result<Option<Self>, Error> {
        let (file, path) = lock_file(folder)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(Error::file(&path)(error)),
        }
    }

    /// Says that the dependencies called `dependencies` are built here.
    pub(super) fn remember(&self, dependencies: &str) -> Result<(), Error> {
        let stamps = self.folder.join("built");
        fs::create_dir_all(&stamps).map_err(Error::file(&stamps))?;
        fs::write(stamps.join(dependencies), "").map_err(Error::file(&stamps))
    }

    /// Cargo's target folder.
    pub(super) fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Where the package of `exercise` is written.
    pub(super) fn package(&self, exercise: &str) -> PathBuf {
        self.folder.join("packages").join(exercise)
    }
}

fn lock_file(folder: &Path) -> Result<(File, PathBuf), Error> {
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    let path = folder.join("lock");
    Ok((File::create(&path).map_err(Error::file(&path))?, path))
}

/// Takes what cargo has built in the target folder `from`. Somebody may be building there: what cargo has
/// written a fingerprint of is complete, so fingerprints are taken first.
fn take_over(from: &Path, to: &Path) -> Result<(), Error> {
    const PARTS: [&str; 3] = [".fingerprint", "build", "deps"];
    let profiles = [PathBuf::from("release"), Path::new(super::host()?).join("release")];
    for (profile, part) in profiles.iter().flat_map(|profile| PARTS.map(|part| (profile, part))) {
        let from = from.join(profile).join(part);
        if from.is_dir() {
            copy_folder(&from, &to.join(profile).join(part)).map_err(Error::file(&from))?;
        }
    }
    Ok(())
}

/// Copies what is not there yet, and keeps the times, by which cargo decides what is out of date.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&path, &copy)?;
        } else if !copy.exists() {
            match copy_file(&path, &copy) {
                // Somebody who builds there removes files of an earlier source.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// The compiler never writes into a library that is there, it puts another one into its place: a
/// link will do. Other files are written into.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if from.extension().is_some_and(|extension| ["rlib", "rmeta", "so"].iter().any(|it| extension == *it)) {
        return fs::hard_link(from, to);
    }
    let modified = fs::metadata(from)?.modified()?;
    fs::copy(from, to)?;
    File::options().write(true).open(to)?.set_modified(modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_of_one_builder_only() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(root.path());
        let first = Slot::first(&workspace).unwrap();
        assert!(Slot::try_open(&workspace.build_folder()).unwrap().is_none());
        drop(first);
        assert!(Slot::try_open(&workspace.build_folder()).unwrap().is_some());
    }

    #[test]
    fn another_slot_is_used_once_the_first_one_has_built_the_dependencies() {
        if thread::available_parallelism().map_or(1, usize::from) < 2 {
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(root.path());
        let first = Slot::take(&workspace, "key").unwrap();
        assert_eq!(first.folder, workspace.build_folder());
        let library = first.target().join("release/deps/liba.rlib");
        fs::create_dir_all(library.parent().unwrap()).unwrap();
        fs::write(&library, "a library").unwrap();
        first.remember("key").unwrap();
        let second = Slot::take(&workspace, "key").unwrap();
        assert_ne!(second.folder, first.folder);
        assert_eq!(fs::read(second.target().join("release/deps/liba.rlib")).unwrap(), b"a library");
    }

    #[test]
    fn copies_keep_their_times_and_do_not_share_what_is_written_into() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs::create_dir_all(from.join("inner")).unwrap();
        fs::write(from.join("inner/a.d"), "old").unwrap();
        let file = File::options().write(true).open(from.join("inner/a.d")).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        copy_folder(&from, &to).unwrap();
        let copied = fs::metadata(to.join("inner/a.d")).unwrap().modified().unwrap();
        assert_eq!(copied, std::time::UNIX_EPOCH);
        fs::write(to.join("inner/a.d"), "new").unwrap();
        assert_eq!(fs::read(from.join("inner/a.d")).unwrap(), b"old");
    }
}
