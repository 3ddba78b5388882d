//! A library with atomic operations that are inlined into its caller.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that others add to.
pub struct Counter(pub AtomicU64);

impl Counter {
    /// Adds to it.
    #[inline(always)]
    pub fn add(&self, number: u64) -> u64 {
        self.0.fetch_add(number, Ordering::Relaxed)
    }

    /// Changes it. The caller's closure is the caller's own.
    #[inline]
    pub fn change<F: Fn(u64) -> u64>(&self, change: F) {
        self.0.store(change(self.0.load(Ordering::Acquire)), Ordering::Release);
    }
}
