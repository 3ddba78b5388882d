//! Following a schedule that was given, step by step.

use schedule::protocol::Finish;
use schedule::{ThreadId, ThreadSet};

use super::waiting::{PATIENCE, PATIENCE_BEFORE_TIME};
use super::{Scheduler, Wait, finish};
use crate::record;

impl Scheduler {
    /// Takes the next step off the schedule that is replayed.
    pub(super) fn next_replayed(&mut self) -> Option<ThreadId> {
        let wanted = *self.replay[..self.request.replayed as usize].get(self.replayed)?;
        self.replayed += 1;
        Some(wanted)
    }

    /// The next step of the schedule that is replayed, where only `candidates` are possible.
    pub(super) fn next_replayed_of(&mut self, candidates: ThreadSet) -> Option<ThreadId> {
        while let Some(wanted) = self.next_replayed() {
            if candidates.contains(wanted) {
                return Some(wanted);
            }
            if !self.request.lenient {
                finish(Finish::Divergence);
            }
        }
        None
    }

    /// Whether `wanted` can take a step now, if need be after waiting for the world outside.
    pub(super) fn can_replay(&mut self, wanted: ThreadId) -> bool {
        if usize::from(wanted) >= self.count {
            return false;
        }
        match self.threads[usize::from(wanted)].wait {
            Wait::None | Wait::Gate { .. } | Wait::Futex { .. } | Wait::Sleep { .. } => true,
            Wait::Ready { deadline, .. } => {
                // Where steps may be left out, most of those that wait do so in vain.
                let patience = if self.request.lenient { 0 } else { PATIENCE_BEFORE_TIME };
                self.wait_outside(ThreadSet::only(wanted), patience) || deadline.is_some()
            }
            Wait::Child { .. } => self.wait_outside(ThreadSet::only(wanted), PATIENCE),
            Wait::Join { .. } | Wait::Ended => false,
        }
    }

    pub(super) fn replay_step(&mut self, wanted: ThreadId) -> ThreadId {
        if let Some(woken) = self.early_reason(wanted) {
            self.make_runnable(wanted, woken);
        }
        self.threads[usize::from(wanted)].yielded = false;
        let runnable = self.runnable();
        if !record::get().add_step(wanted, runnable.0, self.request.trace) {
            finish(Finish::Budget);
        }
        wanted
    }
}
