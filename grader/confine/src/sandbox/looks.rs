//! Whether anything in a folder has changed: no run that changed nothing needs a folder that is made anew for the next.
//!
//! Nobody can set when an inode was changed last (inode(7), `ctime`), so whatever is done to a file or a folder shows. What is
//! written through a shared mapping alone does not, in a file system that is in memory (mmap(2)).

use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::time::{ClockId, clock_gettime};

/// A folder with more in it, at whatever depth, is not looked at.
const MOST: usize = 512;

/// How a folder, and all that is in it, looked at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks(Vec<(CString, Look)>);

/// What is different after any change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    inode: u64,
    mode: u32,
    size: i64,
    changed: (i64, u64),
}

impl Look {
    fn of(found: &Stat) -> Self {
        Self {
            inode: found.st_ino,
            mode: found.st_mode,
            size: found.st_size,
            changed: (found.st_ctime, found.st_ctime_nsec),
        }
    }
}

impl Looks {
    /// How `folder` looks, once the clock that the kernel takes for changes has gone on since the last one: so that the next
    /// one shows. Nothing where there is too much in it, it cannot be looked at, or its changes have another clock.
    pub fn settled(folder: &Path) -> Option<Self> {
        /// The clock goes on every 10 ms at the least.
        const MOST_LOOKS: u32 = 50;
        let looks = Self::now(folder)?;
        let last = looks.0.iter().map(|(_, look)| look.changed).max()?;
        // A file system that notes whole seconds.
        if looks.0.iter().all(|(_, look)| look.changed.1 == 0) {
            return None;
        }
        for _ in 0..MOST_LOOKS {
            if clock() > last {
                return Some(looks);
            }
            thread::sleep(Duration::from_millis(1));
        }
        None
    }

    /// How `folder` looks. Nothing where there is too much in it, or it cannot be looked at.
    pub fn now(folder: &Path) -> Option<Self> {
        let mut looks = Vec::new();
        let top = openat(CWD, folder, FOLDER, Mode::empty()).ok()?;
        looks.push((CString::default(), Look::of(&fstat(&top).ok()?)));
        let mut waiting = vec![top];
        while let Some(folder) = waiting.pop() {
            add(&folder, &mut looks, &mut waiting)?;
        }
        Some(Self(looks))
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Adds what is directly in `folder`; `None` where it cannot be told.
fn add(folder: &OwnedFd, looks: &mut Vec<(CString, Look)>, waiting: &mut Vec<OwnedFd>) -> Option<()> {
    for entry in Dir::read_from(folder).ok()? {
        let entry = entry.ok()?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let found = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        looks.push((name.to_owned(), Look::of(&found)));
        if looks.len() > MOST {
            return None;
        }
        if FileType::from_raw_mode(found.st_mode) == FileType::Directory {
            waiting.push(openat(folder, name, FOLDER, Mode::empty()).ok()?);
        }
    }
    Some(())
}

/// The clock of changes, in seconds and nanoseconds.
fn clock() -> (i64, u64) {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    (now.tv_sec, now.tv_nsec.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tempfile::TempDir;

    use super::*;

    /// Whether it shows that `act` was done in a folder with a file and a file in a folder.
    fn shows(act: impl Fn(&Path)) -> bool {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("file"), "before").unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("inner/file"), "before").unwrap();
        let before = Looks::settled(folder.path()).unwrap();
        act(folder.path());
        Looks::now(folder.path()) != Some(before)
    }

    #[test]
    fn whatever_is_changed_shows() {
        let set_back = |path: &Path| {
            let file = fs::File::options().write(true).open(path.join("file")).unwrap();
            let was = file.metadata().unwrap().modified().unwrap();
            fs::write(path.join("file"), "behind").unwrap();
            file.set_modified(was).unwrap();
        };
        assert!(shows(set_back), "as many bytes, and an old date");
        assert!(shows(|path| fs::write(path.join("inner/file"), "behind").unwrap()));
        assert!(shows(|path| fs::write(path.join("new"), "").unwrap()));
        assert!(shows(|path| symlink("nowhere", path.join("inner/link")).unwrap()));
        assert!(shows(|path| fs::remove_file(path.join("file")).unwrap()));
        assert!(shows(|path| {
            fs::write(path.join("new"), "").unwrap();
            fs::remove_file(path.join("new")).unwrap();
        }));
        assert!(shows(|path| {
            let file = path.join("file");
            let before = fs::metadata(&file).unwrap().permissions();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
            fs::set_permissions(&file, before).unwrap();
        }));
        assert!(shows(|path| {
            fs::rename(path.join("inner"), path.join("other")).unwrap();
            fs::rename(path.join("other"), path.join("inner")).unwrap();
        }));
    }

    #[test]
    fn what_is_only_read_does_not_show() {
        assert!(!shows(|_| {}));
        assert!(!shows(|path| {
            assert_eq!(fs::read_to_string(path.join("inner/file")).unwrap(), "before");
            assert_eq!(fs::read_dir(path).unwrap().count(), 2);
            assert!(fs::File::create_new(path.join("file")).is_err());
        }));
    }

    #[test]
    fn a_folder_with_too_much_in_it_is_not_looked_at() {
        let folder = TempDir::new().unwrap();
        (0..=MOST).for_each(|number| fs::write(folder.path().join(number.to_string()), "").unwrap());
        assert_eq!(Looks::now(folder.path()), None);
        assert_eq!(Looks::now(&folder.path().join("missing")), None);
    }
}
