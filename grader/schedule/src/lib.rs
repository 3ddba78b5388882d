//! Thread schedules: how they are written down, and the policies that choose them.
//!
//! No I/O, no allocation on the paths that choose, no unsafe code: the mechanism and the policies run
//! inside the graded program, between two of its instructions. The mechanism says who *can* run; a policy
//! only says who does. On the grader's side a search proposes which schedules are run.

#![forbid(unsafe_code)]

pub mod encoding;
pub mod mechanism;
pub mod policy;
pub mod protocol;
pub mod random;
pub mod search;
pub mod shorten;
mod thread_set;
#[cfg(test)]
mod toy;

pub use encoding::{MOST_AGE, MOST_EVENTS, MOST_STEPS, Schedule, age_of, is_stale, stale};
pub use thread_set::{MOST_THREADS, ThreadId, ThreadSet};
