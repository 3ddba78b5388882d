//! What the grader asks for.

use std::time::Duration;

use super::MAGIC;
use super::bytes::{Field, message, numbered, variants};
use crate::ThreadId;
use crate::policy::Kind;

variants! {
    Kind {
        0: RandomWalk {},
        1: Pos {},
        2: Pct { depth: u8, length: u32 },
        3: Sticky {},
        4: Straight {},
        5: Starve { thread: ThreadId },
    }
}

numbered! {
    /// Which of the values that it may return a load does return, beside those that the replayed steps say.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Staleness {
        /// The newest.
        Never,
        /// Each as likely as the others.
        Evenly,
        /// The oldest or the newest.
        Oldest,
        /// Mostly the newest.
        Seldom,
    }
}

message! {
    /// How to run the program once.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Request after MAGIC {
        /// Everything random comes from it.
        pub seed: u64,
        /// Who chooses.
        pub policy: Kind,
        /// New threads wait until the thread that created them blocks.
        pub start_gate: bool,
        /// Waits without a time-out may end without a wake, as futex(2) allows.
        pub spurious_wakes: bool,
        /// Other threads may be held up for seconds: waits of less than 5 s may time out early, and
        /// giving way mostly has no effect.
        pub busy_machine: bool,
        /// Time passes only where nobody can go on: no sleep ends while others can.
        pub real_sleep: bool,
        /// Record events, and the threads that could have taken each step.
        pub trace: bool,
        /// Leave out replayed steps that are impossible, instead of ending the run.
        pub lenient: bool,
        /// Only the program's own threads talk to each other, over sockets: nobody else can answer, and the kernel does at
        /// once.
        pub keeps_to_itself: bool,
        /// How long a lenient run waits for the world outside before it leaves out steps that wait for
        /// it, in looks of 10 ms over the whole run.
        pub patience: u32,
        /// Which values loads return that other threads store with an order that is too weak for more.
        pub staleness: Staleness,
        /// How many writes to standard output find a reader, who then closes it; all of them, if none.
        pub writes: Option<u32>,
        /// The most steps of a run.
        pub budget: u32,
        /// How many steps to replay, which follow the request; the policy chooses after them.
        pub replayed: u32,
        /// How many memory orders are raised, which follow the steps.
        pub raised: u32,
    }
}

impl Request {
    /// Asks for no step.
    pub const NONE: Self = Self {
        seed: 0,
        policy: Kind::RandomWalk,
        start_gate: false,
        spurious_wakes: false,
        busy_machine: false,
        real_sleep: false,
        trace: false,
        lenient: false,
        keeps_to_itself: false,
        patience: 0,
        staleness: Staleness::Never,
        writes: None,
        budget: 0,
        replayed: 0,
        raised: 0,
    };

    /// How long the world outside gets, of real time, when nothing else can happen.
    pub const fn patience_at_rest(&self) -> Duration {
        Duration::from_secs(if self.keeps_to_itself { 2 } else { 5 })
    }
}
