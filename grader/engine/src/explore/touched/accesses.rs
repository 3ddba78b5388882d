//! The accesses of each step.

use std::collections::HashMap;

use schedule::ThreadId;
use schedule::protocol::Event;
use schedule::search::happens_before::{Access, Touch};

/// Objects that are no words: far from all addresses.
pub(super) mod object {
    pub(in super::super) const STREAM: u64 = 1 << 60;
    pub(in super::super) const COUNT: u64 = 1 << 61;
    pub(in super::super) const BEGINNING: u64 = 1 << 62;
    pub(in super::super) const END: u64 = 1 << 63;
}

/// The accesses of each step, as far as a trace has come.
pub(super) struct Accesses<'a> {
    steps: &'a [ThreadId],
    pub(super) of: Vec<Vec<Access>>,
    /// Behind which step each thread wrote last.
    written: HashMap<ThreadId, usize>,
}

impl<'a> Accesses<'a> {
    pub(super) fn new(steps: &'a [ThreadId]) -> Self {
        Self { steps, of: vec![Vec::new(); steps.len()], written: HashMap::new() }
    }

    /// Adds one to the step that allowed the operation. What comes before the first step, nobody races with.
    pub(super) fn add(&mut self, event: &Event, object: u64, touch: Touch) {
        if let Some(step) = (event.step as usize).checked_sub(1) {
            self.add_at(step, object, touch);
        }
    }

    fn add_at(&mut self, step: usize, object: u64, touch: Touch) {
        let access = Access { object, touch };
        if let Some(of) = self.of.get_mut(step)
            && !of.contains(&access)
        {
            of.push(access);
        }
    }

    /// Adds one to the last step of another thread.
    pub(super) fn add_before(&mut self, event: &Event, thread: ThreadId, object: u64, touch: Touch) {
        self.add_to_last(event.step as usize, thread, object, touch);
    }

    /// Adds one to the thread's last step of the first so many.
    fn add_to_last(&mut self, first: usize, thread: ThreadId, object: u64, touch: Touch) {
        let last = self.steps.iter().take(first).rposition(|step| *step == thread);
        last.into_iter().for_each(|step| self.add_at(step, object, touch));
    }

    /// Adds one to the thread's next step.
    pub(super) fn add_after(&mut self, event: &Event, object: u64, touch: Touch) {
        let behind = event.step as usize;
        let next = self.steps.iter().skip(behind).position(|thread| *thread == event.thread);
        next.into_iter().for_each(|step| self.add_at(behind + step, object, touch));
    }

    /// Adds one to the step that allowed the operation, and to the thread's steps before and after it.
    pub(super) fn add_around(&mut self, event: &Event, object: u64, touch: Touch) {
        self.add(event, object, touch);
        self.add_after(event, object, touch);
        self.add_to_last((event.step as usize).saturating_sub(1), event.thread, object, touch);
    }

    /// Adds one as [`Accesses::add_around`], and to all steps since the thread's last write in which it does anything: it may
    /// have the output's lock since any of them.
    pub(super) fn add_write(&mut self, event: &Event, object: u64) {
        self.add_around(event, object, Touch::Writes);
        let end = event.step as usize;
        let since = self.written.insert(event.thread, end).unwrap_or(0);
        for step in since..end.min(self.steps.len()) {
            if self.steps[step] == event.thread && !self.of[step].is_empty() {
                self.add_at(step, object, Touch::Writes);
            }
        }
    }
}
