//! A bounded first-in first-out buffer: one mutex around the queue, and a condition variable for each reason to wait.
//!
//! The tempting bug: `if` in place of `while` around a wait. Between the notification and the return from `wait`
//! another thread can take the item, or the place, that the notification was about.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

/// A first-in first-out buffer that many threads share. `put` waits for a place and `take` for an item.
pub(crate) struct Buffer<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    /// Notified when there is a place more.
    not_full: Condvar,
    /// Notified when there is an item more.
    not_empty: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    /// Nothing more will be put. A reason to end for everybody, whatever they wait for.
    closed: bool,
}

/// The buffer was closed before the item found a place.
pub(crate) struct Closed;

impl<T> Buffer<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        // Not `with_capacity`: the limit may be far above what is ever used.
        let state = State { items: VecDeque::new(), closed: false };
        Buffer { capacity, state: Mutex::new(state), not_full: Condvar::new(), not_empty: Condvar::new() }
    }

    /// Waits while the buffer is full, then puts `item` last, unless the buffer is closed.
    pub(crate) fn put(&self, item: T) -> Result<(), Closed> {
        // BEGIN SOLUTION
        let is_full = |state: &mut State<T>| state.items.len() == self.capacity && !state.closed;
        let mut state = self.not_full.wait_while(self.state.lock().unwrap(), is_full).unwrap();
        if state.closed {
            return Err(Closed);
        }
        state.items.push_back(item);
        drop(state);
        // One item serves one consumer. Only consumers wait on this condition, so the call cannot go to a producer.
        self.not_empty.notify_one();
        Ok(())
        // END SOLUTION
    }

    /// Waits while the buffer is empty, then takes the first item; `None` when it is closed and used up.
    pub(crate) fn take(&self) -> Option<T> {
        // BEGIN SOLUTION
        let is_empty = |state: &mut State<T>| state.items.is_empty() && !state.closed;
        let mut state = self.not_empty.wait_while(self.state.lock().unwrap(), is_empty).unwrap();
        let item = state.items.pop_front()?;
        drop(state);
        self.not_full.notify_one();
        Some(item)
        // END SOLUTION
    }

    /// Says that nothing more will be put. What is in the buffer can still be taken.
    pub(crate) fn close(&self) {
        // BEGIN SOLUTION
        self.state.lock().unwrap().closed = true;
        self.not_full.notify_all();
        self.not_empty.notify_all();
        // END SOLUTION
    }
}
