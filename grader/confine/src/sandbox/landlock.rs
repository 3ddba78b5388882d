//! Landlock (landlock(7), Documentation/userspace-api/landlock.rst): what a process may do with files, with the network and
//! with processes outside, given up for good. What this kernel does not know of is left as it is.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use super::system::{self, PathRule, RulesetAttributes};

/// What may be done with files, as bits of `LANDLOCK_ACCESS_FS_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights(u64);

impl Rights {
    const EXECUTE: u64 = 1 << 0;
    const WRITE_FILE: u64 = 1 << 1;
    const READ_FILE: u64 = 1 << 2;
    const READ_DIR: u64 = 1 << 3;
    const TRUNCATE: u64 = 1 << 14;
    const IOCTL_DEV: u64 = 1 << 15;

    /// To see what is there, and to run it.
    pub(super) const READ: Self = Self(Self::EXECUTE | Self::READ_FILE | Self::READ_DIR);
    /// All that can be done with what is no folder.
    pub(super) const OF_FILES: Self =
        Self(Self::EXECUTE | Self::WRITE_FILE | Self::READ_FILE | Self::TRUNCATE | Self::IOCTL_DEV);
    /// Everything that there is today.
    pub(super) const ALL: Self = Self((1 << 16) - 1);

    /// Those that a kernel with this version of the interface knows.
    fn known_to(self, version: u32) -> Self {
        let count = match version {
            0 => 0,
            1 => 13,
            2 => 14,
            3 | 4 => 15,
            _ => 16,
        };
        Self(self.0 & ((1 << count) - 1))
    }

    /// Those that make sense for a file of this type.
    fn of_type(self, kind: FileType) -> Self {
        if kind == FileType::Directory { self } else { Self(self.0 & Self::OF_FILES.0) }
    }
}

/// What is given up, and what is kept of it.
pub(super) struct Ruleset {
    descriptor: OwnedFd,
    version: u32,
}

impl Ruleset {
    /// Nothing is kept of what this kernel can take away: of the network only where `with_network`. `None` where it can
    /// take nothing.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn new(with_network: bool) -> io::Result<Option<Self>> {
        /// `LANDLOCK_ACCESS_NET_BIND_TCP` and `…_CONNECT_TCP`.
        const NETWORK: u64 = 0b11;
        /// `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET` and `…_SIGNAL`.
        const SCOPES: u64 = 0b11;
        let Ok(version) = system::landlock_version() else { return Ok(None) };
        let attributes = RulesetAttributes {
            files: Rights::ALL.known_to(version).0,
            network: if with_network && version >= 4 { NETWORK } else { 0 },
            scopes: if version >= 6 { SCOPES } else { 0 },
        };
        let descriptor = system::landlock_ruleset(&attributes)?;
        Ok(Some(Self { descriptor, version }))
    }

    /// Keeps these rights to what stands at `path` and below. Where nothing is, there is nothing to keep.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn keep(&self, path: impl AsRef<Path>, rights: Rights) -> io::Result<()> {
        let Ok(place) = open(path.as_ref(), OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) else {
            return Ok(());
        };
        let kind = FileType::from_raw_mode(fstat(&place)?.st_mode);
        let rights = rights.known_to(self.version).of_type(kind);
        system::landlock_add(&self.descriptor, &PathRule::new(rights.0, &place))
    }

    /// This thread and all that it starts have no other rights from now on.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub(super) fn give_up_the_rest(self) -> io::Result<()> {
        system::landlock_restrict(&self.descriptor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_kernel_is_not_asked_for_what_it_does_not_know() {
        assert_eq!(Rights::ALL.known_to(0), Rights(0));
        assert_eq!(Rights::ALL.known_to(1), Rights(0x1fff));
        assert_eq!(Rights::OF_FILES.known_to(3), Rights(0b111 | Rights::TRUNCATE));
        assert_eq!(Rights::ALL.known_to(9), Rights::ALL);
    }

    #[test]
    fn no_file_has_the_rights_of_folders() {
        assert_eq!(Rights::READ.of_type(FileType::Directory), Rights::READ);
        assert_eq!(Rights::READ.of_type(FileType::RegularFile), Rights(0b101));
        assert_eq!(Rights::ALL.of_type(FileType::CharacterDevice), Rights::OF_FILES);
    }
}
