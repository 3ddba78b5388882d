//! Unpacking a zip archive that nobody vouches for.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::Problem;
use super::content::{MOST_BYTES, MOST_ENTRIES, too_large};

/// The largest archive: it may have much beside its source, such as a `target` folder.
const MOST_ARCHIVE_BYTES: u64 = 256 << 20;

/// Unpacks the `.rs` files of the archive at `path` into `folder`, which is empty.
///
/// # Errors
/// When it is no archive or is broken; when an entry would leave `folder` or is a link; when it is too large.
pub(super) fn unpack(path: &Path, folder: &Path) -> Result<(), Problem> {
    let unreadable = |error: ZipError| Problem::Unreadable(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| unreadable(error.into()))?;
    if file.metadata().is_ok_and(|metadata| metadata.len() > MOST_ARCHIVE_BYTES) {
        return Err(too_large(path));
    }
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    if archive.len() > MOST_ENTRIES {
        return Err(too_large(path));
    }
    let mut room = MOST_BYTES;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let refused = |reason| Problem::Refused(format!("{}: {:?} {reason}", path.display(), entry.name()));
        let below = entry.enclosed_name().ok_or_else(|| refused("leads out of the archive"))?;
        if entry.is_symlink() {
            return Err(refused("is a symbolic link"));
        }
        let is_source = below.extension().is_some_and(|extension| extension == "rs");
        if entry.is_file() && is_source {
            let written = write(&mut entry, &folder.join(below), room);
            room = written.map_err(|error| unreadable(error.into()))?.ok_or_else(|| too_large(path))?;
        }
    }
    Ok(())
}

/// Writes one file; how much room is left then. What an entry says of its size is not believed.
fn write(entry: &mut ZipFile<'_, File>, path: &Path, room: u64) -> io::Result<Option<u64>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(path)?;
    let written = io::copy(&mut entry.take(room + 1), &mut file)?;
    Ok(room.checked_sub(written))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

    use tempfile::TempDir;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn unpacked(write: impl FnOnce(&mut ZipWriter<File>)) -> (TempDir, Result<(), Problem>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("upload.zip");
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        write(&mut archive);
        archive.finish().unwrap();
        let into = folder.path().join("into");
        fs::create_dir(&into).unwrap();
        let result = unpack(&path, &into);
        (folder, result)
    }

    fn add(archive: &mut ZipWriter<File>, name: &str, content: &[u8]) {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }

    fn files(folder: &TempDir) -> Vec<PathBuf> {
        fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() { walk(&entry.path(), files) } else { files.push(entry.path()) }
            }
        }
        let mut found = Vec::new();
        walk(folder.path(), &mut found);
        found
    }

    #[test]
    fn only_source_is_unpacked() {
        let (folder, result) = unpacked(|archive| {
            add(archive, "ada/even-odd/src/main.rs", b"fn main() {}");
            add(archive, "ada/target/debug/even-odd", &[0; 100_000]);
        });
        assert_eq!(result, Ok(()));
        assert_eq!(fs::read(folder.path().join("into/ada/even-odd/src/main.rs")).unwrap(), b"fn main() {}");
        assert_eq!(files(&folder).len(), 2);
    }

    #[test]
    fn entries_that_lead_out_are_refused() {
        for name in ["../evil.rs", "a/../../evil.rs"] {
            let (folder, result) = unpacked(|archive| add(archive, name, b"fn main() {}"));
            assert!(matches!(result, Err(Problem::Refused(_))), "{name}");
            assert_eq!(files(&folder), [folder.path().join("upload.zip")], "{name}");
        }
    }

    #[test]
    fn an_absolute_name_stays_in_the_folder() {
        let (folder, result) = unpacked(|archive| add(archive, "/etc/evil.rs", b"fn main() {}"));
        assert_eq!(result, Ok(()));
        assert!(folder.path().join("into/etc/evil.rs").is_file());
    }

    #[test]
    fn links_are_refused() {
        let (_folder, result) = unpacked(|archive| {
            archive.add_symlink("main.rs", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        });
        assert!(matches!(result, Err(Problem::Refused(reason)) if reason.contains("symbolic link")));
    }

    #[test]
    fn an_archive_that_swells_is_refused() {
        let (_folder, result) = unpacked(|archive| {
            (0..2).for_each(|number| add(archive, &format!("{number}.rs"), &vec![b' '; 3 << 20]));
        });
        assert!(matches!(result, Err(Problem::Refused(_))));
    }

    #[test]
    fn what_is_no_archive_is_unreadable() {
        let folder = tempfile::tempdir().unwrap();
        for content in [&b""[..], b"PK", b"not a zip at all", b"PK\x03\x04 cut off"] {
            let path = folder.path().join("upload.zip");
            fs::write(&path, content).unwrap();
            assert!(matches!(unpack(&path, folder.path()), Err(Problem::Unreadable(_))));
        }
    }
}
