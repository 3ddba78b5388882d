//! What the grader and the runtime inside a graded program say to each other.
//!
//! Over one stream socket the grader first says which atomic operations are the program's own: how many
//! [`Site`]s follow, then these. Then it sends a [`Request`], the steps
//! to replay and the memory orders to raise; the runtime runs
//! the program once and answers with a [`Header`], then the threads, the output, the steps, the
//! sets of threads that could have taken each step (ready ones, then reluctant ones), and the events, each
//! as long as the header says. All numbers are little-endian.

mod bytes;
mod header;
mod raise;
mod request;
mod sites;
#[cfg(test)]
mod tests;
mod trace;

pub use header::{Finish, Header};
pub use raise::Raise;
pub use request::{Request, Staleness};
pub use sites::{Code, Site, code_at, own_site};
pub use trace::{Event, FRAMES, MemoryOrder, Operation, OutputHead, ThreadRecord};

/// First word of every message; changes with the protocol.
pub const MAGIC: u32 = 0x4c4b_5312;

/// The environment variable that names the grader's socket to the runtime.
pub const SOCKET_VARIABLE: &str = "LOCKSTEP_SOCKET";

/// The environment variable that names the processor that a program is pinned to.
pub const PROCESSOR_VARIABLE: &str = "LOCKSTEP_PROCESSOR";

/// The environment variable that says `1` where the program has process ids of its own: then all that
/// the runtime can see of other processes was started by its runs.
pub const ALONE_VARIABLE: &str = "LOCKSTEP_ALONE";

/// The environment variable that says how runs are made: `fork`, a process each, in which threads are contexts of one kernel
/// thread, where the system has what that needs; `threads`, the same with kernel threads; `reset`, many in one process.
pub const RUNS_VARIABLE: &str = "LOCKSTEP_RUNS";

/// Stands for a thread in the head of what a child process wrote, or whoever else wrote past the hooks.
pub const CHILD: u8 = u8::MAX;
