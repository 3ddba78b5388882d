//! A lock that is waited for by looking again and again.
//!
//! The tempting bug: memory orders that are too weak. The lock keeps the threads apart all the same, but the one that comes
//! in may read what was there before the last one wrote.

use std::hint;
use std::sync::atomic::{AtomicBool, Ordering};

/// A lock for short moments. It guards nothing by itself: what it protects is up to its users.
pub struct SpinLock {
    // BEGIN SOLUTION
    // STUB // What the lock is made of is your choice.
    is_taken: AtomicBool,
    // END SOLUTION
}

impl SpinLock {
    /// A lock that nobody has.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { is_taken: AtomicBool::new(false) }
        // END SOLUTION
    }

    /// Takes the lock. While another thread has it, waits.
    pub fn lock(&self) {
        // BEGIN SOLUTION
        while !self.try_lock() {
            hint::spin_loop();
        }
        // END SOLUTION
    }

    /// Takes the lock if nobody has it, and says whether it did. It never waits.
    pub fn try_lock(&self) -> bool {
        // BEGIN SOLUTION
        // `Acquire` where it is taken: what the last one did before `unlock` has happened before what follows. Who does not
        // get it reads nothing that the lock protects, so there `Relaxed` is enough.
        self.is_taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
        // END SOLUTION
    }

    /// Gives the lock back. Only the thread that has it may do so.
    pub fn unlock(&self) {
        // BEGIN SOLUTION
        // `Release`: who takes the lock next knows what was done up to here.
        self.is_taken.store(false, Ordering::Release);
        // END SOLUTION
    }
}

impl Default for SpinLock {
    fn default() -> Self {
        Self::new()
    }
}
