//! The users of a new user namespace.

use std::fs;
use std::io;
use std::path::Path;

use super::steps::step;

/// Says which users a new user namespace has (user_namespaces(7)). `process` is its folder in /proc.
pub(super) fn map(process: &Path, users: &str, groups: &str, is_unprivileged: bool) -> io::Result<()> {
    if is_unprivileged {
        step("its groups (setgroups)", fs::write(process.join("setgroups"), "deny"))?;
    }
    step("its users (uid_map)", fs::write(process.join("uid_map"), users))?;
    step("its groups (gid_map)", fs::write(process.join("gid_map"), groups))
}
