//! The layers of the sandbox, each tried for real on this machine.

use super::landlock::Ruleset;
use super::system;

/// The version of Landlock's interface, where this kernel has it and lets this user use it.
///
/// # Errors
/// What is missing.
pub fn landlock() -> Result<u32, String> {
    let version = system::landlock_version().map_err(|error| error.to_string())?;
    // Some places let a process ask for the version, and make no rules.
    Ruleset::new(false).map_err(|error| error.to_string())?;
    Ok(version)
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

/// Whether programs can have the same addresses in every run.
///
/// # Errors
/// The system's reason.
pub fn fixed_addresses() -> Result<(), String> {
    system::fixed_addresses().map_err(|error| error.to_string())
}
