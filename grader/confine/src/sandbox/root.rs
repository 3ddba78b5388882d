//! The file tree that a program in a jail sees: a small root in memory, with only what its policy names.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, unmount,
};
use rustix::process::{chdir, pivot_root};

use super::steps::step;
use super::{Policy, scratch, system};

/// The devices that programs know: nothing, endless zeros, a full disk, chance.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Makes the tree and moves into it. The process is the first of its own namespaces for users, mounts and
/// process ids, and not yet restricted.
///
/// # Errors
/// When the system forbids a step; the words say which.
pub(super) fn move_into(policy: &Policy) -> io::Result<()> {
    let root = &policy.root;
    step("private mounts", private_mounts())?;
    step("the root", scratch::mount_memory(root, 1 << 20))?;
    // First, as folders of runs are shown below it.
    step("/tmp", make_temporary(&root.join("tmp"), policy.disk))?;
    for path in &policy.readable {
        step(&path.display().to_string(), show(path, root, false))?;
    }
    for path in &policy.writable {
        step(&path.display().to_string(), show(path, root, true))?;
    }
    step("/dev", make_devices(&root.join("dev")))?;
    step("/proc", mount_processes(&root.join("proc")))?;
    step("a read-only root", system::make_read_only(root, false))?;
    step("the new root", pivot(root))
}

fn private_mounts() -> io::Result<()> {
    Ok(mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)?)
}

/// Shows `path` below `root`, if it is there. A symbolic link is made again as it is.
fn show(path: &Path, root: &Path, writable: bool) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    let place = below(root, path);
    if !writable && place.exists() {
        // It is shown with a folder around it.
        return Ok(());
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    if found.is_symlink() {
        return symlink(fs::read_link(path)?, place);
    }
    if found.is_dir() {
        fs::create_dir_all(&place)?;
    } else {
        fs::File::create(&place)?;
    }
    mount_bind_recursive(path, &place)?;
    if writable { Ok(()) } else { system::make_read_only(&place, true) }
}

fn below(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

fn make_devices(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for name in DEVICES {
        let place = folder.join(name);
        fs::File::create(&place)?;
        mount_bind_recursive(Path::new("/dev").join(name), &place)?;
    }
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), folder.join(name))?;
    }
    Ok(())
}

/// Read-only, so that no program writes to its own memory through it.
fn mount_processes(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    Ok(mount("proc", folder, "proc", flags, None)?)
}

fn make_temporary(folder: &Path, bytes: u64) -> io::Result<()> {
    fs::create_dir(folder)?;
    scratch::mount_memory(folder, bytes)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o1777))
}

/// The old root is stacked below the new one and taken away (pivot_root(2), `pivot_root(".", ".")`).
fn pivot(root: &Path) -> io::Result<()> {
    chdir(root)?;
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    Ok(chdir("/")?)
}
