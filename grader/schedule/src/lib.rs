//! Thread schedules: how they are written down, and the policies that choose them.
//!
//! No I/O, no allocation on the paths that choose, no unsafe code: the policies run inside the
//! graded program, between two of its instructions. The mechanism there blocks and wakes threads
//! and says who *can* run; a policy only says who does.

#![forbid(unsafe_code)]

pub mod encoding;
pub mod policy;
pub mod protocol;
pub mod random;
mod thread_set;

pub use encoding::Schedule;
pub use thread_set::{MOST_THREADS, ThreadId, ThreadSet};
