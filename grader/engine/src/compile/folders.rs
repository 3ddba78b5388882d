//! The folders that cargo builds in, each for one call at a time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use confine::interrupt;
use confine::run::RunError;

use super::telling::Tell;
use crate::error::Error;
use crate::escape::in_line;
use crate::workspace::{Workspace, cargo_can_build_in};

/// A folder that cargo builds in, one call at a time: it would wait for its own lock anyway.
pub(super) struct Folder {
    name: &'static str,
    alone: Mutex<()>,
}

/// The dependencies of all exercises.
pub(super) static OF_PROGRAMS: Folder = Folder { name: "target", alone: Mutex::new(()) };
/// What runs programs under control, which is built beside them.
pub(super) static OF_RUNTIME: Folder = Folder { name: "runtime", alone: Mutex::new(()) };

impl Folder {
    /// Where it is, or would be.
    pub(super) fn of(&self, workspace: &Workspace) -> PathBuf {
        workspace.build_folder().join(self.name)
    }

    /// Where it is; made if it is in a place to build in.
    pub(super) fn make(&self, workspace: &Workspace) -> Result<PathBuf, Error> {
        look_at_place(workspace)?;
        let (above, folder) = (workspace.build_folder(), self.of(workspace));
        for folder in [&above, &folder] {
            fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        }
        // Compilers may run as another user, and see what is in it.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&folder, open).map_err(Error::file(&folder))?;
        Ok(folder)
    }

    /// Nobody else builds in it until this is dropped: waits for other threads, and for other graders of the same
    /// workspace.
    pub(super) fn lock(&'static self, workspace: &Workspace, tell: Tell) -> Result<Lock, Error> {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let path = workspace.build_folder().join(format!("{}.lock", self.name));
        let file = File::create(&path).map_err(|error| unwritable(&path, &error))?;
        wait_for(&file, &path, tell)?;
        Ok(Lock { _file: file, _alone: alone })
    }
}

/// Holds a folder.
pub(super) struct Lock {
    /// Goes first: a thread of this grader finds the file unlocked.
    _file: File,
    _alone: MutexGuard<'static, ()>,
}

/// All folders that cargo builds in.
pub(super) fn locks(workspace: &Workspace, tell: Tell) -> Result<[Lock; 2], Error> {
    Ok([OF_PROGRAMS.lock(workspace, tell)?, OF_RUNTIME.lock(workspace, tell)?])
}

/// Waits for the lock, which another grader may have for minutes.
fn wait_for(lock: &File, path: &Path, tell: Tell) -> Result<(), Error> {
    const LOOK: Duration = Duration::from_millis(50);
    let mut is_told = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(Error::file(path)(error)),
            Err(TryLockError::WouldBlock) if interrupt::requested() => {
                return Err(RunError::Interrupted.into());
            }
            Err(TryLockError::WouldBlock) => {}
        }
        if !is_told {
            tell("waiting for another grader, which builds in the same folder".to_owned());
            is_told = true;
        }
        std::thread::sleep(LOOK);
    }
}

/// Says what no attempt to build would say clearly.
fn look_at_place(workspace: &Workspace) -> Result<(), Error> {
    let folder = workspace.build_folder();
    let unusable = |path: &Path, reason: &str| {
        Err(Error::Usage(format!("{}: {reason}", in_line(&path.to_string_lossy()))))
    };
    if workspace.root().to_str().is_none() {
        return unusable(workspace.root(), "the compiler needs a path in UTF-8: move the folder");
    }
    if !cargo_can_build_in(&folder) {
        let reason =
            "cargo cannot build in a folder with `:` or `%` in its path: set CARGO_TARGET_DIR to another one";
        return unusable(&folder, reason);
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let way_out = "set CARGO_TARGET_DIR to a folder that you may write to";
    Error::Usage(format!("{}: {error}: {way_out}", in_line(&path.to_string_lossy())))
}
