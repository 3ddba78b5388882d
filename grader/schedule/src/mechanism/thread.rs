//! One thread of a run, and what it waits for.

use super::spin::Spin;
use crate::ThreadId;

/// What a thread that cannot go on waits for. Times are nanoseconds of virtual time; [`NEVER`] does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: it can go on.
    None,
    /// Its creator to block, as long as the start gate is shut.
    Gate {
        /// Who created it.
        creator: ThreadId,
    },
    /// A wake on a futex.
    Futex {
        /// Its address.
        word: u64,
        /// Which wakes it hears, futex(2).
        bits: u32,
        /// When it ends all the same.
        deadline: Option<u64>,
    },
    /// Its time.
    Sleep {
        /// When it ends.
        deadline: u64,
    },
    /// A lock to be free, which it takes when it goes on.
    Lock {
        /// The word that tells.
        word: u64,
    },
    /// The end of a thread.
    Join {
        /// That thread.
        thread: ThreadId,
    },
    /// Something in the world outside, which knows what.
    Outside {
        /// When it ends all the same.
        deadline: Option<u64>,
        /// Whether it comes surely, if late: the end of a child.
        surely: bool,
    },
    /// Nothing more: it has ended.
    Ended,
}

/// A deadline that does not come.
pub const NEVER: u64 = u64::MAX;

impl Wait {
    /// When the wait ends by itself.
    pub fn deadline(self) -> Option<u64> {
        let deadline = match self {
            Self::Futex { deadline, .. } | Self::Outside { deadline, .. } => deadline,
            Self::Sleep { deadline } => Some(deadline),
            _ => None,
        };
        deadline.filter(|&deadline| deadline != NEVER)
    }

    /// Whether the world outside ends it.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Outside { .. })
    }
}

/// Why a thread goes on after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// What it waited for happened.
    Done,
    /// Its deadline passed.
    TimedOut,
    /// No reason, as futex(2) allows.
    Spuriously,
}

/// One thread.
#[derive(Clone, Copy, Debug)]
pub struct Thread {
    /// What it waits for.
    pub wait: Wait,
    /// Why its last wait ended.
    pub woken: Woken,
    /// The step at which it gave way, until something changes or it goes on all the same.
    pub gave_way: Option<u32>,
    /// The step at which its wait began.
    pub waits_since: u32,
    /// What it reads again and again.
    pub spin: Spin,
    /// How many threads were created before it, over the whole run.
    pub born: u32,
    /// How many threads had ended before it.
    pub died: u32,
}

/// One that has ended.
pub(super) const NO_THREAD: Thread = Thread {
    wait: Wait::Ended,
    woken: Woken::Done,
    gave_way: None,
    waits_since: 0,
    spin: Spin::NONE,
    born: 0,
    died: 0,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_without_end_has_no_deadline() {
        assert_eq!(Wait::Sleep { deadline: NEVER }.deadline(), None);
        assert_eq!(Wait::Sleep { deadline: 5 }.deadline(), Some(5));
    }
}
