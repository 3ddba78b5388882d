//! A queue in a ring of places, for one thread that pushes and one that pops. Nobody takes a lock.
//!
//! The tempting bug: memory orders that are too weak. A value is announced, and who hears of it reads what was in its place
//! before.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A queue that holds so many values and no more. One thread pushes, the producer, and one pops, the consumer.
pub struct Ring {
    // BEGIN SOLUTION
    // STUB // What the ring is made of is your choice.
    /// Value number `n` is in place `n` modulo their number.
    places: Box<[AtomicU64]>,
    /// How many values were ever pushed. Only the producer changes it.
    pushed: AtomicUsize,
    /// How many values were ever popped. Only the consumer changes it.
    popped: AtomicUsize,
    // END SOLUTION
}

/// Nothing was pushed, as there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Ring {
    /// An empty ring with so many places, one at least.
    pub fn new(capacity: usize) -> Self {
        // BEGIN SOLUTION
        let places = (0..capacity).map(|_| AtomicU64::new(0)).collect();
        Self { places, pushed: AtomicUsize::new(0), popped: AtomicUsize::new(0) }
        // END SOLUTION
    }

    /// Puts a value behind all others, if there is a place. Only the producer may call it.
    ///
    /// # Errors
    /// When there is none.
    pub fn push(&self, value: u64) -> Result<(), Full> {
        // BEGIN SOLUTION
        // Nobody else changes it: with any order this thread reads what it stored last.
        let pushed = self.pushed.load(Ordering::Relaxed);
        // `Acquire`: the consumer has read its value before this thread puts another one there.
        if pushed - self.popped.load(Ordering::Acquire) == self.places.len() {
            return Err(Full);
        }
        self.places[pushed % self.places.len()].store(value, Ordering::Relaxed);
        // `Release`: who reads this number finds the value in its place.
        self.pushed.store(pushed + 1, Ordering::Release);
        Ok(())
        // END SOLUTION
    }

    /// Takes the oldest value, if there is one. Only the consumer may call it.
    pub fn pop(&self) -> Option<u64> {
        // BEGIN SOLUTION
        let popped = self.popped.load(Ordering::Relaxed);
        // `Acquire`: the value that was announced is there.
        if popped == self.pushed.load(Ordering::Acquire) {
            return None;
        }
        let value = self.places[popped % self.places.len()].load(Ordering::Relaxed);
        // `Release`: the value was read before its place is given back.
        self.popped.store(popped + 1, Ordering::Release);
        Some(value)
        // END SOLUTION
    }
}
