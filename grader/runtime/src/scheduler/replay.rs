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
            Wait::None | Wait::Gate { .. } | Wait::Futex { deadline: None, .. } | Wait::Sleep { .. } => true,
            Wait::Futex { deadline: Some(deadline), .. } => self.may_time_out(deadline),
            Wait::Outside { until, .. } if until.is_child() => {
                self.wait_outside(ThreadSet::only(wanted), PATIENCE)
            }
            Wait::Ready { deadline, .. } | Wait::Outside { deadline, .. } => {
                self.wait_for_step(wanted)
                    || deadline
                        .is_some_and(|deadline| self.is_near(deadline) || self.is_closed(self.all_outside()))
            }
            Wait::Join { .. } | Wait::Ended => false,
        }
    }

    /// Waits for the world outside to let `wanted` go on, as long as this replay may.
    fn wait_for_step(&mut self, wanted: ThreadId) -> bool {
        let all = if self.request.lenient { self.request.patience } else { PATIENCE_BEFORE_TIME };
        let looks = all.min(PATIENCE_BEFORE_TIME);
        let came = self.wait_outside(ThreadSet::only(wanted), looks);
        if self.request.lenient && !came {
            self.request.patience -= looks;
        }
        came
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
