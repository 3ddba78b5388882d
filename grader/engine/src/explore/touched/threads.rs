//! Which threads there are, as far as a trace has come.

use std::collections::{BTreeMap, BTreeSet};

use schedule::ThreadId;
use schedule::protocol::{Event, Operation};

/// Where the count of a scope's threads lies behind the count of references to it, at most.
const SCOPE: u64 = 64;

/// The threads, but for the main thread.
#[derive(Debug, Default)]
pub(super) struct Threads {
    /// Those that nobody has waited for.
    running: BTreeMap<ThreadId, Running>,
    /// Those that have not ended.
    alive: BTreeSet<ThreadId>,
    /// Those that drop what they have given back: what they do then comes when who waits for them goes on.
    leaving: BTreeSet<ThreadId>,
    /// The references that each has made since it created a thread.
    made: BTreeMap<ThreadId, BTreeSet<u64>>,
}

#[derive(Debug)]
struct Running {
    by: ThreadId,
    /// References that were made for it: one to its scope, if it has one.
    references: BTreeSet<u64>,
}

impl Threads {
    pub(super) fn follow(&mut self, event: &Event) {
        match event.operation {
            Operation::Spawn => {
                let references = self.made.remove(&event.thread).unwrap_or_default();
                let thread = event.object as ThreadId;
                self.running.insert(thread, Running { by: event.thread, references });
                self.alive.insert(thread);
                self.leaving.remove(&thread);
            }
            Operation::Join => _ = self.running.remove(&(event.object as ThreadId)),
            Operation::End => _ = self.alive.remove(&event.thread),
            _ => {}
        }
    }

    /// A thread has made a reference, or given one up.
    pub(super) fn counts(&mut self, event: &Event) {
        self.made.entry(event.thread).or_default().insert(event.object);
    }

    /// A thread gives up what others wait for that is its own.
    pub(super) fn leaves(&mut self, thread: ThreadId) {
        if thread > 0 {
            self.leaving.insert(thread);
        }
    }

    pub(super) fn is_leaving(&self, thread: ThreadId) -> bool {
        self.leaving.contains(&thread)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.alive.is_empty()
    }

    /// Whether somebody has waited for each.
    pub(super) fn are_done(&self) -> bool {
        self.running.is_empty()
    }

    /// The thread of this event has found, by this word, that those of a scope of its own are done; which they are.
    pub(super) fn scope_ends(&mut self, event: &Event) -> Vec<ThreadId> {
        let first = event.object.saturating_sub(SCOPE);
        let is_of_scope = |_: &ThreadId, thread: &mut Running| {
            thread.by == event.thread && thread.references.range(first..event.object).next().is_some()
        };
        self.running.extract_if(.., is_of_scope).map(|(thread, _)| thread).collect()
    }
}
