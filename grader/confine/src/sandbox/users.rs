//! The users of a new user namespace.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{getegid, geteuid};

use super::steps::step;

/// A user and a group. To be asked for before a new user namespace: in it, they have no name until it is said.
pub(super) struct Own {
    user: u32,
    group: u32,
}

impl Own {
    /// Those of this process.
    pub(super) fn here() -> Self {
        Self { user: geteuid().as_raw(), group: getegid().as_raw() }
    }

    /// The namespace of `process`, its folder in /proc, has these and nobody else. Who is one of them may say so.
    pub(super) fn map(&self, process: &Path) -> io::Result<()> {
        let only = |id: u32| format!("{id} {id} 1");
        step("its groups (setgroups)", fs::write(process.join("setgroups"), "deny"))?;
        map(process, &only(self.user), &only(self.group))
    }
}

/// Says which users a new user namespace has (user_namespaces(7)). `process` is its folder in /proc.
pub(super) fn map(process: &Path, users: &str, groups: &str) -> io::Result<()> {
    step("its users (uid_map)", fs::write(process.join("uid_map"), users))?;
    step("its groups (gid_map)", fs::write(process.join("gid_map"), groups))
}
