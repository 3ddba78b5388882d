//! The layers of the sandbox, each tried for real on this machine.

use std::io;

use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use rustix::thread::UnshareFlags;

use super::system;

/// Whether this kernel has Landlock, and lets this user use it.
///
/// # Errors
/// What is missing.
pub fn landlock() -> Result<(), String> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    ruleset.map(drop).map_err(|error| error.to_string())
}

/// Whether this kernel filters system calls (seccomp(2)).
///
/// # Errors
/// What is missing.
pub fn seccomp() -> Result<(), String> {
    let actions = "/proc/sys/kernel/seccomp/actions_avail";
    let found = std::fs::read_to_string(actions).map_err(|error| format!("{actions}: {error}"))?;
    if found.split_whitespace().any(|action| action == "errno") {
        Ok(())
    } else {
        Err("it has no filters".into())
    }
}

/// Whether this user may make namespaces of every kind: a child is made in them.
///
/// # Errors
/// The system's reason.
pub fn namespaces() -> Result<(), String> {
    let all = UnshareFlags::NEWUSER
        | UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    match system::fork_into(all) {
        Ok(None) => system::exit_now(0),
        Ok(Some(child)) => wait_for(child).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

fn wait_for(child: rustix::process::Pid) -> io::Result<()> {
    rustix::process::waitpid(Some(child), rustix::process::WaitOptions::empty())?;
    Ok(())
}
