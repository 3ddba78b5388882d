//! The axioms of RC11 (Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017),
//! with C++20's release sequences, and where C++20 asks for more, with that: who reads a store comes after it in the order of
//! sequentially consistent operations, too ("coherence-ordered before" is transitive, `[atomics.order]`).

use super::relation::Relation;
use crate::Order;

/// What an operation does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Load { location: usize, read: usize },
    Store { location: usize },
    Update { location: usize, read: usize },
    Fence,
}

/// One operation. What it reads is the number of the event that stored it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) thread: usize,
    pub(super) order: Order,
    pub(super) kind: Kind,
}

/// Events in the order in which they were executed; the first ones store 0 to each location, before all threads.
#[derive(Debug)]
pub(super) struct Execution {
    locations: usize,
    events: Vec<Event>,
}

impl Event {
    fn location(&self) -> Option<usize> {
        match self.kind {
            Kind::Load { location, .. } | Kind::Store { location } | Kind::Update { location, .. } => {
                Some(location)
            }
            Kind::Fence => None,
        }
    }

    fn read(&self) -> Option<usize> {
        match self.kind {
            Kind::Load { read, .. } | Kind::Update { read, .. } => Some(read),
            Kind::Store { .. } | Kind::Fence => None,
        }
    }

    fn stores(&self) -> bool {
        matches!(self.kind, Kind::Store { .. } | Kind::Update { .. })
    }

    fn is_fence(&self) -> bool {
        matches!(self.kind, Kind::Fence)
    }
}

impl Execution {
    pub(super) fn new(locations: usize) -> Self {
        let store =
            |location| Event { thread: usize::MAX, order: Order::Relaxed, kind: Kind::Store { location } };
        Self { locations, events: (0..locations).map(store).collect() }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The event that stored to a location `age` stores before the last.
    pub(super) fn store_of_age(&self, location: usize, age: usize) -> usize {
        let stores = self.events.iter().enumerate().rev();
        let mut stores = stores.filter(|(_, event)| event.stores() && event.location() == Some(location));
        stores.nth(age).expect("so many stores were made").0
    }

    fn is_same_place(&self, one: usize, other: usize) -> bool {
        let location = self.events[one].location();
        location.is_some() && location == self.events[other].location()
    }

    /// The axiom that it breaks, if it breaks one.
    pub(super) fn broken(&self) -> Option<&'static str> {
        let of = |are: &dyn Fn(usize, usize) -> bool| Relation::of(self.events.len(), are);
        let at = |number: usize| &self.events[number];
        let is_same_place = |from: usize, to: usize| self.is_same_place(from, to);
        let program =
            of(&|from, to| from < to && (from < self.locations || at(from).thread == at(to).thread));
        let reads_from = of(&|from, to| at(to).read() == Some(from));
        let modification =
            of(&|from, to| from < to && at(from).stores() && at(to).stores() && is_same_place(from, to));
        let reads_before = reads_from.turned().then(&modification).only(|from, to| from != to);
        let happens = program.or(&self.synchronizes(&program, &reads_from)).closed();
        let extended = reads_from.or(&modification).or(&reads_before).closed();
        if !happens.then(&extended.or_same()).is_irreflexive() {
            return Some("coherence");
        }
        let updates = |from: usize, to: usize| from == to && matches!(at(from).kind, Kind::Update { .. });
        let between = reads_before.then(&modification).only(updates);
        if !between.is_empty() {
            return Some("atomicity");
        }
        if !self.sequential(&program, &happens, &extended).is_acyclic() {
            return Some("sequential consistency");
        }
        if !program.or(&reads_from).is_acyclic() {
            return Some("no value out of thin air");
        }
        None
    }

    /// Which releases synchronize with which acquires.
    fn synchronizes(&self, program: &Relation, reads_from: &Relation) -> Relation {
        let at = |number: usize| &self.events[number];
        let updates = reads_from.only(|_, to| matches!(at(to).kind, Kind::Update { .. }));
        let sequence = updates.closed().or_same();
        let read = sequence.then(reads_from).only(|from, _| at(from).stores());
        let from_fence = program.only(|from, _| at(from).is_fence()).or_same();
        let to_fence = program.only(|_, to| at(to).is_fence()).or_same();
        let whole = from_fence.then(&read).then(&to_fence);
        whole.only(|from, to| at(from).order.releases() && at(to).order.acquires())
    }

    /// The order that sequentially consistent operations must have (`psc`).
    fn sequential(&self, program: &Relation, happens: &Relation, extended: &Relation) -> Relation {
        let at = |number: usize| &self.events[number];
        let is_same_place = |from: usize, to: usize| self.is_same_place(from, to);
        let elsewhere = program.only(|from, to| !is_same_place(from, to));
        let same = happens.only(is_same_place);
        let before = program.or(&elsewhere.then(happens).then(&elsewhere)).or(&same).or(extended);
        let is_sequential = |number: usize| at(number).order.is_sequential();
        let is_fence = |number: usize| is_sequential(number) && at(number).is_fence();
        let happens_or_same = happens.or_same();
        let left = happens_or_same.only(|from, to| is_sequential(from) && from == to || is_fence(from));
        let right = happens_or_same.only(|from, to| is_sequential(to) && from == to || is_fence(to));
        let base = left.then(&before).then(&right);
        let fences =
            happens.or(&happens.then(extended).then(happens)).only(|from, to| is_fence(from) && is_fence(to));
        base.or(&fences)
    }
}
