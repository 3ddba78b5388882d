//! What has been built and is kept, by hashes: nothing of it ever changes. What nobody used for long goes when there is
//! much of it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::short_hash::short_hash;
use crate::workspace::Workspace;

/// Where the folder of what is kept is or will be.
pub(super) fn place(workspace: &Workspace) -> PathBuf {
    workspace.build_folder().join("programs")
}

/// The folder of what is kept.
pub(super) fn folder(workspace: &Workspace) -> Result<PathBuf, Error> {
    let programs = place(workspace);
    fs::create_dir_all(&programs).map_err(Error::file(&programs))?;
    Ok(programs)
}

/// How many programs are in `folder`.
pub(super) fn count(folder: &Path) -> usize {
    let lists = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|extension| extension == "list");
    fs::read_dir(folder).into_iter().flatten().flatten().filter(lists).count()
}

/// Keeps the library with this content, under a name of its own.
pub(super) fn keep_library(workspace: &Workspace, content: &[u8]) -> Result<PathBuf, Error> {
    let library = folder(workspace)?.join(format!("runtime-{}.so", short_hash([content])));
    if !is_kept(&library) {
        keep(content, &library)?;
    }
    Ok(library)
}

/// Copies under another name first, so that an interrupted copy, or that of another grader, is never taken for a
/// program.
pub(super) fn keep(built: impl io::Read, program: &Path) -> Result<(), Error> {
    put(built, program)?;
    prune(program.parent().unwrap_or(Path::new(".")));
    Ok(())
}

/// The same where nothing is too much.
pub(super) fn put(mut built: impl io::Read, program: &Path) -> Result<(), Error> {
    let folder = program.parent().unwrap_or(Path::new("."));
    let mut partial = tempfile::NamedTempFile::new_in(folder).map_err(Error::file(folder))?;
    io::copy(&mut built, &mut partial).map_err(Error::file(program))?;
    let executable = fs::Permissions::from_mode(0o755);
    partial.as_file().set_permissions(executable).map_err(Error::file(program))?;
    partial.persist(program).map(drop).map_err(|error| Error::file(program)(error.error))
}

/// Keeps the list of what `program` was made of, before the program itself.
pub(super) fn keep_list(program: &Path, list: &[u8]) -> Result<(), Error> {
    keep(list, &list_of(program))
}

/// The list of a program that is there; then both count as used now.
pub(super) fn kept_list(program: &Path) -> Option<Vec<u8>> {
    let list = list_of(program);
    (is_kept(program) && is_kept(&list)).then(|| fs::read(list).ok()).flatten()
}

fn list_of(program: &Path) -> PathBuf {
    program.with_extension("list")
}

/// Whether `program` is there; then it counts as used now.
pub(super) fn is_kept(program: &Path) -> bool {
    let used = |file: fs::File| {
        // Who may not say so can use it all the same.
        let _ = file.set_modified(SystemTime::now());
    };
    program.is_file() && fs::File::open(program).map(used).is_ok()
}

/// What may be kept in all, in bytes.
const MOST_BYTES: u64 = 2 << 30;
/// How long after it was asked for last a program may still be in use.
const LEAST_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// One kept file: its size in bytes, and how long ago it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: OsString,
    bytes: u64,
    age: Duration,
}

/// Removes what is outdated. What cannot be removed stays: the next one tries again.
fn prune(folder: &Path) {
    let now = SystemTime::now();
    let kept = |entry: fs::DirEntry| {
        let found = entry.metadata().ok()?;
        let age = now.duration_since(found.modified().ok()?).unwrap_or_default();
        Some(Kept { name: entry.file_name(), bytes: found.len(), age })
    };
    let all = fs::read_dir(folder).into_iter().flatten().flatten().filter_map(kept).collect();
    for name in outdated(all) {
        let _ = fs::remove_file(folder.join(name));
    }
}

/// What goes: the oldest, until the rest is not too much, and never what may be in use.
fn outdated(mut all: Vec<Kept>) -> Vec<OsString> {
    all.sort_by(|one, other| one.age.cmp(&other.age).then_with(|| one.name.cmp(&other.name)));
    let mut sum = 0u64;
    let too_much = all.into_iter().filter(|kept| {
        sum = sum.saturating_add(kept.bytes);
        sum > MOST_BYTES && kept.age > LEAST_AGE
    });
    too_much.map(|kept| kept.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str, mebibytes: u64, hours: u64) -> Kept {
        Kept { name: name.into(), bytes: mebibytes << 20, age: Duration::from_secs(3600 * hours) }
    }

    #[test]
    fn the_oldest_go_until_the_rest_is_not_too_much() {
        assert_eq!(outdated(vec![kept("a", 1000, 99), kept("b", 1000, 9)]), [""; 0]);
        let all = vec![kept("old", 600, 50), kept("new", 900, 3), kept("older", 1, 60), kept("mid", 900, 5)];
        assert_eq!(outdated(all), ["old", "older"]);
    }

    #[test]
    fn what_may_be_in_use_never_goes() {
        assert_eq!(outdated(vec![kept("a", 3000, 0), kept("b", 3000, 1), kept("c", 1, 3)]), ["c"]);
        assert_eq!(outdated(vec![kept("a", u64::MAX >> 20, 0), kept("b", u64::MAX >> 20, 1)]), [""; 0]);
    }

    #[test]
    fn what_is_asked_for_counts_as_used_now() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        assert!(!is_kept(&program));
        fs::write(&program, "").unwrap();
        let old = SystemTime::now() - Duration::from_secs(100_000);
        fs::File::open(&program).unwrap().set_modified(old).unwrap();
        assert!(is_kept(&program));
        assert!(fs::metadata(&program).unwrap().modified().unwrap() > old);
    }

    #[test]
    fn a_program_without_its_list_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        keep_list(&program, b"main.rs").unwrap();
        assert_eq!(kept_list(&program), None);
        keep(&b"program"[..], &program).unwrap();
        assert_eq!(kept_list(&program).as_deref(), Some(&b"main.rs"[..]));
        fs::remove_file(list_of(&program)).unwrap();
        assert_eq!(kept_list(&program), None);
    }

    #[test]
    fn a_new_program_makes_room_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let old = fs::File::create(folder.path().join("old")).unwrap();
        // Without a byte on the disk.
        old.set_len(MOST_BYTES + 1).unwrap();
        old.set_modified(SystemTime::now() - 2 * LEAST_AGE).unwrap();
        let program = folder.path().join("new");
        keep(&b"program"[..], &program).unwrap();
        assert!(program.is_file() && !folder.path().join("old").exists());
    }
}
