//! A lock that the thread that has it can take again.
//!
//! The tempting bug: to free the lock when *a* guard is dropped. It belongs to the thread until the last of its guards
//! is gone.

use std::marker::PhantomData;
use std::sync::{Condvar, Mutex};
use std::thread::{self, ThreadId};

/// A lock for one thread, which can take it any number of times. It guards nothing by itself: what it protects is up to
/// its users.
pub struct ReentrantLock {
    // BEGIN SOLUTION
    // STUB // What the lock is made of is your choice.
    state: Mutex<State>,
    became_free: Condvar,
    // END SOLUTION
}

// BEGIN SOLUTION
// STUB // More types of yours could stand here.
#[derive(Default)]
struct State {
    owner: Option<ThreadId>,
    /// How many guards the owner has.
    guards: usize,
}
// END SOLUTION

/// One of the times that a thread has taken the lock, until it is dropped.
#[must_use = "the lock is given back when the guard is dropped"]
pub struct Guard<'a> {
    lock: &'a ReentrantLock,
    /// Keeps the guard on its thread, as a pointer is not `Send`: no other thread may give back what this one has.
    on_this_thread: PhantomData<*const ()>,
}

impl ReentrantLock {
    /// A lock that nobody has.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { state: Mutex::default(), became_free: Condvar::new() }
        // END SOLUTION
    }

    /// Takes the lock. Waits while another thread has it; a thread that has it already takes it once more.
    pub fn lock(&self) -> Guard<'_> {
        // BEGIN SOLUTION
        let me = thread::current().id();
        let is_anothers = |state: &mut State| state.owner.is_some_and(|owner| owner != me);
        let mut state = self.became_free.wait_while(self.state.lock().unwrap(), is_anothers).unwrap();
        state.owner = Some(me);
        state.guards += 1;
        Guard { lock: self, on_this_thread: PhantomData }
        // END SOLUTION
    }
}

impl Default for ReentrantLock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        let mut state = self.lock.state.lock().unwrap();
        state.guards -= 1;
        // Not before the last one, whichever that is: guards need not be dropped in the order of their making.
        if state.guards == 0 {
            state.owner = None;
            self.lock.became_free.notify_one();
        }
        // END SOLUTION
    }
}
