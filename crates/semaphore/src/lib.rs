//! A counting semaphore: so many permits, and who finds none waits until one is given back.
//!
//! The tempting bug: to look once and then to wait. A thread that is woken has been promised nothing: another one may
//! have been quicker to the permit, so it must look again.

use std::sync::{Condvar, Mutex};

/// A number of permits that threads take and give back.
pub struct Semaphore {
    // BEGIN SOLUTION
    // STUB // What a semaphore is made of is your choice.
    permits: Mutex<usize>,
    released: Condvar,
    // END SOLUTION
}

impl Semaphore {
    /// A semaphore with so many permits, which may be none.
    pub fn new(permits: usize) -> Self {
        // BEGIN SOLUTION
        Self { permits: Mutex::new(permits), released: Condvar::new() }
        // END SOLUTION
    }

    /// Takes a permit. While there is none, waits for one.
    pub fn acquire(&self) {
        // BEGIN SOLUTION
        // `wait_while` looks before the first wait, as a permit may be there, and after every wake-up, as somebody else
        // may have taken the one that was released.
        let none_left = |permits: &mut usize| *permits == 0;
        let mut permits = self.released.wait_while(self.permits.lock().unwrap(), none_left).unwrap();
        *permits -= 1;
        // END SOLUTION
    }

    /// Takes a permit if there is one, and says whether it did. It never waits for one.
    pub fn try_acquire(&self) -> bool {
        // BEGIN SOLUTION
        let mut permits = self.permits.lock().unwrap();
        let is_there = *permits > 0;
        *permits -= usize::from(is_there);
        is_there
        // END SOLUTION
    }

    /// Adds a permit, which lets one waiting thread go on. Any thread may do so.
    pub fn release(&self) {
        // BEGIN SOLUTION
        *self.permits.lock().unwrap() += 1;
        // Each release notifies, also if there were permits before: a thread notified earlier may not have run yet.
        self.released.notify_one();
        // END SOLUTION
    }
}
