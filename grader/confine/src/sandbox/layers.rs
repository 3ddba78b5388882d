//! The layers of the sandbox, each tried for real on this machine.

use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

use super::system;

/// The version of Landlock's interface, where this kernel has it and lets this user use it.
///
/// # Errors
/// What is missing.
pub fn landlock() -> Result<u32, String> {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    ruleset.map_err(|error| error.to_string())?;
    system::landlock_version().map_err(|error| error.to_string())
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
