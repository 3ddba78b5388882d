//! What an operation does to a lock: told from the function of the library that did it and from the value that it found.

use std::collections::BTreeMap;

use schedule::ThreadId;
use schedule::protocol::{Event, Operation};

use crate::picture::Holder;
use crate::symbols::Place;

/// What one operation on a lock's word comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The thread has the lock now.
    Takes,
    /// It looked, or said that it waits: the lock is another's.
    Tries,
    /// It looked, and may take it next.
    Looks,
    /// The lock is free again.
    Frees,
}

/// What an operation does to a lock, where the function that did it is one of a lock's.
pub(super) fn effect(event: &Event, place: &Place) -> Option<Effect> {
    let kind = Kind::of(&place.owner)?;
    let function = place.owner.rsplit("::").next().unwrap_or_default();
    if function.contains("unlock") || function.contains("bump") {
        return (event.operation != Operation::Load).then_some(Effect::Frees);
    }
    let changes = matches!(event.operation, Operation::CompareSwap | Operation::Swap | Operation::Update);
    let is_free = kind.is_free(event.value, place);
    Some(match (changes, is_free) {
        (true, true) => Effect::Takes,
        (false, true) => Effect::Looks,
        (_, false) => Effect::Tries,
    })
}

/// The locks whose words are known.
#[derive(Clone, Copy)]
enum Kind {
    /// `std::sys::sync::mutex::futex`: 0 free, 1 locked, 2 locked with waiters.
    StdMutex,
    /// `std::sys::sync::rwlock::futex`: readers in 30 bits, all of them set for a writer.
    StdRwLock,
    /// `parking_lot::raw_mutex`: bit 0 locked, bit 1 waiters.
    ParkingMutex,
    /// `parking_lot::raw_rwlock`: bits 0 and 1 waiters, bit 2 upgradable, bit 3 a writer, readers above.
    ParkingRwLock,
}

impl Kind {
    fn of(owner: &str) -> Option<Self> {
        let known = [
            ("sync::mutex::futex", Self::StdMutex),
            ("sync::rwlock::futex", Self::StdRwLock),
            ("parking_lot::raw_mutex", Self::ParkingMutex),
            ("parking_lot::raw_rwlock", Self::ParkingRwLock),
        ];
        known.into_iter().find(|(path, _)| owner.contains(path)).map(|(_, kind)| kind)
    }

    /// Whether a thread that finds `value` gets what it asks for.
    fn is_free(self, value: u64, place: &Place) -> bool {
        const READERS: u64 = (1 << 30) - 1;
        const UPGRADABLE: u64 = 1 << 2;
        const WRITER: u64 = 1 << 3;
        let shares =
            ["read", "shared"].iter().any(|word| place.owner.contains(word) || place.called.contains(word));
        match (self, shares) {
            (Self::StdMutex, _) => value == 0,
            (Self::StdRwLock, true) => value & READERS < READERS - 1,
            (Self::StdRwLock, false) => value & READERS == 0,
            (Self::ParkingMutex, _) => value & 1 == 0,
            // Of those that may become writers there is one at a time.
            (Self::ParkingRwLock, _) if place.called.contains("upgradable") => {
                value & (WRITER | UPGRADABLE) == 0
            }
            (Self::ParkingRwLock, true) => value & WRITER == 0,
            (Self::ParkingRwLock, false) => value & !3 == 0,
        }
    }
}

/// Who holds which lock, as the trace tells.
#[derive(Default)]
pub(super) struct Held {
    by: BTreeMap<u64, Vec<Holder>>,
    /// The mutex that a thread gave away to wait for a condition: it has it again when it goes on.
    lent: BTreeMap<ThreadId, (u64, Holder)>,
}

impl Held {
    pub(super) fn follow(&mut self, event: &Event, place: &Place) {
        let in_condition = place.called.starts_with("Condvar");
        match event.operation {
            Operation::Lends => return self.lend(event.thread, |object| object == event.object),
            // Of other libraries, nobody says which it is.
            Operation::FutexWait if in_condition && !self.lent.contains_key(&event.thread) => {
                return self.lend(event.thread, |_| true);
            }
            _ => {}
        }
        let has_it_again = !in_condition || event.operation == Operation::TakesAgain;
        if has_it_again && let Some((object, holder)) = self.lent.remove(&event.thread) {
            self.by.entry(object).or_default().push(holder);
        }
        let holders = self.by.entry(event.object).or_default();
        match effect(event, place) {
            Some(Effect::Takes) => holders.push(Holder { thread: event.thread, since: place.source_line() }),
            // A guard may be given to another thread, which then frees what it did not take.
            Some(Effect::Frees) => {
                let own = holders.iter().rposition(|holder| holder.thread == event.thread);
                let freed = own.or(holders.len().checked_sub(1));
                freed.into_iter().for_each(|index| _ = holders.remove(index));
            }
            Some(Effect::Tries | Effect::Looks) | None => {}
        }
    }

    /// std frees the mutex of a condition where no hook sees it.
    fn lend(&mut self, thread: ThreadId, is_lent: impl Fn(u64) -> bool) {
        for (object, holders) in self.by.iter_mut().filter(|(object, _)| is_lent(**object)) {
            if let Some(place) = holders.iter().rposition(|holder| holder.thread == thread) {
                self.lent.insert(thread, (*object, holders.remove(place)));
                return;
            }
        }
    }

