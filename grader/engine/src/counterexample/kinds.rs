//! What the operations of libraries are about: which object a line called, and which words are only inside of it.

use schedule::protocol::Event;

use super::shards;
use crate::symbols::Place;

/// Whether a word belongs to the inside of a library, and not to the object that was called: queues of waiters, places
/// to wait in.
pub(super) fn is_inner(place: &Place) -> bool {
    const INSIDE: [&str; 6] = [
        "parking_lot_core::",
        "thread_parking",
        "::context::",
        "::waker::",
        "crossbeam_utils::",
        "crossbeam_epoch::",
    ];
    let is_inside = |path: &str| INSIDE.iter().any(|inside| path.contains(inside));
    match kind(place) {
        // They wait in a place of their own.
        "Parker" | "WaitGroup" => false,
        // Its waiters have a lock of their own.
        "channel" => !place.owner.contains("::Channel<") || is_inside(&place.owner),
        // It has a list of threads besides.
        "ShardedLock" => !place.owner.contains("rwlock::futex"),
        _ => is_inside(&place.owner),
    }
}

/// Whether the objects of this kind have several words that a program does not tell apart. A line that calls one
/// channel after another is taken for one that calls the first of them: where a call ends is not in a trace.
pub(super) fn has_many_words(place: &Place) -> bool {
    match kind(place) {
        "channel" | "Barrier" | "WaitGroup" | "ShardedLock" => true,
        // That of std is one word.
        "Parker" => place.chain.contains("crossbeam_utils::"),
        _ => false,
    }
}

/// Words of one object are less than that apart: the two ends of a channel stand in cache lines of their own.
pub(super) fn widest(place: &Place) -> u64 {
    if kind(place) == "ShardedLock" { shards::WIDTH } else { 0x101 }
}

/// Whether a word is the second one of a lock at `first`: `std::sys::sync::rwlock::futex`.
pub(super) fn is_where_writers_wait(first: u64, event: &Event, place: &Place) -> bool {
    place.owner.contains("rwlock::futex") && first.abs_diff(event.object) == 4
}

/// What a line called, as the student knows it.
pub(super) fn kind(place: &Place) -> &str {
    const WHOLE: [(&str, &str); 6] = [
        ("::mpmc::", "channel"),
        ("::mpsc::", "channel"),
        ("crossbeam_channel::", "channel"),
        ("crossbeam_utils::sync::parker::", "Parker"),
        ("crossbeam_utils::sync::wait_group::", "WaitGroup"),
        ("crossbeam_utils::sync::sharded_lock::", "ShardedLock"),
    ];
    if let Some((_, kind)) = WHOLE.iter().find(|(path, _)| place.chain.contains(path)) {
        return kind;
    }
    match of_type(place) {
        "Condvar" if place.owner.contains("mutex") => "Mutex",
        "MutexGuard" => "Mutex",
        "RwLockReadGuard" | "RwLockWriteGuard" => "RwLock",
        "thread" | "Thread" => "Parker",
        "" => "Word",
        other => other,
    }
}

pub(super) fn of_type(place: &Place) -> &str {
    place.called.split("::").next().unwrap_or_default()
}

/// A value as a program would print it.
pub(super) fn value(kind: &str, value: u64) -> String {
    match kind {
        "AtomicBool" => (value != 0).to_string(),
        "AtomicI8" => (value as i8).to_string(),
        "AtomicI16" => (value as i16).to_string(),
        "AtomicI32" => (value as i32).to_string(),
        "AtomicI64" | "AtomicIsize" => value.cast_signed().to_string(),
        "AtomicPtr" => format!("{value:#x}"),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_type() {
        assert_eq!(value("AtomicBool", 1), "true");
        assert_eq!(value("AtomicI32", u64::from(u32::MAX)), "-1");
        assert_eq!(value("AtomicU32", u64::from(u32::MAX)), "4294967295");
    }
}
