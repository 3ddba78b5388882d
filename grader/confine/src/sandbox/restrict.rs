//! What a process gives up for good, and all that it starts with it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::set_no_new_privs;

use super::filter::filters;
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
        restrict_files(policy).map_err(io::Error::other)?;
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

/// Landlock (landlock(7)): read anywhere that is left to see, write in few places, signal nobody outside.
fn restrict_files(policy: &Policy) -> Result<(), landlock::RulesetError> {
    let abi = ABI::V6;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?;
    let ruleset = match policy.network {
        Network::Own => ruleset.handle_access(AccessNet::from_all(abi))?,
        Network::Shared => ruleset,
    };
    let ruleset = ruleset.scope(Scope::from_all(abi))?.create()?;
    let seen: Vec<&Path> = match policy.tier {
        // The jail's root has nothing else.
        Tier::Strong | Tier::Full => vec![Path::new("/")],
        _ => {
            policy.readable.iter().map(AsRef::as_ref).chain([Path::new("/proc"), Path::new("/dev")]).collect()
        }
    };
    let mut written: Vec<&Path> = policy.writable.iter().map(AsRef::as_ref).collect();
    if policy.tier >= Tier::Strong {
        written.push(Path::new("/tmp"));
    }
    let devices = ["/dev/null", "/dev/zero", "/dev/full"];
    ruleset
        .add_rules(path_beneath_rules(seen, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules(written, AccessFs::from_all(abi)))?
        .add_rules(path_beneath_rules(devices, AccessFs::from_file(abi)))?
        .restrict_self()?;
    Ok(())
}
