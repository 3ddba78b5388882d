//! Emptying a folder in which somebody else's program could write.
//!
//! A program can nest folders deeper than a stack, the descriptors of a process or a path can follow. So nothing
//! here descends: a folder with something in it first gives its own folders to the one that is emptied, which is
//! never further away than one name. Each folder is moved and looked into once.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, fchmod, openat, renameat, unlinkat};
use rustix::io::Errno;

/// Removes all that is in `folder`, whatever it is and however deep; a link itself, not what it leads to. The folder
/// itself stays.
///
/// # Errors
/// The first reason for which something could not be removed; all else is.
pub fn empty(folder: &Path) -> io::Result<()> {
    let top = openat(CWD, folder, FOLDER, Mode::empty())?;
    let mut emptying = Emptying { waiting: Vec::new(), names: 0, trouble: None };
    emptying.waiting = emptying.clear(&top);
    while let Some(name) = emptying.waiting.pop() {
        emptying.dissolve(&top, &name);
    }
    emptying.trouble.map_or(Ok(()), |trouble| Err(trouble.into()))
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Emptying {
    /// Folders that stand directly in the one that is emptied.
    waiting: Vec<CString>,
    /// How many names were tried for folders that were moved.
    names: u64,
    trouble: Option<Errno>,
}

impl Emptying {
    /// Removes all from `folder` but folders with something in them: their names.
    fn clear(&mut self, folder: &OwnedFd) -> Vec<CString> {
        let mut full = Vec::new();
        let entries = Dir::read_from(folder).map_err(|error| self.note(error));
        for entry in entries.into_iter().flatten() {
            let Ok(entry) = entry.map_err(|error| self.note(error)) else { break };
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            match remove(folder, name) {
                Ok(()) => {}
                Err(Errno::NOTEMPTY | Errno::EXIST) => full.push(name.to_owned()),
                Err(error) => self.note(error),
            }
        }
        full
    }

    /// Removes the folder `name` of `top`; what is in it and has something in it comes to `top`.
    fn dissolve(&mut self, top: &OwnedFd, name: &CString) {
        let inner = match open_whatever_its_mode(top, name) {
            Ok(inner) => inner,
            Err(error) => return self.note(error),
        };
        for child in self.clear(&inner) {
            match self.move_up(&inner, &child, top) {
                Ok(name) => self.waiting.push(name),
                Err(error) => self.note(error),
            }
        }
        if let Err(error) = unlinkat(top, name, AtFlags::REMOVEDIR) {
            self.note(error);
        }
    }

    fn move_up(&mut self, from: &OwnedFd, name: &CString, top: &OwnedFd) -> Result<CString, Errno> {
        // Only who may write to a folder may give it another parent.
        drop(open_whatever_its_mode(from, name)?);
        loop {
            let number = self.names;
            self.names += 1;
            let new = CString::new(number.to_string()).unwrap_or_default();
            match renameat(from, name, top, &new) {
                Ok(()) => return Ok(new),
                // The program has used this name.
                Err(Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn note(&mut self, error: Errno) {
        self.trouble.get_or_insert(error);
    }
}

fn remove(folder: &OwnedFd, name: &std::ffi::CStr) -> Result<(), Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Err(Errno::ISDIR) => unlinkat(folder, name, AtFlags::REMOVEDIR),
        result => result,
    }
}

/// Opens a folder and lets its owner, who is the grader or whom it may overrule, do anything with it.
fn open_whatever_its_mode(folder: &OwnedFd, name: &CString) -> Result<OwnedFd, Errno> {
    let opened = match openat(folder, name, FOLDER, Mode::empty()) {
        Err(Errno::ACCESS) => {
            let place = openat(folder, name, FOLDER | OFlags::PATH, Mode::empty())?;
            // No link is followed: this is the descriptor's own.
            let path = format!("/proc/self/fd/{}", place.as_raw_fd());
            let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
            openat(folder, name, FOLDER, Mode::empty())?
        }
        result => result?,
    };
    let _ = fchmod(&opened, Mode::RWXU);
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{FileType, mkdirat, mknodat};
    use tempfile::TempDir;

    use super::*;

    fn is_empty(folder: &Path) -> bool {
        fs::read_dir(folder).unwrap().next().is_none()
    }

    /// Folders in folders, each called `d`, deeper than any path can say.
    fn nest(folder: &Path, depth: usize) -> OwnedFd {
        let mut here = openat(CWD, folder, FOLDER, Mode::empty()).unwrap();
        for _ in 0..depth {
            mkdirat(&here, c"d", Mode::RWXU).unwrap();
            here = openat(&here, c"d", FOLDER, Mode::empty()).unwrap();
        }
        here
    }

    #[test]
    fn links_are_not_followed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("kept"), "").unwrap();
        symlink(outside.path(), folder.path().join("link")).unwrap();
        symlink(".", folder.path().join("loop")).unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        symlink(outside.path(), folder.path().join("a/b/link")).unwrap();
        mknodat(CWD, folder.path().join("a/pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        fs::write(folder.path().join("a/b/file"), "").unwrap();
        empty(folder.path()).unwrap();
        assert!(is_empty(folder.path()));
        assert!(outside.path().join("kept").exists());
    }

    /// Deeper than descent with these descriptors and this stack could get.
    #[test]
    fn depth_takes_neither_stack_nor_descriptors() {
        let folder = tempfile::tempdir().unwrap();
        let deepest = nest(folder.path(), 4_000);
        mkdirat(&deepest, c"one", Mode::RWXU).unwrap();
        mkdirat(&deepest, c"two", Mode::RWXU).unwrap();
        drop(deepest);
        let path = folder.path().to_owned();
        let thread = std::thread::Builder::new().stack_size(128 << 10);
        thread.spawn(move || empty(&path)).unwrap().join().unwrap().unwrap();
        assert!(is_empty(folder.path()));
    }

    #[test]
    fn many_full_folders_side_by_side_are_removed_whatever_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..300 {
            let inner = folder.path().join(number.to_string()).join("x").join(number.to_string());
            fs::create_dir_all(&inner).unwrap();
            fs::write(inner.join("file"), "").unwrap();
        }
        fs::write(folder.path().join("1000"), "").unwrap();
        empty(folder.path()).unwrap();
        assert!(is_empty(folder.path()));
    }

    #[test]
    fn folders_that_nobody_may_enter_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b/c");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("file"), "").unwrap();
        for (path, mode) in [("a/b/c", 0), ("a/b", 0o500), ("a", 0)] {
            fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        empty(folder.path()).unwrap();
        assert!(is_empty(folder.path()));
    }

    #[test]
    fn what_is_no_folder_is_an_error() {
        let folder: TempDir = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(empty(&file).is_err());
        assert!(file.exists());
    }
}
