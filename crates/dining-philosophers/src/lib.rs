//! The dining philosophers: who eats needs two forks, and each of them is shared with a neighbour.
//!
//! The tempting bug: everybody takes the left fork first. If all do so at once, each has one fork and waits for the
//! other, for ever.

use std::sync::{Mutex, PoisonError};

/// A round table with a fork between each two seats.
pub struct Table {
    // BEGIN SOLUTION
    // STUB // What the table is made of is your choice.
    /// Fork `i` lies between the seat `i` and the one before it.
    forks: Vec<Mutex<()>>,
    // END SOLUTION
}

impl Table {
    /// A table with so many seats, at least two.
    pub fn new(seats: usize) -> Self {
        // BEGIN SOLUTION
        Self { forks: (0..seats).map(|_| Mutex::new(())).collect() }
        // END SOLUTION
    }

    /// Waits for the two forks of this seat, and has the meal with them. Seats are numbered from 0.
    pub fn eat(&self, seat: usize, meal: impl FnOnce()) {
        // BEGIN SOLUTION
        // A meal that panics poisons the mutexes. A fork has no state that could be half changed, so it is no worse.
        let take = |fork: usize| self.forks[fork].lock().unwrap_or_else(PoisonError::into_inner);
        let (left, right) = (seat, (seat + 1) % self.forks.len());
        // Everybody takes the fork with the lower number first. So who holds a fork waits only for a higher one, and
        // whoever holds the highest of all waits for nobody.
        let _first = take(left.min(right));
        let _second = take(left.max(right));
        meal();
        // END SOLUTION
    }
}
