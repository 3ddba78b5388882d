//! An event: something that happens once, and many threads wait for it.
//!
//! The tempting bug: to notify, and to remember nothing. A notification that comes before the wait is lost, and so the
//! event is a flag first, and a notification only for those who already sleep.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// A flag that threads can wait for.
pub struct Event {
    // BEGIN SOLUTION
    // STUB // What an event is made of is your choice.
    is_set: Mutex<bool>,
    has_been_set: Condvar,
    // END SOLUTION
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { is_set: Mutex::new(false), has_been_set: Condvar::new() }
        // END SOLUTION
    }

    /// Sets the event: all who wait go on, and nobody waits until it is cleared.
    pub fn set(&self) {
        // BEGIN SOLUTION
        *self.is_set.lock().unwrap() = true;
        self.has_been_set.notify_all();
        // END SOLUTION
    }

    /// Makes the event one that is not set. Nobody is woken by that.
    pub fn clear(&self) {
        // BEGIN SOLUTION
        *self.is_set.lock().unwrap() = false;
        // END SOLUTION
    }

    /// Whether the event is set now.
    pub fn is_set(&self) -> bool {
        // BEGIN SOLUTION
        *self.is_set.lock().unwrap()
        // END SOLUTION
    }

    /// Waits until the event is set.
    pub fn wait(&self) {
        // BEGIN SOLUTION
        // `wait_while` looks before the first wait, as the event may be set already, and after every wake-up.
        drop(self.has_been_set.wait_while(self.is_set.lock().unwrap(), |is_set| !*is_set).unwrap());
        // END SOLUTION
    }

    /// Waits until the event is set, but no longer than `limit`. Says whether it is set.
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        // BEGIN SOLUTION
        let is_set = self.is_set.lock().unwrap();
        // It knows how much of the time is left after a wake-up for nothing.
        let (is_set, _) = self.has_been_set.wait_timeout_while(is_set, limit, |is_set| !*is_set).unwrap();
        *is_set
        // END SOLUTION
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}
