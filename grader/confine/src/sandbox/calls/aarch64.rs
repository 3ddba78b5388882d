//! What the table of AArch64 has besides what all have. It is the generic one of newer architectures (Linux,
//! include/uapi/asm-generic/unistd.h); these are the calls of it for which libc has no name.

use std::ffi::c_long;

const RENAMEAT: c_long = 38;
const SYNC_FILE_RANGE: c_long = 84;
const GETRLIMIT: c_long = 163;
const SETRLIMIT: c_long = 164;

pub(in crate::sandbox) const ALLOWED: &[c_long] = &[RENAMEAT, SYNC_FILE_RANGE, GETRLIMIT, SETRLIMIT];

pub(in crate::sandbox) const CHANGING_FILES: &[c_long] = &[];

#[cfg(test)]
pub(super) const REFUSED: &[(&str, &[c_long])] =
    &[("much code of the kernel that hardly any program runs: io_pgetevents", &[292])];

/// Numbers that were never given: those for calls of the architecture's own, and those with two forms of time.
#[cfg(test)]
pub(super) const GAPS: &[std::ops::RangeInclusive<c_long>] = &[244..=259, 295..=423];
