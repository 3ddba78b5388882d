//! Loads that have returned an old value, as memory orders allow.

use std::fmt;

use schedule::ThreadId;
use schedule::protocol::{Event, MemoryOrder, Operation};

use super::kinds::value;
use super::objects::Objects;
use crate::controlled::RunRecord;
use crate::explore::{Raised, Remedy};
use crate::picture::SourceLine;
use crate::symbols::{Place, Symbols};

/// Who, in which order and where.
struct Access {
    thread: ThreadId,
    order: MemoryOrder,
    place: Option<SourceLine>,
}

/// A sentence for each: what was read, and what had been stored before.
pub(super) fn stale_loads(operations: &[(Event, Place)], objects: &mut Objects) -> Vec<String> {
    let is_stale = |(_, (event, _)): &(usize, &(Event, Place))| event.age > 0;
    let stale = operations.iter().enumerate().filter(is_stale);
    stale.map(|(at, (event, place))| sentence(event, place, &operations[..at], objects)).collect()
}

fn sentence(event: &Event, place: &Place, before: &[(Event, Place)], objects: &mut Objects) -> String {
    let name = objects.name(event, place);
    let kind = name.split('#').next().unwrap_or_default();
    let stores = before.iter().rev().filter(|(store, _)| stores(store) && store.object == event.object);
    // All those that are newer; an update reads the newest one, so it is at most one of them.
    let missed = stores.take(event.age.into()).last();
    let missed = missed.map(|(store, place)| match store.operation {
        Operation::Store => {
            format!("though {} stored {}", Access::of(store, place), value(kind, store.value))
        }
        _ => format!("though {} changed it", Access::of(store, place)),
    });
    let reader = Access::of(event, place);
    let missed = missed.unwrap_or_else(|| "though there is a newer value".to_owned());
    format!("{reader} reads {name} = {}, {missed} before", value(kind, event.value))
}

/// What keeps the failure away, in a sentence.
pub(super) fn remedy_line(remedy: &Remedy, record: &RunRecord, symbols: &Symbols) -> String {
    let mut orders: Vec<String> = Vec::new();
    for Raised { event, raise } in &remedy.raised {
        let place = symbols.place(event, record.header.base).source_line();
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let order = format!("{}{place}", word(raise.to));
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    let others = remedy.others;
    format!("with {} it does not happen: neither in this schedule nor in {others} others", joined(&orders))
}

/// `a, b and c`.
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn stores(event: &Event) -> bool {
    use Operation::{CompareSwap, Store, Swap, Update};
    matches!(event.operation, Store | Swap | Update | CompareSwap) && event.order != MemoryOrder::None
}

impl Access {
    fn of(event: &Event, place: &Place) -> Self {
        Self { thread: event.thread, order: event.order, place: place.source_line() }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { thread, order, place } = self;
        match place {
            Some(place) => write!(f, "T{thread} ({}, {place})", word(*order)),
            None => write!(f, "T{thread} ({})", word(*order)),
        }
    }
}

/// As Rust has it.
pub(super) fn word(order: MemoryOrder) -> &'static str {
    match order {
        MemoryOrder::None => "not atomic",
        MemoryOrder::Relaxed => "Relaxed",
        MemoryOrder::Acquire => "Acquire",
        MemoryOrder::Release => "Release",
        MemoryOrder::AcqRel => "AcqRel",
        MemoryOrder::SeqCst => "SeqCst",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32) -> Place {
        let path = "core::sync::atomic::AtomicU64::load".to_owned();
        Place { file: "main.rs".into(), line, called: "AtomicU64::load".into(), path, ..Place::default() }
    }

    fn store(thread: ThreadId, value: u64, line: u32) -> (Event, Place) {
        let order = MemoryOrder::Relaxed;
        (Event { thread, operation: Operation::Store, object: 8, value, order, ..Event::default() }, at(line))
    }

    fn load(age: u8) -> (Event, Place) {
        let order = MemoryOrder::Acquire;
        let event = Event { operation: Operation::Load, object: 8, value: 5, order, age, ..Event::default() };
        (event, at(9))
    }

    #[test]
    fn what_was_missed_is_the_first_store_that_is_newer() {
        let operations = [store(1, 5, 6), store(1, 6, 7), store(2, 7, 8), load(2), load(0)];
        let mut objects = Objects::of(&operations);
        let said = stale_loads(&operations, &mut objects);
        assert_eq!(
            said,
            ["T0 (Acquire, main.rs:9) reads AtomicU64#1 = 5, though T1 (Relaxed, main.rs:7) stored 6 before"]
        );
    }
}
