//! The exit codes of `cargo grade`. Scripts rely on them: a code never changes its meaning.

/// Every check of every graded exercise passed.
pub const PASS: u8 = 0;
/// Something failed: a check, a build, a stub that is not implemented, a refused source.
pub const FAIL: u8 = 1;
/// The command line is wrong, or a file that it names cannot be used.
pub const USAGE: u8 = 2;
/// Nothing failed, but something proved nothing.
pub const INCONCLUSIVE: u8 = 3;
/// No exercise, case or fixture matched what was asked for.
pub const NOTHING_MATCHED: u8 = 4;
/// The grader's own fault (`EX_SOFTWARE` of sysexits.h).
pub const INTERNAL: u8 = 70;
/// Stopped by Ctrl-C or SIGTERM (128 + SIGINT, as shells report it).
pub const INTERRUPTED: u8 = 130;

use report::verdict::Verdict;

/// The code for a report whose worst verdict is `verdict`.
pub fn of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => PASS,
        Verdict::Skipped | Verdict::Inconclusive => INCONCLUSIVE,
        Verdict::Fail | Verdict::NotImplemented | Verdict::Refused | Verdict::BuildError => FAIL,
    }
}
