//! What threads share, by the names that a picture gives it.
//!
//! A program knows a mutex, a condition, a channel; a library keeps each in several words, and waits in words of its
//! own. All words of one are one object here: the one that the student's line called.

use std::collections::BTreeMap;

use schedule::ThreadId;
use schedule::protocol::{Event, Operation};

use super::kinds::{has_many_words, is_inner, is_where_writers_wait, kind, of_type, widest};
use crate::picture::Object;
use crate::symbols::Place;

/// The call in which a thread is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    file: String,
    line: u32,
    called: String,
    /// The first word that it touched, in so far as it is one of an object.
    object: Option<u64>,
}

/// Objects by the order in which the picture meets them: `Mutex#1`.
#[derive(Default)]
pub(super) struct Objects {
    /// From a word to another one of the same object, with a lower address.
    same: BTreeMap<u64, u64>,
    /// By the lowest address of their words.
    known: BTreeMap<u64, Object>,
    counts: BTreeMap<String, usize>,
    calls: BTreeMap<ThreadId, Call>,
    /// Words in which threads wait to be told something.
    told: BTreeMap<u64, Told>,
}

impl Objects {
    /// Learns from a whole run which words belong together; nothing has a name yet.
    pub(super) fn of<'a>(operations: impl IntoIterator<Item = &'a (Event, Place)>) -> Self {
        let mut objects = Self::default();
        operations.into_iter().for_each(|(event, place)| objects.follow(event, place));
        objects.calls.clear();
        objects
    }

    /// Takes note of a call's operation: which object it is about, if that can be told.
    pub(super) fn follow(&mut self, event: &Event, place: &Place) {
        let call = self.calls.get(&event.thread).filter(|call| call.is_at(place));
        let first = call.and_then(|call| call.object);
        let object = match first {
            _ if is_inner(place) => first,
            Some(first) if has_many_words(place) || is_where_writers_wait(first, event, place) => {
                self.unite(first, event.object, widest(place));
                Some(first)
            }
            // A condition frees its mutex, and waits for itself.
            Some(first) if kind(place) != of_type(place) => Some(first),
            _ => Some(event.object),
        };
        if event.operation == Operation::FutexWait
            && let Some(told) = Told::ALL.iter().find(|told| told.kind == kind(place))
        {
            self.told.insert(event.object, *told);
        }
        let Place { file, line, called, .. } = place;
        let call = Call { file: file.clone(), line: *line, called: called.clone(), object };
        self.calls.insert(event.thread, call);
    }

    /// The word by which the object of an operation is known: what a library waits in stands for what was called.
    pub(super) fn word(&self, event: &Event, place: &Place) -> u64 {
        let call = self.calls.get(&event.thread).filter(|call| call.is_at(place));
        let of_call = call.and_then(|call| call.object);
        let word = of_call.filter(|_| is_inner(place) || has_many_words(place)).unwrap_or(event.object);
        self.lowest(word)
    }

    /// The name of the object of an operation; a new one is named after what the student's line called.
    pub(super) fn name(&mut self, event: &Event, place: &Place) -> String {
        self.named(self.word(event, place), kind(place), place)
    }

    /// The name of the object of a wake that seems to be the student's line's own, and what the line called: std tells
    /// others in its last step, and a caller that has nothing left to do is not on the stack (a tail call). Only of
    /// what somebody waits for in this run.
    pub(super) fn told(&mut self, event: &Event, place: &Place) -> Option<(String, &'static str)> {
        let is_bare = place.path.is_empty() && !place.file.is_empty();
        let Told { kind, call } = *self.told.get(&event.object).filter(|_| is_bare)?;
        Some((self.named(self.lowest(event.object), kind, place), call))
    }

    /// The name of the object that is known by `word`; a new one where it has none.
    fn named(&mut self, word: u64, kind: &str, place: &Place) -> String {
        if !self.known.contains_key(&word) {
            let object = self.new_object(kind, place);
            self.known.insert(word, object);
        }
        self.known[&word].name.clone()
    }

    fn lowest(&self, word: u64) -> u64 {
        let mut lowest = word;
        while let Some(lower) = self.same.get(&lowest) {
            lowest = *lower;
        }
        lowest
    }

    /// Two words of one object, where they are near enough: what is further away is a part of it that has no name.
    fn unite(&mut self, one: u64, other: u64, widest: u64) {
        let (one, other) = (self.lowest(one), self.lowest(other));
        if one != other && one.abs_diff(other) < widest {
            self.same.insert(one.max(other), one.min(other));
        }
    }

    fn new_object(&mut self, kind: &str, place: &Place) -> Object {
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        Object { name: format!("{kind}#{count}"), first_used: place.source_line() }
    }

    pub(super) fn all(self) -> Vec<Object> {
        let mut objects: Vec<Object> = self.known.into_values().collect();
        objects.sort_by_key(|object| {
            let (kind, number) = object.name.split_once('#').unwrap_or_default();
            (kind.to_owned(), number.parse::<usize>().unwrap_or(0))
        });
        objects
    }
}

impl Call {
    fn is_at(&self, place: &Place) -> bool {
        (&self.file, self.line, &self.called) == (&place.file, place.line, &place.called)
    }
}

/// An object for which threads wait until another one tells them.
#[derive(Clone, Copy)]
struct Told {
    kind: &'static str,
    /// What the other one calls.
    call: &'static str,
}

