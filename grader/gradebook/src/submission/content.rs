//! What may be in a submission: folders and regular files, of limited size.

use std::fs::{self, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::Problem;
use crate::attempt::Timestamp;

/// The most bytes of source. The exercises' own have at most 60 KiB.
pub(super) const MOST_BYTES: u64 = 4 << 20;
/// The most entries of a folder of source or of an archive.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// The deepest folder.
pub(super) const DEEPEST: usize = 16;

/// Looks at all of a source without opening anything. Returns when the newest `.rs` file was written.
///
/// # Errors
/// When something in it is neither a folder nor a file, or it is too large.
pub(super) fn inspect(place: &Path) -> Result<Option<Timestamp>, Problem> {
    let mut seen = Seen::default();
    seen.visit(place, 0)?;
    Ok(seen.newest)
}

#[derive(Default)]
struct Seen {
    newest: Option<Timestamp>,
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
                self.visit(&entry.map_err(unreadable(path))?.path(), depth + 1)?;
            }
            return Ok(());
        }
        require_kind(path, metadata.file_type())?;
        if path.extension().is_some_and(|extension| extension == "rs") {
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
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_dir() => "a folder",
        _ => "a device or socket",
    };
    Err(Problem::Refused(format!("{}: it is {what}; only regular files can be handed in", path.display())))
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
