//! The grader's own namespaces: a network with nothing but loopback, in which its scripted servers
//! listen, and mounts that nobody else sees.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::net::{AddressFamily, SocketType, socket};
use rustix::process::{geteuid, umask};
use rustix::thread::UnshareFlags;

use super::steps::step;
use super::tier::{self, Layer, Tier};
use super::{group, layers, scratch, system, trial, users};

/// What a user asks of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// As strong as this machine has it, but something: [`Tier::Basic`] at least.
    Some,
    /// [`Tier::Strong`] at least, for grades that count.
    Official,
    /// None, knowing what that means.
    Nothing,
}

/// Why the sandbox was not entered.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is weaker here than it must be.
    #[error(
        "the sandbox is `{}` on this machine, and must be `{}` at least: `cargo grade doctor` says what is missing\
        {}", found.word(), least.word(), way_out(*.least)
    )]
    TooWeak { found: Tier, least: Tier },
    /// The system refused a step that it had allowed in a trial.
    #[error("the sandbox: {0}")]
    System(#[from] io::Error),
}

/// Without `--official` a user may take the risk; with it nobody may.
fn way_out(least: Tier) -> &'static str {
    match least {
        Tier::Strong | Tier::Full => "",
        _ => "; --unsafe-no-sandbox runs programs without it",
    }
}

/// Enters the sandbox: programs that are run from now on run in a jail. Must be called before this process
/// has a second thread; from then on it has no network but loopback. `without` are layers to leave out, to
/// see that the others hold alone: for tests, never for grades.
///
/// # Errors
/// When this machine has less than what is asked for.
pub fn enter(demand: Demand, without: &[Layer]) -> Result<Tier, Refused> {
    tier::leave_out(without);
    let found = match demand {
        Demand::Nothing => Tier::None,
        _ => strongest(without)?,
    };
    let least = match demand {
        Demand::Nothing => Tier::None,
        Demand::Some => Tier::Basic,
        Demand::Official => Tier::Strong,
    };
    if found < least {
        return Err(Refused::TooWeak { found, least });
    }
    if geteuid().is_root() {
        // Programs run as another user, who must be able to read what is made for them.
        umask(Mode::WGRP | Mode::WOTH);
    }
    tier::settle(found);
    Ok(found)
}

fn strongest(without: &[Layer]) -> io::Result<Tier> {
    let has_filters = layers::landlock().is_ok() && layers::seccomp().is_ok();
    let wants_jail = !without.contains(&Layer::Namespaces);
    let has_jail = wants_jail && whole_jail().is_ok();
    match (has_jail, has_filters) {
        (true, true) => {
            move_away()?;
            let wants_groups = !without.contains(&Layer::ControlGroups);
            Ok(if wants_groups && group::prepare() { Tier::Full } else { Tier::Strong })
        }
        (false, true) => Ok(Tier::Basic),
        _ => Ok(Tier::None),
    }
}

/// Whether jails with namespaces of every kind can be made here; one is, in a child. To be called while there is one
/// thread.
///
/// # Errors
/// The step that the system refuses, and why.
pub fn whole_jail() -> Result<(), String> {
    trial::whole_jail(move_away)
}

/// Into a network and mounts of this process's own. There is no way back from any of these steps.
fn move_away() -> io::Result<()> {
    /// For all builds and runs at once; each of them has its own, lower limit.
    const BYTES: u64 = 8 << 30;
    let place = step("a folder for temporary files", mount_point())?;
    if geteuid().is_root() {
        let own = system::unshare(UnshareFlags::NEWNS | UnshareFlags::NEWNET);
        step("namespaces for mounts and network, as root (CAP_SYS_ADMIN)", own)?;
    } else {
        let user = users::Own::here();
        let own = system::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS | UnshareFlags::NEWNET);
        step("namespaces for users, mounts and network", own)?;
        user.map(Path::new("/proc/self"))?;
    }
    let private = mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE);
    step("private mounts", private)?;
    let loopback = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    step("a loopback device of its own (CAP_NET_ADMIN)", system::raise_loopback(loopback))?;
    step("file systems in memory", scratch::mount_memory(&place, BYTES))?;
    scratch::settle(place)
}

/// An empty folder of this user's, always the same, so that graders leave at most one behind; where somebody else has
/// taken its name, a fresh one for each grader.
fn mount_point() -> io::Result<PathBuf> {
    let user = geteuid().as_raw();
    let (temporary, name) = (scratch::temporary()?, format!("lockstep-{user}"));
    let path = temporary.join(&name);
    match fs::DirBuilder::new().mode(0o700).create(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(&path)?;
    if found.is_dir() && found.uid() == user {
        return Ok(path);
    }
    Ok(tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(temporary)?.keep())
}
