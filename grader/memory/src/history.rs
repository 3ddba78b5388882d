//! One location of the program's own: its last stores, and which of them a load may return.

use crate::clock::{Clock, MOST_THREADS};

/// So many stores are kept of a location; older ones are not returned any more.
pub const MOST_STORES: usize = 8;

/// One store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    pub(crate) value: u64,
    /// Who stored, and the number of the operation; 0 for what everybody knows.
    pub(crate) thread: u8,
    pub(crate) number: u32,
    /// Whether the operation, or one that read it, is sequentially consistent.
    pub(crate) is_sequential: bool,
    /// What an acquire of it learns.
    pub(crate) released: Clock,
    /// Each thread's first operation that read it; 0 for none. A later one is known only where the first is, too.
    first_reads: [u32; MOST_THREADS],
}

impl Store {
    pub(crate) const fn new(value: u64, thread: usize, number: u32, released: Clock) -> Self {
        let first_reads = [0; MOST_THREADS];
        Self { value, thread: thread as u8, number, is_sequential: false, released, first_reads }
    }

    /// What was there before anybody stored.
    const fn known_to_all(value: u64) -> Self {
        Self::new(value, 0, 0, Clock::EMPTY)
    }

    /// Whether it, or a read of it, is known.
    fn is_known(&self, clock: &Clock) -> bool {
        let is_read = |(thread, &number): (usize, &u32)| number != 0 && clock.knows(thread, number);
        clock.knows(self.thread.into(), self.number) || self.first_reads.iter().enumerate().any(is_read)
    }

    pub(crate) fn note_read(&mut self, thread: usize, number: u32) {
        let first = &mut self.first_reads[thread];
        if *first == 0 {
            *first = number;
        }
    }
}

/// The last stores to one location.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    stores: [Store; MOST_STORES],
    /// Where the newest is.
    newest: usize,
    /// How many there are besides.
    older: usize,
}

impl History {
    /// Of a location that has this value, and everybody knows.
    pub(crate) const fn new(value: u64) -> Self {
        Self { stores: [Store::known_to_all(value); MOST_STORES], newest: 0, older: 0 }
    }

    /// The store that came `age` stores before the newest.
    pub(crate) fn at(&mut self, age: usize) -> &mut Store {
        &mut self.stores[(self.newest + MOST_STORES - age) % MOST_STORES]
    }

    pub(crate) fn push(&mut self, store: Store) {
        self.newest = (self.newest + 1) % MOST_STORES;
        self.stores[self.newest] = store;
        self.older = (self.older + 1).min(MOST_STORES - 1);
    }

    /// How many stores, from the newest on, a load may return that knows `clock`. One that it is bound to know ends them:
    /// it was stored, or read, before the load. For a sequentially consistent load so does `fenced`, what was known at such
    /// fences, and the last sequentially consistent store.
    pub(crate) fn choices(&mut self, clock: &Clock, fenced: Option<&Clock>) -> usize {
        let ends = |store: &Store| {
            store.is_known(clock)
                || fenced.is_some_and(|fenced| store.is_sequential || store.is_known(fenced))
        };
        let last = (0..self.older).find(|&age| ends(self.at(age)));
        1 + last.unwrap_or(self.older)
    }
}
