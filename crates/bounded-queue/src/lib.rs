//! A queue between threads that holds so many items and can be closed.
//!
//! The tempting bug: one condition variable for both sides, and `notify_one`. The wake-up that was meant for a thread
//! that waits for an item can go to one that waits for room, and is lost.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};

/// A first-in, first-out queue of limited length that threads share.
pub struct BoundedQueue<T> {
    state: Mutex<State<T>>,
    // BEGIN SOLUTION
    // STUB // What else the queue is made of is your choice.
    capacity: usize,
    /// There is an item, or none will come.
    not_empty: Condvar,
    /// There is room, or none is needed any more.
    not_full: Condvar,
    // END SOLUTION
}

/// What only one thread at a time may look at.
struct State<T> {
    /// The first to be taken is at the front.
    items: VecDeque<T>,
    // BEGIN SOLUTION
    // STUB // What else belongs to it is your choice.
    is_closed: bool,
    // END SOLUTION
}

impl<T> BoundedQueue<T> {
    /// An empty queue that holds so many items, at least one.
    pub fn new(capacity: usize) -> Self {
        // BEGIN SOLUTION
        Self {
            capacity,
            state: Mutex::new(State { items: VecDeque::new(), is_closed: false }),
            not_empty: Condvar::new(),
            not_full: Condvar::new(),
        }
        // END SOLUTION
    }

    /// Puts an item at the end. Waits while the queue is full.
    ///
    /// # Errors
    /// When the queue is closed; the item is given back.
    pub fn push(&self, item: T) -> Result<(), T> {
        // BEGIN SOLUTION
        let must_wait = |state: &mut State<T>| state.items.len() >= self.capacity && !state.is_closed;
        let mut state = self.not_full.wait_while(self.state.lock().unwrap(), must_wait).unwrap();
        if state.is_closed {
            return Err(item);
        }
        state.items.push_back(item);
        self.not_empty.notify_one();
        Ok(())
        // END SOLUTION
    }

    /// Takes the item at the front. Waits while the queue is empty, and gives `None` if it is closed as well.
    pub fn pop(&self) -> Option<T> {
        // BEGIN SOLUTION
        let must_wait = |state: &mut State<T>| state.items.is_empty() && !state.is_closed;
        let mut state = self.not_empty.wait_while(self.state.lock().unwrap(), must_wait).unwrap();
        let item = state.items.pop_front();
        self.not_full.notify_one();
        item
        // END SOLUTION
    }

    /// Says that nothing more will come. What is in the queue can still be taken.
    pub fn close(&self) {
        // BEGIN SOLUTION
        self.state.lock().unwrap().is_closed = true;
        // Everybody who waits, on either side, waits for something that may never come now.
        self.not_empty.notify_all();
        self.not_full.notify_all();
        // END SOLUTION
    }
}
