//! A lock for many readers or one writer.
//!
//! The tempting bug: to remember *that* somebody reads, and not how many do. The first reader who leaves then lets the
//! writer in beside those who still read.

use std::sync::{Condvar, Mutex};

/// A lock that any number of readers can hold together, or one writer alone. It guards nothing by itself: what it
/// protects is up to its users.
pub struct ReadWriteLock {
    // BEGIN SOLUTION
    // STUB // What the lock is made of is your choice.
    state: Mutex<State>,
    somebody_left: Condvar,
    // END SOLUTION
}

// BEGIN SOLUTION
// STUB // More types of yours could stand here.
#[derive(Default)]
struct State {
    readers: usize,
    is_written: bool,
}
// END SOLUTION

/// The right to read, until it is dropped.
#[must_use = "the lock is given back when the guard is dropped"]
pub struct ReadGuard<'a> {
    lock: &'a ReadWriteLock,
}

/// The right to write, until it is dropped.
#[must_use = "the lock is given back when the guard is dropped"]
pub struct WriteGuard<'a> {
    lock: &'a ReadWriteLock,
}

impl ReadWriteLock {
    /// A lock that nobody holds.
    pub fn new() -> Self {
        // BEGIN SOLUTION
        Self { state: Mutex::default(), somebody_left: Condvar::new() }
        // END SOLUTION
    }

    /// Waits while somebody writes.
    pub fn read(&self) -> ReadGuard<'_> {
        // BEGIN SOLUTION
        let state = self.state.lock().unwrap();
        let mut state = self.somebody_left.wait_while(state, |state| state.is_written).unwrap();
        state.readers += 1;
        ReadGuard { lock: self }
        // END SOLUTION
    }

    /// Waits while anybody else reads or writes.
    pub fn write(&self) -> WriteGuard<'_> {
        // BEGIN SOLUTION
        let is_held = |state: &mut State| state.is_written || state.readers > 0;
        let mut state = self.somebody_left.wait_while(self.state.lock().unwrap(), is_held).unwrap();
        state.is_written = true;
        WriteGuard { lock: self }
        // END SOLUTION
    }
}

impl Default for ReadWriteLock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for ReadGuard<'_> {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        let mut state = self.lock.state.lock().unwrap();
        state.readers -= 1;
        // Only writers wait for readers, and only the last of these lets one in.
        if state.readers == 0 {
            self.lock.somebody_left.notify_all();
        }
        // END SOLUTION
    }
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        self.lock.state.lock().unwrap().is_written = false;
        // All, as any number of readers can go on now.
        self.lock.somebody_left.notify_all();
        // END SOLUTION
    }
}
