//! What a process gives up for good, and all that it starts with it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::set_no_new_privs;

use super::filter::filters;
use super::landlock::{Rights, Ruleset};
use super::{Layer, Network, Policy, Tier, audit};

/// Gives up all that `policy` does not allow. Returns the listener of an audited run, where this kernel gives one.
///
/// # Errors
/// When the system refuses a step: then the program must not be run.
pub(super) fn give_up(policy: &Policy) -> io::Result<Option<OwnedFd>> {
    set_limits(policy)?;
    set_no_new_privs(true)?;
    if policy.tier == Tier::None {
        return Ok(None);
    }
    let listener = if policy.is_audited { audit::listen().ok() } else { None };
    if !policy.without.contains(&Layer::Landlock) {
        restrict_files(policy)?;
    }
    if !policy.without.contains(&Layer::Seccomp) {
        for filter in filters(policy.tier).map_err(io::Error::other)? {
            seccompiler::apply_filter(&filter).map_err(io::Error::other)?;
        }
    }
    Ok(listener)
}

/// Limits of single processes (getrlimit(2)), as a second line behind the grader's own watch. The number of
/// processes counts only where the jail has users of its own; elsewhere it would count the user's other ones.
fn set_limits(policy: &Policy) -> io::Result<()> {
    /// Bytes of address space: threads' stacks are mostly never touched.
    const ADDRESS_SPACE: u64 = 64 << 30;
    let limit = |resource, most| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(io::Error::from)
    };
    limit(Resource::As, ADDRESS_SPACE)?;
    // Sparse files are larger than what they hold.
    limit(Resource::Fsize, policy.disk.saturating_mul(32))?;
    if policy.tier >= Tier::Strong {
        limit(Resource::Nproc, policy.processes)?;
    }
    Ok(())
}

/// Read anywhere that is left to see, write in few places, signal nobody outside.
fn restrict_files(policy: &Policy) -> io::Result<()> {
    let Some(ruleset) = Ruleset::new(policy.network == Network::Own)? else { return Ok(()) };
    // The jail's root has nothing else.
    let seen: Vec<&Path> = if policy.tier >= Tier::Strong {
        vec![Path::new("/")]
    } else {
        policy.readable.iter().map(AsRef::as_ref).chain([Path::new("/proc"), Path::new("/dev")]).collect()
    };
    for path in seen {
        ruleset.keep(path, Rights::READ)?;
    }
    let temporary = Path::new("/tmp");
    let temporary = (policy.tier >= Tier::Strong).then_some(temporary);
    for path in policy.writable.iter().map(AsRef::as_ref).chain(temporary) {
        ruleset.keep(path, Rights::ALL)?;
    }
    for device in ["/dev/null", "/dev/zero", "/dev/full"] {
        ruleset.keep(device, Rights::OF_FILES)?;
    }
    ruleset.give_up_the_rest()
}
