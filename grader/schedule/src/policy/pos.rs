use super::{Pending, Policy, View, highest};
use crate::random::Random;
use crate::{MOST_THREADS, ThreadId};

/// Partial order sampling: every pending operation has a random priority, the highest runs, and
/// then those that it raced with get new ones. So the orders of operations that conflict are
/// sampled evenly, and those that commute cost nothing (Yuan, Yang, Gu: Partial Order Aware
/// Concurrency Sampling, CAV 2018).
pub struct Pos {
    priorities: [u32; MOST_THREADS],
}

impl Pos {
    /// At the start of a run.
    #[expect(
        clippy::new_without_default,
        reason = "policies are made at the start of a run, never by default"
    )]
    pub fn new() -> Self {
        Self { priorities: [0; MOST_THREADS] }
    }
}

impl Policy for Pos {
    fn spawned(&mut self, thread: ThreadId, random: &mut Random) {
        self.priorities[usize::from(thread)] = random.next_u64() as u32;
    }

    fn choose(&mut self, view: &View<'_>, random: &mut Random) -> ThreadId {
        let chosen = highest(view.candidates, |thread| self.priorities[usize::from(thread)]);
        let operation: Pending = view.pending[usize::from(chosen)];
        for thread in view.candidates.iter() {
            let raced = thread == chosen || operation.conflicts(view.pending[usize::from(thread)]);
            if raced {
                self.priorities[usize::from(thread)] = random.next_u64() as u32;
            }
        }
        chosen
    }
}
