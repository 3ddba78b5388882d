//! Unpacking a zip archive that nobody vouches for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::Problem;
use super::content::{DEEPEST, MOST_BYTES, MOST_ENTRIES, too_large};
use super::names::{BUILT, is_foreign_name, is_source};

/// The largest archive: it may have much beside its source, such as a `target` folder. Only its list and its source are
/// read.
const MOST_ARCHIVE_BYTES: u64 = 2 << 30;
const MOST_LISTED: usize = 200_000;

/// Unpacks the `.rs` files of the archive at `path` into `folder`, which is empty.
///
/// # Errors
/// When it is no archive or is broken; when an entry would leave `folder` or is a link, or two have one name; when it
/// is too large.
pub(super) fn unpack(path: &Path, folder: &Path) -> Result<(), Problem> {
    let unreadable = |error: ZipError| Problem::Unreadable(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| unreadable(error.into()))?;
    if file.metadata().is_ok_and(|metadata| metadata.len() > MOST_ARCHIVE_BYTES) {
        return Err(too_large(path));
    }
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    if archive.len() > MOST_LISTED {
        return Err(too_large(path));
    }
    if archive.has_duplicate_names() {
        // Which of them counts, each program decides for itself.
        return Err(Problem::Refused(format!("{}: two of its entries have the same name", path.display())));
    }
    let built = built(&archive);
    let mut room = MOST_BYTES;
    let mut names = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(unreadable)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let refused = |reason: &str| Problem::Refused(format!("{}: {name:?} {reason}", path.display()));
        let below = entry.enclosed_name().ok_or_else(|| refused("leads out of the archive"))?;
        if is_foreign(&below, &built) {
            continue;
        }
        if entry.is_symlink() {
            return Err(refused("is a symbolic link"));
        }
        if !entry.is_file() || !is_source(&below) {
            continue;
        }
        if below.components().count() > DEEPEST || names.len() >= MOST_ENTRIES {
            return Err(too_large(path));
        }
        if let Some(other) = names.insert(plain(&below), name.clone()) {
            return Err(refused(&format!("has the same name as {other:?}")));
        }
        let written = write(&mut entry, &folder.join(below), room);
        room = written.map_err(|error| unreadable(error.into()))?.ok_or_else(|| too_large(path))?;
    }
    Ok(())
}

/// The folders `target` that cargo made.
fn built(archive: &ZipArchive<File>) -> BTreeSet<PathBuf> {
    let names: Vec<String> =
        archive.file_names().filter_map(Result::ok).map(|name| name.replace('\\', "/")).collect();
    let marks = names.iter().filter_map(|name| {
        let (before, after) =
            name.split_once("target/").filter(|(before, _)| before.is_empty() || before.ends_with('/'))?;
        BUILT.iter().any(|mark| after.starts_with(mark)).then(|| Path::new(before).join("target"))
    });
    marks.collect()
}

/// Whether a path is that of no student's work.
fn is_foreign(path: &Path, built: &BTreeSet<PathBuf>) -> bool {
    path.iter().any(is_foreign_name) || path.ancestors().any(|folder| built.contains(folder))
}

/// A name without the differences that only some file systems know: between capitals and small letters, and between
/// ways to say one path.
fn plain(path: &Path) -> String {
    let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
    parts.map(|part| part.as_os_str().to_string_lossy().to_lowercase()).collect::<Vec<_>>().join("/")
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
            add(archive, "ada/target/debug/build/bindings.rs", &vec![b' '; (MOST_BYTES + 1) as usize]);
            add(archive, "__MACOSX/ada/even-odd/src/._main.rs", b"\0");
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
    fn links_of_tools_are_left() {
        let (folder, result) = unpacked(|archive| {
            for name in [".#main.rs", "node_modules/.bin/x"] {
                archive.add_symlink(name, "/etc/passwd", SimpleFileOptions::default()).unwrap();
            }
            add(archive, "main.rs", b"fn main() {}");
        });
        assert_eq!(result, Ok(()));
        assert_eq!(files(&folder).len(), 2);
    }

    /// The second file takes the name of the first in every place where the archive says it.
    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("upload.zip");
        let mut archive = ZipWriter::new(File::create(&path).unwrap());
        add(&mut archive, "even-odd/main.rs", b"fn main() {}");
        add(&mut archive, "even-odd/niam.rs", b"fn main() { loop {} }");
        archive.finish().unwrap();
        let mut bytes = fs::read(&path).unwrap();
        let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(b"niam.rs")).collect();
        places.iter().for_each(|&at| bytes[at..at + 7].copy_from_slice(b"main.rs"));
        fs::write(&path, bytes).unwrap();
        let result = unpack(&path, folder.path());
        assert!(matches!(&result, Err(Problem::Refused(why)) if why.contains("same name")), "{result:?}");
    }

    #[test]
    fn names_that_are_the_same_path_or_differ_in_capitals_are_refused() {
        for (one, two) in [
            ("a/main.rs", "a/./main.rs"),
            ("a/main.rs", "a//main.rs"),
            ("a/main.rs", "/a/main.rs"),
            ("a/main.rs", "b/../a/main.rs"),
            ("main.rs", "Main.rs"),
            ("src/main.rs", "SRC/main.rs"),
        ] {
            let (_folder, result) = unpacked(|archive| {
                add(archive, one, b"fn main() {}");
                add(archive, two, b"fn main() {}");
            });
            assert!(matches!(&result, Err(Problem::Refused(why)) if why.contains(one)), "{two}: {result:?}");
        }
    }

    #[test]
    fn folders_nested_without_end_are_refused() {
        let (folder, result) = unpacked(|archive| {
            add(archive, &("d/".repeat(DEEPEST + 1) + "main.rs"), b"fn main() {}");
        });
        assert!(matches!(result, Err(Problem::Refused(_))), "{result:?}");
        assert_eq!(files(&folder).len(), 1);
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
