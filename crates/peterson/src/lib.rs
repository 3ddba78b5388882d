//! Peterson's lock: a lock for two threads, made of loads and stores alone.
//!
//! The tempting bug: `Acquire` and `Release`, as in every other lock. Here each thread stores something and then looks at
//! what the other one has stored, and only `SeqCst` makes sure that one of the two sees it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// A lock for two threads, which call themselves 0 and 1. It guards nothing by itself.
pub struct Peterson {
    // BEGIN SOLUTION
    // STUB // What the lock is made of is your choice.
    /// Who has the lock, or wants it.
    wants: [AtomicBool; 2],
    /// Who goes first where both want it: the one that came last lets the other one go.
    first: AtomicUsize,
    // END SOLUTION
}

impl Peterson {
    /// A lock that nobody has.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { wants: [AtomicBool::new(false), AtomicBool::new(false)], first: AtomicUsize::new(0) }
        // END SOLUTION
    }

    /// Takes the lock for thread `me`, which is 0 or 1. While the other one has it, waits.
    pub fn lock(&self, me: usize) {
        // BEGIN SOLUTION
        let other = 1 - me;
        // `SeqCst`: in the one order of all such operations one of the threads is the second that gives the turn away, and
        // then sees that the other one wants in.
        self.wants[me].store(true, Ordering::SeqCst);
        self.first.store(other, Ordering::SeqCst);
        while self.wants[other].load(Ordering::SeqCst) && self.first.load(Ordering::SeqCst) == other {
            thread::yield_now();
        }
        // END SOLUTION
    }

    /// Gives back the lock that thread `me` has.
    pub fn unlock(&self, me: usize) {
        // BEGIN SOLUTION
        // `Release`: who sees this knows what was done up to here. It need not be seen at once.
        self.wants[me].store(false, Ordering::Release);
        // END SOLUTION
    }
}

impl Default for Peterson {
    fn default() -> Self {
        Self::new()
    }
}