    /// Who has had what is waited for in `wait` for the longest, another one than who waits where there is one. `object`
    /// is the word by which it is known.
    pub(super) fn holder(&self, object: u64, wait: &Event, place: &Place) -> Option<&Holder> {
        // Writers of std wait in the word behind the one that tells who has it.
        let before = place.owner.contains("rwlock::futex").then(|| wait.object.wrapping_sub(4));
        let words = [Some(wait.object), before, Some(object)];
        let of_word = |word: u64| self.by.get(&word).filter(|holders| !holders.is_empty());
        let holders = words.into_iter().flatten().find_map(of_word)?;
        holders.iter().find(|holder| holder.thread != wait.thread).or_else(|| holders.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(owner: &str, called: &str, operation: Operation, value: u64) -> Option<Effect> {
        let event = Event { operation, value, ..Event::default() };
        effect(&event, &Place { owner: owner.into(), called: called.into(), ..Place::default() })
    }

    #[test]
    fn a_lock_is_taken_by_who_finds_it_free() {
        use Operation::{CompareFail, CompareSwap, Load, Swap};
        let lock = "<std::sys::sync::mutex::futex::Mutex>::lock";
        assert_eq!(of(lock, "Mutex::lock", CompareSwap, 0), Some(Effect::Takes));
        assert_eq!(of(lock, "Mutex::lock", CompareFail, 1), Some(Effect::Tries));
        let contended = "<std::sys::sync::mutex::futex::Mutex>::lock_contended";
        assert_eq!(of(contended, "Mutex::lock", Swap, 1), Some(Effect::Tries));
        assert_eq!(of(contended, "Mutex::lock", Swap, 0), Some(Effect::Takes));
        let slow = "parking_lot::raw_mutex::RawMutex::lock_slow";
        assert_eq!(of(slow, "Mutex::lock", CompareSwap, 1), Some(Effect::Tries), "it says that it waits");
        assert_eq!(of(slow, "Mutex::lock", CompareSwap, 2), Some(Effect::Takes), "others wait for it");
        assert_eq!(of(slow, "Mutex::lock", Load, 0), Some(Effect::Looks));
        assert_eq!(of("core::cell::Cell<T>::set", "Cell::set", CompareSwap, 0), None);
    }

    #[test]
    fn readers_share_a_lock_and_a_writer_does_not() {
        let read = "<std::sys::sync::rwlock::futex::RwLock>::read";
        assert_eq!(of(read, "RwLock::read", Operation::CompareSwap, 2), Some(Effect::Takes));
        let write = "<std::sys::sync::rwlock::futex::RwLock>::write_contended";
        assert_eq!(of(write, "RwLock::write", Operation::CompareSwap, 2), Some(Effect::Tries));
        assert_eq!(of(write, "RwLock::write", Operation::CompareSwap, 1 << 31), Some(Effect::Takes));
    }

    #[test]
    fn one_reader_at_a_time_may_become_a_writer() {
        let slow = "parking_lot::raw_rwlock::RawRwLock::lock_upgradable_slow";
        let value = 1 << 2 | 1 << 4;
        let upgradable = of(slow, "RwLock::upgradable_read", Operation::CompareSwap, value);
        assert_eq!(upgradable, Some(Effect::Tries));
        let shared = "parking_lot::raw_rwlock::RawRwLock::lock_shared_slow";
        assert_eq!(of(shared, "RwLock::read", Operation::CompareSwap, value), Some(Effect::Takes));
    }

    #[test]
    fn who_waits_for_a_condition_holds_no_mutex() {
        let mut held = Held::default();
        let mut follow = |thread, owner: &str, called: &str, operation| {
            let event = Event { thread, operation, object: 7, ..Event::default() };
            held.follow(&event, &Place { owner: owner.into(), called: called.into(), ..Place::default() });
            held.holder(7, &Event::default(), &Place::default()).map(|holder| holder.thread)
        };
        let (lock, unlock) = ("<sync::mutex::futex::Mutex>::lock", "<sync::mutex::futex::Mutex>::unlock");
        assert_eq!(follow(1, lock, "Mutex::lock", Operation::CompareSwap), Some(1));
        assert_eq!(follow(1, "", "Condvar::wait", Operation::FutexWait), None);
        assert_eq!(follow(2, lock, "Mutex::lock", Operation::CompareSwap), Some(2));
        assert_eq!(follow(2, unlock, "MutexGuard::drop", Operation::Swap), None);
        assert_eq!(follow(1, "", "io::print", Operation::Write), Some(1), "it went on, so it has it again");
    }

    #[test]
    fn a_writer_waits_for_who_reads_the_word_before() {
        let mut held = Held::default();
        let place = |function: &str| Place {
            owner: format!("<std::sys::sync::rwlock::futex::RwLock>::{function}"),
            ..Place::default()
        };
        let read = Event { thread: 1, operation: Operation::CompareSwap, object: 0x80, ..Event::default() };
        held.follow(&read, &place("read"));
        let wait = Event { thread: 2, operation: Operation::FutexWait, object: 0x84, ..Event::default() };
        assert_eq!(held.holder(0, &wait, &place("write_contended")).unwrap().thread, 1);
        assert!(held.holder(0, &wait, &Place::default()).is_none(), "a condition may stand there");
    }

    #[test]
    fn a_lock_that_is_unlocked_has_no_holder() {
        let mut held = Held::default();
        let mut follow = |thread, owner: &str, operation| {
            let event = Event { thread, operation, object: 7, ..Event::default() };
            held.follow(&event, &Place { owner: owner.into(), ..Place::default() });
            held.holder(7, &Event::default(), &Place::default()).map(|holder| holder.thread)
        };
        assert_eq!(follow(1, "<std::sys::sync::mutex::futex::Mutex>::lock", Operation::CompareSwap), Some(1));
        assert_eq!(follow(2, "<std::sys::sync::mutex::futex::Mutex>::unlock", Operation::Swap), None);
    }
}
