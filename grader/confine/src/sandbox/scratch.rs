//! Folders for runs and builds. In a grader that has entered its sandbox each is a file system of its
//! own in memory, so it is limited in size, and nothing of it is left when the grader is killed.

use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::buffer::spare_capacity;
use rustix::fs::{Access, access};
use rustix::fs::{listxattr, removexattr};
use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

use super::empty;

static PLACE: OnceLock<PathBuf> = OnceLock::new();

/// A million files hold no data but cost memory all the same.
const MOST_FILES: u32 = 50_000;

/// A folder that is removed with all its content when this is dropped.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
    is_mounted: bool,
}

impl Folder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes it as it was when it was new, after a program has written to it.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub fn renew(&self) -> io::Result<()> {
        open_to_all(self.path())?;
        forget_attributes(self.path())?;
        empty(self.path())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let is_away = self.is_mounted && unmount(self.path(), UnmountFlags::DETACH).is_ok();
        if !is_away {
            // What is dropped next would descend into it, as deep as it is.
            let _ = self.renew();
        }
    }
}

/// A fresh folder that holds at most `bytes`, which a program in a jail may write to.
///
/// # Errors
/// When it cannot be made.
pub fn folder(bytes: u64) -> io::Result<Folder> {
    let mut builder = tempfile::Builder::new();
    let place = PLACE.get().cloned().map_or_else(temporary, Ok)?;
    let folder = builder.prefix("lockstep-").tempdir_in(place)?;
    let is_mounted = PLACE.get().is_some();
    if is_mounted {
        mount_memory(folder.path(), bytes)?;
    }
    open_to_all(folder.path())?;
    Ok(Folder { folder, is_mounted })
}

/// A program can give the folder itself attributes (xattr(7)), among them lists of who may use it.
fn forget_attributes(folder: &Path) -> io::Result<()> {
    /// The kernel lists no more.
    const MOST: usize = 64 << 10;
    let mut names = Vec::with_capacity(MOST);
    match listxattr(folder, spare_capacity(&mut names)) {
        Err(Errno::NOTSUP) => return Ok(()),
        result => result?,
    };
    for name in names.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        match removexattr(folder, name) {
            // The system's own, as labels of its security modules.
            Ok(()) | Err(Errno::PERM | Errno::ACCESS | Errno::NOTSUP | Errno::NODATA) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Where temporary folders are made: where the user wants them, if the path is plain.
pub(super) fn temporary() -> io::Result<PathBuf> {
    let wanted = fs::canonicalize(env::temp_dir());
    let others = ["/tmp", "/var/tmp"].into_iter().filter_map(|path| fs::canonicalize(path).ok());
    let is_usable = |path: &PathBuf| is_plain(path) && access(path, Access::WRITE_OK).is_ok();
    wanted.as_ref().ok().cloned().into_iter().chain(others).find(is_usable).map_or(wanted, Ok)
}

/// The dynamic linker takes a list of preloaded libraries apart at spaces and colons, and puts other text in place
/// of `$` and a name (ld.so(8)); the path of a socket has at most 108 bytes (unix(7)).
fn is_plain(path: &Path) -> bool {
    const MOST: usize = 60;
    let path = path.as_os_str().as_bytes();
    path.len() <= MOST && path.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@".contains(byte))
}

/// Lets a program write in a folder that the grader made: it may run as another user.
///
/// # Errors
/// When the folder is not the grader's.
pub fn open_to_all(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777))
}

/// Mounts an empty file system of at most `bytes` on `path` (tmpfs(5)).
pub(super) fn mount_memory(path: &Path, bytes: u64) -> io::Result<()> {
    let mut options = String::new();
    let _ = write!(options, "mode=0755,size={bytes},nr_inodes={MOST_FILES}\0");
    let options = std::ffi::CStr::from_bytes_with_nul(options.as_bytes()).map_err(io::Error::other)?;
    Ok(mount("lockstep", path, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options)?)
}

/// Has all folders made below `place` from now on, each with a limit.
pub(super) fn settle(place: PathBuf) -> io::Result<()> {
    fs::create_dir(place.join("root"))?;
    let _ = PLACE.set(place);
    Ok(())
}

/// The empty folder on which jails mount their root.
pub(super) fn root() -> PathBuf {
    PLACE.get().map(|place| place.join("root")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_the_dynamic_linker_or_a_socket_would_misread_are_not_plain() {
        for plain in ["/tmp", "/var/tmp", "/home/a-b/.cache+1@x"] {
            assert!(is_plain(Path::new(plain)), "{plain}");
        }
        let long = format!("/tmp/{}", "a".repeat(100));
        for odd in
            ["/a b", "/a:b", "/$ORIGIN", "/a\tb", "/\u{e9}", "/a'b", "/a\"b", "/a=b", "/a%b", "/a\\b", &long]
        {
            assert!(!is_plain(Path::new(odd)), "{odd}");
        }
    }
}
