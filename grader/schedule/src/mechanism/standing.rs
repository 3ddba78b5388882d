//! Which threads go on, and what keeps the others.

use super::thread::{Thread, Wait};
use crate::{ThreadId, ThreadSet};

/// The threads by what keeps them. These sets are looked at for every step, so they are kept, not collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Those that wait for nothing.
    pub(super) free: ThreadSet,
    /// Those that gave way.
    pub(super) gave_way: ThreadSet,
    /// Those at the gate.
    pub(super) gated: ThreadSet,
    /// Those that wait for a lock.
    pub(super) locking: ThreadSet,
    /// Those with a deadline.
    pub(super) dated: ThreadSet,
    /// Those that wait for the world outside.
    pub(super) outside: ThreadSet,
    /// Those that have not ended.
    pub(super) alive: ThreadSet,
}

impl Standing {
    /// No thread.
    pub(super) const NONE: Self = Self {
        free: ThreadSet::EMPTY,
        gave_way: ThreadSet::EMPTY,
        gated: ThreadSet::EMPTY,
        locking: ThreadSet::EMPTY,
        dated: ThreadSet::EMPTY,
        outside: ThreadSet::EMPTY,
        alive: ThreadSet::EMPTY,
    };

    /// Notes how a thread stands now.
    #[inline]
    pub(super) fn note(&mut self, number: ThreadId, thread: &Thread) {
        let wait = thread.wait;
        self.free.set(number, wait == Wait::None);
        self.gave_way.set(number, thread.gave_way.is_some());
        self.gated.set(number, matches!(wait, Wait::Gate { .. }));
        self.locking.set(number, matches!(wait, Wait::Lock { .. }));
        self.dated.set(number, wait.deadline().is_some());
        self.outside.set(number, wait.is_outside());
        self.alive.set(number, wait != Wait::Ended);
    }
}
