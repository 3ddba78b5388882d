//! What a run came to.

use super::MAGIC;
use super::bytes::{Field, message, numbered};

numbered! {
    /// How the runtime saw a run end.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Finish {
        /// It did not: the process ended, and its wait status says how.
        Process,
        /// Nobody can go on, and nothing outside can change that.
        Deadlock,
        /// The budget of steps was used up, and in the last half of it, under a fair policy, nothing changed.
        Budget,
        /// The replayed schedule names a thread that cannot take the step.
        Divergence,
        /// More threads at once than [`crate::MOST_THREADS`].
        TooManyThreads,
        /// More output than the log holds.
        OutputLimit,
        /// All wait for something outside, and it did not come.
        OutsideWait,
        /// The process did not end in time: it computes, or waits, where no hook sees it.
        Unseen,
        /// As many steps as a run can have.
        StepLimit,
        /// It says nothing, and is to be made in another way: the program does what is right for kernel threads alone, and its
        /// threads are contexts, or it maps a file where runs share a folder.
        KernelThreads,
    }
}

message! {
    /// What a run came to, and how much follows.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Header after MAGIC {
        /// The wait status of the process, as wait(2) gives it.
        pub status: i32,
        /// How the runtime saw it end.
        pub finish: Finish,
        /// Threads created, the main thread included.
        pub threads: u8,
        /// Steps taken.
        pub steps: u32,
        /// Equal for equal schedules.
        pub hash: u64,
        /// Where the program's executable is loaded: subtract it from a return address.
        pub base: u64,
        /// Atomic operations that the hooks saw; 0 says that the program is not instrumented.
        pub atomics: u32,
        /// Bytes of output records.
        pub output: u32,
        /// Sent steps: all in a trace, else none.
        pub sent_steps: u32,
        /// Sent events.
        pub events: u32,
        /// Microseconds of processor time of all its processes, as the kernel counts them.
        pub processor: u32,
        /// Whether some thread waited for a descriptor or a child: what comes from outside, and when, is
        /// not part of the schedule.
        pub outside: bool,
        /// Whether some thread looked at a child that had not ended, and went on: how many steps that takes is up to the
        /// child.
        pub polls_outside: bool,
        /// Whether, with a second thread there, it read the clock, drew random numbers, opened a file or did what cannot be undone:
        /// what comes of that is not up to its steps alone.
        pub varies: bool,
        /// The system call without control in which the run sat, where it is [`Finish::Unseen`] and that is known.
        pub call: Option<u32>,
        /// Whether the run was another one when it was made after others in one process: something of them was left.
        pub leaked: bool,
    }
}
