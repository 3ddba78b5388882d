//! Following a schedule that was given, step by step.

use super::choose::PATIENCE_BEFORE_TIME;
use super::{Mechanism, Wait, World};
use crate::protocol::Finish;
use crate::{ThreadId, ThreadSet, age_of};

/// The steps that are still to be replayed.
pub(super) struct Replayed<'a> {
    steps: &'a [ThreadId],
}

impl<'a> Replayed<'a> {
    pub(super) const fn new(steps: &'a [ThreadId]) -> Self {
        Self { steps }
    }

    /// The next step, which stays.
    fn peek(&self) -> Option<ThreadId> {
        self.steps.first().copied()
    }

    /// How old the value is that the next load returns, where the next step says so.
    pub(super) fn peek_age(&self) -> Option<u8> {
        self.peek().and_then(age_of)
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.steps.is_empty()
    }

    /// Takes the next step off.
    pub(super) fn take(&mut self) {
        self.steps = &self.steps[1..];
    }
}

impl Mechanism<'_> {
    /// The next step of the schedule that is replayed. Where it may be followed leniently, steps that are impossible are
    /// left out.
    pub(super) fn next_replayed(&mut self, world: &mut impl World) -> Result<Option<ThreadId>, Finish> {
        while let Some(wanted) = self.replayed.peek() {
            self.replayed.take();
            if self.can_replay(wanted, world) {
                return Ok(Some(wanted));
            }
            if !self.request.lenient {
                return Err(Finish::Divergence);
            }
        }
        Ok(None)
    }

    /// The next step of the schedule that is replayed, where only `candidates` are possible. A lenient replay that has
    /// another one there keeps it: the choice of whom to wake was left out, not what follows.
    pub(super) fn next_replayed_of(&mut self, candidates: ThreadSet) -> Result<Option<ThreadId>, Finish> {
        // The load that it was about was left out.
        while self.request.lenient && self.replayed.peek_age().is_some() {
            self.replayed.take();
        }
        match self.replayed.peek() {
            Some(wanted) if candidates.contains(wanted) => {
                self.replayed.take();
                Ok(Some(wanted))
            }
            Some(_) if !self.request.lenient => Err(Finish::Divergence),
            _ => Ok(None),
        }
    }

    /// Whether `wanted` can take a step now, if need be after waiting for the world outside.
    fn can_replay(&mut self, wanted: ThreadId, world: &mut impl World) -> bool {
        if !self.threads.is_known(wanted) {
            return false;
        }
        let wait = self.threads.get(wanted).wait;
        let may_pass =
            |mechanism: &Self| wait.deadline().is_some_and(|deadline| mechanism.may_pass(deadline));
        match wait {
            Wait::None | Wait::Gate { .. } | Wait::Futex { deadline: None, .. } => true,
            Wait::Futex { .. } | Wait::Sleep { .. } => may_pass(self),
            Wait::Outside { surely: true, .. } => {
                self.wait_outside(world, ThreadSet::only(wanted), self.patience_at_rest())
            }
            Wait::Outside { .. } => self.wait_for_step(wanted, world) || may_pass(self),
            Wait::Lock { .. } => self.admitted.contains(wanted),
            Wait::Join { .. } | Wait::Ended => false,
        }
    }

    /// Waits for the world outside to let `wanted` go on, as long as this replay may.
    fn wait_for_step(&mut self, wanted: ThreadId, world: &mut impl World) -> bool {
        let all = if self.request.lenient { self.request.patience } else { PATIENCE_BEFORE_TIME };
        let looks = all.min(PATIENCE_BEFORE_TIME);
        let came = self.wait_outside(world, ThreadSet::only(wanted), looks);
        if self.request.lenient && !came {
            self.request.patience -= looks;
        }
        came
    }
}
