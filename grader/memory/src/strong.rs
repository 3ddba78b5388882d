//! Locations that are used by code of which not all is seen: the standard library's, which is compiled already, and any
//! other than the program's own.
//!
//! What such code does without being seen is found afterwards: a value that is another one was stored by the thread that has
//! just run ([`Memory::look`]).

use crate::clock::Clock;
use crate::model::{Memory, Strong};
use crate::table::At;
use crate::{Order, Place};

impl Memory {
    /// An operation of other code than the program's own, which leaves `value`. The location is strong from then on.
    pub fn meet(&mut self, thread: usize, place: Place, value: u64, order: Order) {
        if let Some(at) = self.pass_by(thread, place.address) {
            let strong = self.strong.get(at);
            (strong.size, strong.value) = (place.size, value);
            self.note_sequential(thread, order);
        }
    }

    /// `thread` deals with something that is known by this number: a futex, a lock of C code, a stream. It is after all that
    /// did so before.
    pub fn pass(&mut self, thread: usize, object: u64) {
        self.pass_by(thread, object);
    }

    /// Who comes first learns all that anybody knows, as it may have been used before.
    fn pass_by(&mut self, thread: usize, address: u64) -> Option<At> {
        if !self.is_on {
            return None;
        }
        let at = self.strong.find(address).or_else(|| {
            self.know_all(thread);
            self.strong.set(address, Strong::NEW)
        });
        self.is_on &= at.is_some();
        let me = &mut self.threads[thread];
        me.last_met = at;
        me.clock.tick(thread);
        me.clock.meet(&mut self.strong.get(at?).met);
        at
    }

    /// `thread` comes out of the program, where it may have done what was not seen. `peek` says what so many bytes at an
    /// address hold now.
    ///
    /// A strong location that has another value was changed by it. And it may have read what it used last once more: a lock
    /// that is taken is waited for so.
    pub fn look(&mut self, thread: usize, peek: impl Fn(u64, u8) -> u64) {
        if !self.is_on {
            return;
        }
        let me = &mut self.threads[thread];
        for (address, strong) in self.strong.each() {
            let value = if strong.size == 0 { strong.value } else { peek(address, strong.size) };
            if value != strong.value {
                strong.value = value;
                me.clock.tick(thread);
                me.clock.meet(&mut strong.met);
            }
        }
        if let Some(at) = me.last_met {
            me.clock.join(&self.strong.get(at).met);
        }
    }

    /// `thread` knows all that has happened: it has slept, and all stores have long arrived.
    pub fn know_all(&mut self, thread: usize) {
        if self.is_on {
            let all = self.threads.iter().fold(Clock::EMPTY, |all, thread| all.with(&thread.clock));
            self.threads[thread].clock.join(&all);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Order::{self, Relaxed};
    use crate::{Memory, Place};

    const DATA: u64 = 0x100;
    const LOCK: u64 = 0x200;

    fn at(address: u64, value: u64) -> Place {
        Place { address, size: 8, value }
    }

    fn begun() -> Memory {
        let mut memory = Memory::new();
        memory.begin();
        memory.start(0, 1);
        memory
    }

    fn choices(memory: &mut Memory, thread: usize, value: u64) -> usize {
        let mut asked = 1;
        memory.load(thread, at(DATA, value), Relaxed, |choices| {
            asked = choices;
            0
        });
        asked
    }

    #[test]
    fn who_comes_after_a_store_that_nobody_saw_knows_what_its_thread_did() {
        let mut memory = begun();
        memory.meet(0, at(LOCK, 0), 1, Relaxed);
        memory.meet(1, at(LOCK, 1), 1, Relaxed);
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.meet(1, at(LOCK, 1), 1, Relaxed);
        // Nothing orders that store before this load.
        assert_eq!(choices(&mut memory, 1, 7), 2);
        memory.look(0, |_, _| 2);
        memory.meet(1, at(LOCK, 2), 2, Relaxed);
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }

    #[test]
    fn what_is_read_again_where_nobody_sees_it_is_known() {
        let mut memory = begun();
        memory.meet(1, at(LOCK, 0), 0, Relaxed);
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.meet(0, at(LOCK, 0), 1, Relaxed);
        memory.look(1, |_, _| 1);
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }

    #[test]
    fn a_location_that_other_code_uses_has_no_old_values() {
        let mut memory = begun();
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.meet(0, at(DATA, 7), 8, Relaxed);
        assert_eq!(choices(&mut memory, 1, 8), 1);
    }

    #[test]
    fn memory_that_was_given_back_is_new() {
        let mut memory = begun();
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.meet(0, at(LOCK, 0), 8, Relaxed);
        memory.free(DATA..LOCK + 1);
        memory.look(0, |_, _| unreachable!("it may be gone"));
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }

    #[test]
    fn who_has_slept_knows_all() {
        let mut memory = begun();
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.know_all(1);
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }

    #[test]
    fn objects_order_who_deals_with_them() {
        let mut memory = begun();
        (0..2).for_each(|thread| memory.pass(thread, LOCK));
        memory.store(0, at(DATA, 0), 7, Relaxed);
        memory.pass(0, LOCK);
        memory.look(0, |_, _| unreachable!("no value of it is known"));
        memory.pass(1, LOCK);
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }

    #[test]
    fn with_too_many_threads_or_locations_it_gives_up() {
        let mut memory = begun();
        memory.start(0, crate::MOST_THREADS);
        assert!(!memory.is_on());
        let mut memory = begun();
        (0..17).for_each(|number| memory.store(0, at(8 * number, 0), 1, Order::Release));
        assert!(!memory.is_on());
        assert_eq!(choices(&mut memory, 1, 7), 1);
    }
}
