//! What may be in a submission: folders and regular files, of limited size.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::Problem;
use super::names::{is_foreign, is_source};
use crate::attempt::Timestamp;

/// The most bytes of source. The exercises' own have at most 60 KiB.
pub(super) const MOST_BYTES: u64 = 4 << 20;
/// The most entries of a folder of source or of an archive.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// The deepest folder.
pub(super) const DEEPEST: usize = 16;

/// Looks at all of a source without opening anything.
///
/// # Errors
/// When something in it is neither a folder nor a file, or it is too large.
pub(super) fn inspect(place: &Path) -> Result<Seen, Problem> {
    let mut seen = Seen::default();
    seen.visit(place, 0)?;
    Ok(seen)
}

/// What was seen of a source.
#[derive(Default)]
pub(super) struct Seen {
    /// When the newest `.rs` file was written.
    pub(super) newest: Option<Timestamp>,
    /// Whether something lies in it that is no student's work, as the folder `target` of a build.
    pub(super) has_foreign: bool,
    bytes: u64,
    entries: usize,
}

impl Seen {
    fn visit(&mut self, path: &Path, depth: usize) -> Result<(), Problem> {
        let metadata = fs::symlink_metadata(path).map_err(unreadable(path))?;
        self.entries += 1;
        if self.entries > MOST_ENTRIES || depth > DEEPEST {
            return Err(too_large(path));
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(path).map_err(unreadable(path))? {
                let inner = entry.map_err(unreadable(path))?.path();
                if is_foreign(&inner) {
                    self.has_foreign = true;
                } else {
                    self.visit(&inner, depth + 1)?;
                }
            }
            return Ok(());
        }
        require_kind(path, metadata.file_type())?;
        if is_source(path) {
            self.bytes += metadata.len();
            self.newest = self.newest.max(metadata.modified().ok().map(Timestamp::from));
        }
        if self.bytes > MOST_BYTES { Err(too_large(path)) } else { Ok(()) }
    }
}

/// Refuses what is not a regular file.
pub(super) fn require_regular(path: &Path) -> Result<(), Problem> {
    require_kind(path, fs::symlink_metadata(path).map_err(unreadable(path))?.file_type())
}

fn require_kind(path: &Path, kind: FileType) -> Result<(), Problem> {
    kind_of(kind).map_or(Ok(()), |what| Err(refused(path, what)))
}

/// What an entry is, in words; none for a regular file.
pub(super) fn kind_of(kind: FileType) -> Option<&'static str> {
    match kind {
        kind if kind.is_file() => None,
        kind if kind.is_symlink() => Some("a symbolic link"),
        kind if kind.is_fifo() => Some("a named pipe"),
        kind if kind.is_dir() => Some("a folder"),
        _ => Some("a device or socket"),
    }
}

pub(super) fn refused(path: &Path, what: &str) -> Problem {
    Problem::Refused(format!("{}: it is {what}; only regular files can be handed in", path.display()))
}

/// Copies a source that was inspected, without what is no student's work.
pub(super) fn copy(place: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let (from, to) = (entry.path(), into.join(entry.file_name()));
        match entry.file_type()? {
            _ if is_foreign(&from) => {}
            kind if kind.is_dir() => copy(&from, &to)?,
            kind if kind.is_file() => _ = fs::copy(&from, &to)?,
            _ => {}
        }
    }
    Ok(())
}

/// For `map_err`.
pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Problem {
    move |error| Problem::Unreadable(format!("{}: {error}", path.display()))
}

pub(super) fn too_large(path: &Path) -> Problem {
    let mib = MOST_BYTES >> 20;
    let reason = format!("more than {mib} MiB of source, {MOST_ENTRIES} files or {DEEPEST} nested folders");
    Problem::Refused(format!("{}: {reason}", path.display()))
}

/// When a file was last written, where the system tells.
pub(super) fn modified(path: &Path) -> Option<Timestamp> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok().map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_deep_in_a_source_is_refused_and_names_its_place() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("inner/secret.rs")).unwrap();
        let Err(Problem::Refused(reason)) = inspect(folder.path()) else { panic!("it was accepted") };
        assert!(reason.contains("inner/secret.rs: it is a symbolic link"), "{reason}");
    }

    #[test]
    fn what_was_built_is_no_source() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("ada/target/debug/build");
        fs::create_dir_all(&build).unwrap();
        fs::File::create(build.join("bindings.rs")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        fs::write(folder.path().join("ada/main.rs"), "fn main() {}").unwrap();
        assert!(inspect(&folder.path().join("ada")).unwrap().has_foreign);
        copy(&folder.path().join("ada"), &folder.path().join("copy")).unwrap();
        assert!(folder.path().join("copy/main.rs").exists() && !folder.path().join("copy/target").exists());
    }

    #[test]
    fn too_much_source_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = fs::File::create(folder.path().join("main.rs")).unwrap();
        file.set_len(MOST_BYTES + 1).unwrap();
        assert!(matches!(inspect(folder.path()), Err(Problem::Refused(_))));
    }

    #[test]
    fn folders_nested_without_end_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("d/".repeat(DEEPEST + 2))).unwrap();
        assert!(matches!(inspect(folder.path()), Err(Problem::Refused(_))));
    }
}
