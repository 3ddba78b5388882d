//! A barrier that is used again and again: threads wait for each other, round after round.
//!
//! The tempting bug: to open the gate when all have come and to close it when all have left. A quick thread is back
//! before the gate is closed, and runs through the next round as well.

use std::sync::{Condvar, Mutex};

/// A meeting point of a fixed number of threads.
pub struct Barrier {
    // BEGIN SOLUTION
    // STUB // What a barrier is made of is your choice.
    threads: usize,
    state: Mutex<State>,
    round_is_over: Condvar,
    // END SOLUTION
}

// BEGIN SOLUTION
// STUB // More types of yours could stand here.
struct State {
    /// How many have come in this round.
    arrived: usize,
    /// Which round this is. It tells a thread of this round from one that is back already.
    round: usize,
}
// END SOLUTION

impl Barrier {
    /// A barrier for so many threads, at least one.
    pub fn new(threads: usize) -> Self {
        // BEGIN SOLUTION
        Self { threads, state: Mutex::new(State { arrived: 0, round: 0 }), round_is_over: Condvar::new() }
        // END SOLUTION
    }

    /// Waits until as many threads have called this as the barrier is for. Says to one of them that it leads.
    pub fn wait(&self) -> bool {
        // BEGIN SOLUTION
        let mut state = self.state.lock().unwrap();
        state.arrived += 1;
        if state.arrived == self.threads {
            // The next round begins before anybody of this one goes on.
            state.arrived = 0;
            state.round += 1;
            self.round_is_over.notify_all();
            return true;
        }
        // Not `arrived`, which is about the next round by the time that this thread looks.
        let mine = state.round;
        let _state = self.round_is_over.wait_while(state, |state| state.round == mine).unwrap();
        false
        // END SOLUTION
    }
}
