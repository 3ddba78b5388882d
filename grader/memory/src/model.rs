//! All locations and threads of one execution.

use core::ops::Range;

use crate::clock::{Clock, MOST_THREADS};
use crate::history::{History, Store};
use crate::table::{At, Table};
use crate::{Order, Place};

/// How many locations of the program's own can be told apart. Tests make many memories, each on the stack.
const MOST_OWN: usize = if cfg!(test) { 16 } else { 512 };
/// How many others.
const MOST_STRONG: usize = if cfg!(test) { 16 } else { 2048 };

/// What one thread knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread {
    pub(crate) clock: Clock,
    /// What an acquire fence would learn, by reads that did not acquire.
    acquirable: Clock,
    /// What was known at the last release fence.
    released: Clock,
    /// The strong location that it used last, as long as it may still be in that code.
    pub(crate) last_met: Option<At>,
}

impl Thread {
    const NEW: Self =
        Self { clock: Clock::EMPTY, acquirable: Clock::EMPTY, released: Clock::EMPTY, last_met: None };
}

/// What is known of a location of other code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strong {
    /// 0 where its value is not known.
    pub(crate) size: u8,
    pub(crate) value: u64,
    /// What all know who have used it.
    pub(crate) met: Clock,
}

impl Strong {
    pub(crate) const NEW: Self = Self { size: 0, value: 0, met: Clock::EMPTY };
}

/// What is in memory, and who knows of it. Operations are given in the order in which they are executed.
///
/// It gives up where there are more threads or locations than it can tell apart: from then on it says of each load that it
/// returns the newest value, which is always allowed.
pub struct Memory {
    pub(crate) is_on: bool,
    pub(crate) threads: [Thread; MOST_THREADS],
    own: Table<History, MOST_OWN, { 2 * MOST_OWN }>,
    pub(crate) strong: Table<Strong, MOST_STRONG, { 2 * MOST_STRONG }>,
    /// What was known at sequentially consistent fences.
    fenced: Clock,
    /// What was known at all other sequentially consistent operations.
    sequential: Clock,
}

impl Memory {
    /// One that has not begun: it says of all loads that they return the newest value.
    pub const fn new() -> Self {
        Self {
            is_on: false,
            threads: [Thread::NEW; MOST_THREADS],
            own: Table::new(History::new(0)),
            strong: Table::new(Strong::NEW),
            fenced: Clock::EMPTY,
            sequential: Clock::EMPTY,
        }
    }

    /// Begins: what was done before is known to all. Once at most.
    pub fn begin(&mut self) {
        self.is_on = true;
    }

    /// Whether it has begun, and has not given up.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// `parent` starts `child`, which knows what it knows.
    pub fn start(&mut self, parent: usize, child: usize) {
        self.is_on &= child < MOST_THREADS;
        if self.is_on {
            self.threads[parent].clock.tick(parent);
            let clock = self.threads[parent].clock;
            self.threads[child] = Thread { clock: self.threads[child].clock.with(&clock), ..Thread::NEW };
        }
    }

    /// `thread` has waited for the end of `ended`, and knows what that knew.
    pub fn join(&mut self, thread: usize, ended: usize) {
        if self.is_on {
            let clock = self.threads[ended].clock;
            self.threads[thread].clock.join(&clock);
        }
    }

    /// A load. `choose` is given how many stores it may return, the newest first, and says which; it is not asked where
    /// there is one. Gives back the value and how many stores are newer.
    pub fn load(
        &mut self,
        thread: usize,
        place: Place,
        order: Order,
        choose: impl FnOnce(usize) -> usize,
    ) -> (u64, usize) {
        let Some(at) = self.history(thread, place, place.value, order) else { return (place.value, 0) };
        let number = self.threads[thread].clock.tick(thread);
        let fenced = order.is_sequential().then_some(&self.fenced);
        let choices = self.own.get(at).choices(&self.threads[thread].clock, fenced);
        let age = if choices > 1 { choose(choices).min(choices - 1) } else { 0 };
        let store = self.read(thread, number, at, age, order);
        self.note_sequential(thread, order);
        (store.value, age)
    }

    /// A store of `value`. It ends the release sequence of what it overwrites, whoever stored that (C++20).
    pub fn store(&mut self, thread: usize, place: Place, value: u64, order: Order) {
        if let Some(at) = self.history(thread, place, value, order) {
            self.write(thread, at, value, order, Clock::EMPTY);
        }
    }

    /// An operation that reads the newest value and stores `value` in its place, which nobody comes between.
    pub fn update(&mut self, thread: usize, place: Place, value: u64, order: Order) {
        let Some(at) = self.history(thread, place, value, order) else { return };
        let number = self.threads[thread].clock.tick(thread);
        let store = self.read(thread, number, at, 0, order);
        self.write(thread, at, value, order, store.released);
    }

    /// A fence. A relaxed one does nothing.
    pub fn fence(&mut self, thread: usize, order: Order) {
        if !self.is_on {
            return;
        }
        let me = &mut self.threads[thread];
        me.clock.tick(thread);
        if order.acquires() {
            me.clock.join(&me.acquirable);
        }
        if order.is_sequential() {
            me.clock.join(&self.sequential);
            me.clock.meet(&mut self.fenced);
        }
        if order.releases() {
            me.released = me.clock;
        }
    }

    /// This memory is given back: what was there has nothing to do with what will be.
    pub fn free(&mut self, addresses: Range<u64>) {
        if self.is_on {
            self.own.take_out(&addresses);
            self.strong.take_out(&addresses);
        }
    }

    /// The history of a location of the program's own, which has the value that it says: else it was put there by no
    /// operation that was seen, as nobody else could have used it, and who uses it knows of it. Where the location is strong,
    /// or becomes so, the operation is done.
    fn history(&mut self, thread: usize, place: Place, after: u64, order: Order) -> Option<At> {
        let Place { address, value, .. } = place;
        if !self.is_on {
            return None;
        }
        if self.strong.find(address).is_some() {
            self.meet(thread, place, after, order);
            return None;
        }
        // Code of the program's own is reached: the other code is left.
        self.threads[thread].last_met = None;
        if let Some(at) = self.own.find(address)
            && self.own.get(at).at(0).value == value
        {
            return Some(at);
        }
        let at = self.own.set(address, History::new(value));
        self.is_on &= at.is_some();
        at
    }

    /// Stores `value`. Of a release sequence it goes on with, acquiring learns `released`, too.
    fn write(&mut self, thread: usize, at: At, value: u64, order: Order, released: Clock) {
        let number = self.threads[thread].clock.tick(thread);
        let me = &self.threads[thread];
        let own = if order.releases() { me.clock } else { me.released };
        let mut store = Store::new(value, thread, number, own.with(&released));
        store.is_sequential = order.is_sequential();
        self.own.get(at).push(store);
        self.note_sequential(thread, order);
    }

    /// Reads the store of this age in the operation of this number, and learns what that tells.
    fn read(&mut self, thread: usize, number: u32, at: At, age: usize, order: Order) -> Store {
        let store = self.own.get(at).at(age);
        store.note_read(thread, number);
        store.is_sequential |= order.is_sequential();
        let me = &mut self.threads[thread];
        me.acquirable.join(&store.released);
        if order.acquires() {
            me.clock.join(&store.released);
        }
        *store
    }

    pub(crate) fn note_sequential(&mut self, thread: usize, order: Order) {
        if order.is_sequential() {
            self.sequential.join(&self.threads[thread].clock);
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
