//! Student code cannot hurt: what programs that are graded can reach, and how much they may use.
//!
//! The grader first moves itself to where only it is ([`enter()`]): a network of its own with nothing but
//! loopback, and folders for its runs that are limited in size and vanish with it. Each program, and each
//! build, then runs in a *jail* that its keeper makes: the layers of a [`Tier`]. What the jail shows and
//! allows is data, a [`Policy`]; what makes it is in `jail`, `root` and `restrict`, and the system calls
//! that no safe interface has are in `system`.
//!
//! Not kept out: a program that uses the processor time it may use, and what a compiler or a kernel with an
//! unknown hole lets through.

pub(crate) mod audit;
mod calls;
mod emptying;
mod enter;
mod filter;
mod group;
pub(crate) mod jail;
mod landlock;
pub mod layers;
mod limits;
mod looks;
mod paths;
mod restrict;
mod root;
mod scratch;
mod steps;
mod surroundings;
pub(crate) mod system;
mod temporary;
mod tier;
mod trial;
mod users;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use emptying::empty;

pub use enter::{Demand, Refused, enter, whole_jail};
pub use group::delegated;
pub use limits::ceiling;
pub use limits::{Ceiling, ParseCeilingError, Raised, raise};
pub use looks::Looks;
pub use scratch::{Folder, folder, open_to_all};
pub use surroundings::Surroundings;
pub use temporary::Temporary;
pub use tier::{Layer, Tier, tier};

/// What one program can reach, and how much of it. The keeper gets it as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Which layers there are.
    pub tier: Tier,
    /// Layers of the tier that there are not, for tests of the others.
    pub without: Vec<Layer>,
    /// An empty folder on which the jail's own root is mounted.
    pub root: PathBuf,
    /// Files and folders that it sees and cannot change, under their own paths.
    #[serde(with = "paths")]
    pub readable: Vec<PathBuf>,
    /// Folders in which it may write.
    #[serde(with = "paths")]
    pub writable: Vec<PathBuf>,
    /// Whom it can talk to.
    pub network: Network,
    /// Processes and threads together.
    pub processes: u64,
    /// Bytes below `/tmp`, and in one file.
    pub disk: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Whether the grader is asked before each of its writes (`audit`).
    pub is_audited: bool,
    /// The control group below which it gets its own.
    pub group: Option<PathBuf>,
}

/// Whom a program can talk to over the network. Never anybody outside this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// Itself, over a loopback of its own.
    #[default]
    Own,
    /// The grader's scripted servers and clients besides, over theirs.
    Shared,
}

/// Of the machine, what every program needs: the libraries, and the tools that a compiler calls.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ssl/certs",
    "/etc/nsswitch.conf",
];

impl Policy {
    /// What a program in `folder` gets that needs nothing but the system's libraries and `readable`.
    pub fn new(folder: &Path, readable: &[PathBuf], network: Network) -> Self {
        let ceiling = ceiling();
        Self {
            tier: tier(),
            without: tier::left_out(),
            root: scratch::root(),
            readable: SYSTEM.iter().map(PathBuf::from).chain(readable.iter().cloned()).collect(),
            writable: vec![folder.to_owned()],
            network,
            processes: ceiling.processes,
            disk: ceiling.disk,
            memory: ceiling.memory,
            is_audited: false,
            group: delegated().ok().map(Path::to_owned),
        }
    }
}