impl Told {
    const ALL: [Self; 2] =
        [Self { kind: "Condvar", call: "notify" }, Self { kind: "Parker", call: "unpark" }];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(object: u64) -> Event {
        Event { object, thread: 1, ..Event::default() }
    }

    fn place(line: u32, called: &str, path: &str, owner: &str) -> Place {
        let (called, owner) = (called.into(), owner.into());
        let (chain, path) = (format!("{owner} {path} "), path.into());
        Place { file: "main.rs".into(), line, called, path, chain, owner }
    }

    fn names(operations: &[(u64, Place)]) -> Vec<String> {
        let operations: Vec<_> =
            operations.iter().map(|(word, place)| (event(*word), place.clone())).collect();
        let mut objects = Objects::of(&operations);
        let name = |(event, place): &(Event, Place)| {
            objects.follow(event, place);
            objects.name(event, place)
        };
        operations.iter().map(name).collect()
    }

    #[test]
    fn what_a_lock_waits_in_is_the_lock() {
        let lock = |owner: &str| place(7, "Mutex::lock", "lock_api::mutex::Mutex<R,T>::lock", owner);
        let found = names(&[
            (0x1f4, lock("parking_lot::raw_mutex::RawMutex::lock_slow")),
            (0x900, lock("parking_lot_core::word_lock::WordLock::lock")),
            (0x800, lock("parking_lot_core::thread_parker::imp::ThreadParker::futex_wait")),
            (0x200, lock("parking_lot::raw_mutex::RawMutex::lock_slow")),
        ]);
        assert_eq!(found, ["Mutex#1", "Mutex#1", "Mutex#1", "Mutex#2"], "one line may lock two of them");
    }

    #[test]
    fn a_condition_is_told_from_its_mutex() {
        let wait = |owner: &str| place(8, "Condvar::wait", "parking_lot::condvar::Condvar::wait", owner);
        let found = names(&[
            (0x308, wait("parking_lot::condvar::Condvar::wait_until_internal")),
            (0x310, wait("<parking_lot::raw_mutex::RawMutex as lock_api::mutex::RawMutex>::unlock")),
            (0x800, wait("parking_lot_core::thread_parker::imp::ThreadParker::futex_wait")),
        ]);
        assert_eq!(found, ["Condvar#1", "Mutex#1", "Condvar#1"]);
    }

    #[test]
    fn all_parts_of_a_sharded_lock_are_one_object_and_two_locks_are_not() {
        let of = |line, called: &str, owner: &str| {
            place(line, called, &format!("crossbeam_utils::sync::sharded_lock::{called}"), owner)
        };
        let lock = "<std::sys::sync::rwlock::futex::RwLock>";
        let found = names(&[
            (0x2290, of(6, "ShardedLock::read", &format!("{lock}::read"))),
            (0x2000, of(6, "ShardedLock::read", "<std::sys::sync::mutex::futex::Mutex>::lock")),
            (0x2610, of(7, "ShardedLock::read", &format!("{lock}::read"))),
            (0x2210, of(8, "ShardedLock::write", &format!("{lock}::write"))),
            (0x2290, of(8, "ShardedLock::write", &format!("{lock}::write"))),
            (0x2294, of(8, "ShardedLock::write", &format!("{lock}::write_contended"))),
        ]);
        let (one, two) = ("ShardedLock#1", "ShardedLock#2");
        assert_eq!(found, [one, one, two, one, one, one]);
    }

    #[test]
    fn what_a_wait_group_or_a_parker_is_made_of_is_hidden() {
        for (path, kind) in
            [("wait_group::WaitGroup::wait", "WaitGroup#1"), ("parker::Parker::park", "Parker#1")]
        {
            let path = format!("crossbeam_utils::sync::{path}");
            let call = |owner: &str| place(6, path.split_once("::sync::").unwrap().1, &path, owner);
            let found = names(&[
                (0x310, call(&path)),
                (0x304, call("<std::sys::sync::mutex::futex::Mutex>::lock")),
                (0x300, call("<std::sys::sync::condvar::futex::Condvar>::wait")),
            ]);
            assert!(found.iter().all(|name| name == kind), "{found:?}");
        }
    }

    #[test]
    fn both_ends_of_a_channel_are_one_object() {
        let of = |line, called: &str, owner: &str| {
            place(line, called, &format!("std::sync::mpsc::{called}"), owner)
        };
        let channel = "std::sync::mpmc::list::Channel<T>::start_recv";
        let found = names(&[
            (0x380, of(6, "Sender::send", "std::sync::mpmc::list::Channel<T>::start_send")),
            (0x308, of(6, "Sender::send", "std::sync::mpmc::list::Channel<T>::start_send")),
            (0xf80, of(6, "Sender::send", "std::sync::mpmc::list::Channel<T>::write")),
            (0x300, of(9, "Receiver::recv", channel)),
            (0x308, of(9, "Receiver::recv", channel)),
            (0x400, of(9, "Receiver::recv", "<std::sys::sync::mutex::futex::Mutex>::lock")),
            (0x798, of(9, "Receiver::recv", "<std::sys::sync::thread_parking::futex::Parker>::park")),
        ]);
        assert!(found.iter().all(|name| name == "channel#1"), "{found:?}");
    }
}
