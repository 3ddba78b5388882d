//! What happened in a run: what each thread did, and what was written.

use super::bytes::{Field, message, numbered};

numbered! {
    /// What kind of operation a thread did, or waits in.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Operation {
        /// Nothing yet. It comes first, as the runtime's records start as zeroed memory.
        #[default]
        None,
        /// An atomic load.
        Load,
        /// An atomic store.
        Store,
        /// An atomic swap.
        Swap,
        /// An atomic addition, subtraction, or bit operation.
        Update,
        /// A compare-and-swap that swapped.
        CompareSwap,
        /// A compare-and-swap that found another value.
        CompareFail,
        /// A wait on a futex.
        FutexWait,
        /// A wait for a mutex that another thread has.
        LockWait,
        /// A wait on a futex that finds another value, and is none.
        FutexPass,
        /// A mutex is given back, to wait for a condition.
        Lends,
        /// That mutex is taken again.
        TakesAgain,
        /// A wake of waiters on a futex.
        FutexWake,
        /// A thread is created.
        Spawn,
        /// A thread waits for the end of another.
        Join,
        /// A thread's first step.
        Start,
        /// A thread's last step.
        End,
        /// A thread gives way.
        Yield,
        /// A thread sleeps.
        Sleep,
        /// A read from a file, pipe or socket.
        Read,
        /// A write to a file, pipe or socket.
        Write,
        /// Waiting for a connection, making one, or waiting for readiness.
        Poll,
        /// A wait for a child process.
        WaitChild,
        /// A memory fence.
        Fence,
        /// A wait on a futex ends although nobody woke the thread.
        WakesUnasked,
        /// A wait on a futex ends because its time is over.
        TimesOut,
    }
}

numbered! {
    /// The memory order of an atomic operation: of a compare-and-swap that failed, that of failure.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum MemoryOrder {
        /// It has none.
        #[default]
        None,
        /// `Ordering::Relaxed`.
        Relaxed,
        /// `Ordering::Acquire`.
        Acquire,
        /// `Ordering::Release`.
        Release,
        /// `Ordering::AcqRel`.
        AcqRel,
        /// `Ordering::SeqCst`.
        SeqCst,
    }
}

impl MemoryOrder {
    /// That of an operation which is made as strong as `to`, as far as it can be: a load acquires, a store releases.
    pub fn raised(self, operation: Operation, to: Self) -> Self {
        match (self, to, operation) {
            (Self::SeqCst, ..) | (_, Self::SeqCst, _) => Self::SeqCst,
            (_, _, Operation::Load | Operation::CompareFail) => Self::Acquire,
            (_, _, Operation::Store) => Self::Release,
            _ => Self::AcqRel,
        }
    }
}

/// How many return addresses are kept of each operation. A panic is written from a dozen calls below the line that
/// panicked.
pub const FRAMES: usize = 20;

message! {
    /// One operation in a trace.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Event {
        /// The step that allowed it, from 0.
        pub step: u32,
        /// Who did it.
        pub thread: u8,
        /// What it did.
        pub operation: Operation,
        /// To which object: an address, a file descriptor, a thread.
        pub object: u64,
        /// The value read or written, the count of threads woken, the bytes moved.
        pub value: u64,
        /// In which order.
        pub order: MemoryOrder,
        /// How many stores are newer than the value that a load has returned.
        pub age: u8,
        /// Return addresses, the innermost first, 0 after the last.
        pub frames: [u64; FRAMES],
    }
}

message! {
    /// What a thread was doing when the run ended.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ThreadRecord {
        /// Whether it had ended.
        pub ended: bool,
        /// Whether it could have gone on.
        pub runnable: bool,
        /// Its last operation, or the one that it waits in.
        pub last: Event,
        /// Its name, padded with zeros.
        pub name: [u8; 16],
    }
}

message! {
    /// The head of one record of output; as many bytes as `length` says follow it.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OutputHead {
        /// Who wrote.
        pub thread: u8,
        /// 1 for standard output, 2 for standard error.
        pub descriptor: u8,
        /// The step that allowed it.
        pub step: u32,
        /// Bytes written.
        pub length: u32,
    }
}
