//! The prefix of a run: what the main thread does before there is a second one.
//!
//! It is the same in all runs of a program, as nobody else could take a step. So a run can begin where an earlier one had
//! its second thread, once the mechanism was told the same again: what the policy and chance make of it is not the same.

use super::{Mechanism, NoWorld, Read};
use crate::policy::Pending;

/// Longer ones are not kept.
const MOST: usize = 2048;

/// What the mechanism is told by a thread that is alone, and waits for nothing.
#[derive(Clone, Copy, Debug)]
pub enum Told {
    /// What it is about to do.
    Intends(Pending),
    /// It is about to take the lock of this word, which is free or not.
    Locks(u64, bool),
    /// It has done it.
    HasDone,
    /// It has changed something.
    Changed,
    /// It has read something.
    Reads(Read),
    /// It gives way.
    Yields,
    /// It reads the clock.
    ReadsClock,
    /// It takes a step.
    Steps,
}

/// All that was told, in order.
#[derive(Debug)]
pub struct Prefix {
    told: [Told; MOST],
    count: usize,
    /// Whether there may be more.
    is_open: bool,
    /// Whether all is here.
    is_whole: bool,
}

impl Prefix {
    /// Of a run that is not noted.
    pub const fn new() -> Self {
        Self { told: [Told::HasDone; MOST], count: 0, is_open: false, is_whole: false }
    }

    /// Begins to note.
    pub fn open(&mut self) {
        (self.count, self.is_open, self.is_whole) = (0, true, true);
    }

    /// Notes what is told.
    #[inline]
    pub fn note(&mut self, told: Told) {
        if self.is_open {
            match self.told.get_mut(self.count) {
                Some(place) => *place = told,
                None => self.break_off(),
            }
            self.count += 1;
        }
    }

    /// Says that something happens that would not be the same again: a wait, or what comes from outside.
    pub fn break_off(&mut self) {
        (self.is_open, self.is_whole) = (false, false);
    }

    /// Ends the prefix; whether all of it was noted.
    pub fn close(&mut self) -> bool {
        self.is_open = false;
        std::mem::take(&mut self.is_whole)
    }

    /// Tells a mechanism the same, which has just begun. False where another thread than the main thread took a step, which
    /// is none.
    pub fn repeat(&self, mechanism: &mut Mechanism<'_>) -> bool {
        self.told[..self.count.min(MOST)].iter().all(|told| mechanism.tell(*told))
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self::new()
    }
}

impl Mechanism<'_> {
    /// Tells it something. Whether the main thread takes the step, if it is one.
    #[inline]
    pub fn tell(&mut self, told: Told) -> bool {
        match told {
            Told::Intends(pending) => self.intends(pending),
            Told::Locks(word, is_free) => self.locks(word, is_free),
            Told::HasDone => self.has_done(),
            Told::Changed => self.changed(),
            Told::Reads(read) => self.reads(read),
            Told::Yields => self.yields(),
            Told::ReadsClock => _ = self.read_clock(),
            Told::Steps => return self.choose(&mut NoWorld).is_ok_and(|choice| choice.thread == 0),
        }
        true
    }
}
