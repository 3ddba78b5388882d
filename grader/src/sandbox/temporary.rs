//! The `/tmp` of a jail, which is in memory and the jail's own. What a run leaves there would be there in the jail's
//! next run, so a jail is used again only while there is nothing.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags, fstatvfs, open};
use rustix::process::Pid;

use super::{Tier, tier};

/// The `/tmp` of one jail, seen from outside.
pub(crate) struct Temporary {
    folder: OwnedFd,
    files: u64,
}

impl Temporary {
    /// That of the jail in which `process` is, its files counted now, before the program has run. None in tiers whose
    /// programs cannot write to any `/tmp`, or write to everybody's, and where the system does not show it.
    pub(crate) fn of(process: Pid) -> Option<Self> {
        if tier() < Tier::Strong {
            return None;
        }
        let path = Path::new("/proc").join(process.as_raw_nonzero().to_string()).join("root/tmp");
        let folder = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let files = count(&folder);
        Some(Self { folder, files })
    }

    /// Whether something was left there. All that has a name is counted.
    pub(crate) fn is_used(&self) -> bool {
        count(&self.folder) != self.files
    }
}

fn count(folder: &OwnedFd) -> u64 {
    fstatvfs(folder).map_or(0, |found| found.f_files - found.f_ffree)
}
