//! The users of a new user namespace.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::steps::step;

/// The namespace has this process's user and group, and nobody else. Anybody may say so.
pub(super) fn map_own(process: &Path) -> io::Result<()> {
    let only = |id: u32| format!("{id} {id} 1");
    step("its groups (setgroups)", fs::write(process.join("setgroups"), "deny"))?;
    map(process, &only(geteuid().as_raw()), &only(getegid().as_raw()))
}

/// Says which users a new user namespace has (user_namespaces(7)). `process` is its folder in /proc.
pub(super) fn map(process: &Path, users: &str, groups: &str) -> io::Result<()> {
    step("its users (uid_map)", fs::write(process.join("uid_map"), users))?;
    step("its groups (gid_map)", fs::write(process.join("gid_map"), groups))
}
