//! All locations and threads of one execution.

use crate::Order;
use crate::clock::{Clock, MOST_THREADS};
use crate::history::{History, Store};

/// How many locations can be told apart. Those beyond are one, and the strongest there is: a load returns the newest value,
/// and each operation on them is ordered after all before it.
pub const MOST_LOCATIONS: usize = 512;

/// What one thread knows.
#[derive(Clone, Copy, Debug, Default)]
struct Thread {
    clock: Clock,
    /// What an acquire fence would learn, by reads that did not acquire.
    acquirable: Clock,
    /// What was known at the last release fence.
    released: Clock,
}

/// What is in memory, and who knows of it. Operations are given in the order in which they are executed, each with the
/// address of its location and the value that is there, which is the newest one.
pub struct Memory {
    threads: [Thread; MOST_THREADS],
    /// Linear probing over a table of twice as many places as there can be locations.
    locations: Box<[Option<(u64, History)>]>,
    known: usize,
    /// What was known at sequentially consistent fences.
    fenced: Clock,
    /// What was known at all other sequentially consistent operations.
    sequential: Clock,
    /// What was known at operations on locations that cannot be told apart.
    beyond: Clock,
}

const PLACES: usize = 2 * MOST_LOCATIONS;

impl Memory {
    /// With one thread, number 0, which knows of nothing.
    pub fn new() -> Self {
        Self {
            threads: [Thread::default(); MOST_THREADS],
            locations: (0..PLACES).map(|_| None).collect(),
            known: 0,
            fenced: Clock::EMPTY,
            sequential: Clock::EMPTY,
            beyond: Clock::EMPTY,
        }
    }

    /// `parent` starts `child`, which knows what it knows.
    pub fn start(&mut self, parent: usize, child: usize) {
        self.threads[parent].clock.tick(parent);
        let clock = self.threads[parent].clock;
        self.threads[child] = Thread { clock: self.threads[child].clock.with(&clock), ..Thread::default() };
    }

    /// `thread` has waited for the end of `ended`, and knows what that knew.
    pub fn join(&mut self, thread: usize, ended: usize) {
        let clock = self.threads[ended].clock;
        self.threads[thread].clock.join(&clock);
    }

    /// A load. `choose` is given how many stores it may return, the newest first, and says which; it is not asked where
    /// there is one. Gives back the value and how many stores are newer.
    pub fn load(
        &mut self,
        thread: usize,
        place: (u64, u64),
        order: Order,
        choose: impl FnOnce(usize) -> usize,
    ) -> (u64, usize) {
        let number = self.threads[thread].clock.tick(thread);
        let fenced = order.is_sequential().then_some(self.fenced);
        let clock = self.threads[thread].clock;
        let Some(history) = self.history(place) else {
            self.meet_all(thread, order);
            return (place.1, 0);
        };
        let choices = history.choices(&clock, fenced.as_ref());
        let age = if choices > 1 { choose(choices).min(choices - 1) } else { 0 };
        let store = history.at(age);
        store.note_read(thread, number);
        store.is_sequential |= order.is_sequential();
        let Store { value, released, .. } = *store;
        self.learn(thread, &released, order);
        self.note_sequential(thread, order);
        (value, age)
    }

    /// A store of `value`. It ends the release sequence of what it overwrites, whoever stored that (C++20).
    pub fn store(&mut self, thread: usize, place: (u64, u64), value: u64, order: Order) {
        self.write(thread, place, value, order, Clock::EMPTY);
    }

    /// An operation that reads the newest value and stores `value` in its place, which nobody comes between.
    pub fn update(&mut self, thread: usize, place: (u64, u64), value: u64, order: Order) {
        self.load(thread, place, order, |_| 0);
        let released = self.history(place).map_or(Clock::EMPTY, |history| history.at(0).released);
        self.write(thread, place, value, order, released);
    }

    /// A fence. A relaxed one does nothing.
    pub fn fence(&mut self, thread: usize, order: Order) {
        let (fenced, sequential) = (self.fenced, self.sequential);
        let me = &mut self.threads[thread];
        me.clock.tick(thread);
        if order.acquires() {
            me.clock.join(&me.acquirable);
        }
        if order.is_sequential() {
            me.clock.join(&fenced);
            me.clock.join(&sequential);
            self.fenced.join(&me.clock);
        }
        if order.releases() {
            me.released = me.clock;
        }
    }

    /// What is in memory at `address` was put there by no operation that was seen, and whoever uses it knows of it: it is
    /// new memory, or nobody else could have used it.
    pub fn forget(&mut self, address: u64, value: u64) {
        if let Ok(place) = self.find(address) {
            self.locations[place] = Some((address, History::new(value)));
        }
    }

    /// Stores `value`. Of a release sequence it goes on with, acquiring learns `released`, too.
    fn write(&mut self, thread: usize, place: (u64, u64), value: u64, order: Order, released: Clock) {
        let number = self.threads[thread].clock.tick(thread);
        let me = &self.threads[thread];
        let own = if order.releases() { me.clock } else { me.released };
        let mut store = Store::new(value, thread, number, own.with(&released));
        store.is_sequential = order.is_sequential();
        match self.history(place) {
            Some(history) => history.push(store),
            None => return self.meet_all(thread, order),
        }
        self.note_sequential(thread, order);
    }

    /// What a read of a store learns.
    fn learn(&mut self, thread: usize, released: &Clock, order: Order) {
        let me = &mut self.threads[thread];
        me.acquirable.join(released);
        if order.acquires() {
            me.clock.join(released);
        }
    }

    fn note_sequential(&mut self, thread: usize, order: Order) {
        if order.is_sequential() {
            self.sequential.join(&self.threads[thread].clock);
        }
    }

    /// Acquires and releases what all do that use the locations that cannot be told apart.
    fn meet_all(&mut self, thread: usize, order: Order) {
        self.threads[thread].clock.join(&self.beyond);
        self.beyond = self.threads[thread].clock;
        self.note_sequential(thread, order);
    }

    /// The location at an address, with this value in it where it is seen for the first time: whatever came before is known
    /// to all. `None` where there is no place for one more.
    fn history(&mut self, (address, value): (u64, u64)) -> Option<&mut History> {
        let place = match self.find(address) {
            Ok(place) => place,
            Err(_) if self.known == MOST_LOCATIONS => return None,
            Err(free) => {
                self.locations[free] = Some((address, History::new(value)));
                self.known += 1;
                free
            }
        };
        self.locations[place].as_mut().map(|(_, history)| history)
    }

    /// Where the location is, or would be.
    fn find(&self, address: u64) -> Result<usize, usize> {
        // Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): neighbours come apart.
        let hash = (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        let mut place = hash % PLACES;
        while let Some((known, _)) = &self.locations[place] {
            if *known == address {
                return Ok(place);
            }
            place = (place + 1) % PLACES;
        }
        Err(place)
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
