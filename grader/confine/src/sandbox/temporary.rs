//! The `/tmp` of a jail, which is in memory and the jail's own. What a run leaves there would be there in the jail's
//! next run, so a jail is used again only while nothing there has changed: no file, and neither the mode, the times nor
//! the attributes of a folder.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, fstatvfs, openat};
use rustix::process::Pid;

use super::{Tier, tier};

/// The `/tmp` of one jail, seen from outside.
pub struct Temporary {
    /// Those that stand there from the beginning, `/tmp` first: below it the ways to the program's own folders.
    folders: Vec<(OwnedFd, Looks)>,
    files: u64,
}

/// What changes with everything that is done to a folder: nobody can set when its node was changed last.
#[derive(Debug, PartialEq, Eq)]
struct Looks {
    mode: u32,
    changed: (i64, u64),
}

impl Temporary {
    /// That of the jail in which `process` is, as it is now, before the program has run. None in tiers whose
    /// programs cannot write to any `/tmp`, or write to everybody's, and where the system does not show it.
    pub fn of(process: Pid) -> Option<Self> {
        if tier() < Tier::Strong {
            return None;
        }
        let path = Path::new("/proc").join(process.as_raw_nonzero().to_string()).join("root/tmp");
        let folders = folders(openat(CWD, path, FOLDER, Mode::empty()).ok()?);
        let files = count(&folders.first()?.0);
        Some(Self { folders, files })
    }

    /// Whether something was left there. All that has a name is counted.
    pub fn is_used(&self) -> bool {
        let has_changed = |(folder, before): &(OwnedFd, Looks)| looks(folder).as_ref() != Some(before);
        self.folders.first().is_some_and(|(top, _)| count(top) != self.files)
            || self.folders.iter().any(has_changed)
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// `top` and the folders below it that are in the same file system. The grader has made them, few of them.
fn folders(top: OwnedFd) -> Vec<(OwnedFd, Looks)> {
    let device = fstat(&top).map(|found| found.st_dev);
    let mut waiting = vec![top];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        if fstat(&folder).map(|found| found.st_dev) != device {
            continue;
        }
        waiting.extend(inner_folders(&folder));
        found.extend(looks(&folder).map(|looks| (folder, looks)));
    }
    found
}

fn inner_folders(folder: &OwnedFd) -> Vec<OwnedFd> {
    let entries = Dir::read_from(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| {
        entry.file_type() == FileType::Directory && !matches!(entry.file_name().to_bytes(), b"." | b"..")
    });
    folders.filter_map(|entry| openat(folder, entry.file_name(), FOLDER, Mode::empty()).ok()).collect()
}

fn looks(folder: &OwnedFd) -> Option<Looks> {
    let found = fstat(folder).ok()?;
    Some(Looks { mode: found.st_mode, changed: (found.st_ctime, found.st_ctime_nsec) })
}

fn count(folder: &OwnedFd) -> u64 {
    fstatvfs(folder).map_or(0, |found| found.f_files - found.f_ffree)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn of(path: &Path) -> Temporary {
        let folders = folders(openat(CWD, path, FOLDER, Mode::empty()).unwrap());
        // Other tests make files in the same file system.
        Temporary { files: count(&folders[0].0), folders }
    }

    fn has_changed(temporary: &Temporary) -> bool {
        temporary.folders.iter().any(|(folder, before)| looks(folder).as_ref() != Some(before))
    }

    #[test]
    fn a_folders_mode_and_times_are_seen_to_change() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("way/to");
        fs::create_dir_all(&inner).unwrap();
        let before = of(folder.path());
        assert_eq!(before.folders.len(), 3);
        assert!(!has_changed(&before));
        let mode = fs::metadata(&inner).unwrap().permissions().mode();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(has_changed(&before));
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        // As if nothing had happened.
        fs::set_permissions(&inner, fs::Permissions::from_mode(mode)).unwrap();
        fs::File::open(&inner).unwrap().set_modified(long_ago).unwrap();
        assert!(has_changed(&before));
    }
}
