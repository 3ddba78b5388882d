use super::{Policy, View, highest};
use crate::random::Random;
use crate::{MOST_THREADS, ThreadId};

/// Partial order sampling: every pending operation has a random priority, the highest runs, and
/// then those that it raced with get new ones. So the orders of operations that conflict are
/// sampled evenly, and those that commute cost nothing (Yuan, Yang, Gu: Partial Order Aware
/// Concurrency Sampling, CAV 2018).
///
/// The paper's threads stand before their next operation at every choice. Here there is a choice behind each operation,
/// too: a thread that is chosen there only comes to its next operation, and keeps its priority.
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
        let pending = |thread: ThreadId| view.pending[usize::from(thread)];
        let Some(operation) = pending(chosen) else { return chosen };
        for thread in view.candidates.iter() {
            let raced = thread == chosen || pending(thread).is_some_and(|other| operation.conflicts(other));
            if raced {
                self.priorities[usize::from(thread)] = random.next_u64() as u32;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ThreadSet;
    use crate::policy::Pending;

    const WRITES: Option<Pending> = Some(Pending { object: 8, writes: true });

    /// Whether each of the first two threads has another priority after thread 0, the higher one, was chosen.
    fn redrawn(pending: [Option<Pending>; 2]) -> [bool; 2] {
        let mut random = Random::new(1);
        let mut pos = Pos::new();
        (pos.priorities[0], pos.priorities[1]) = (u32::MAX, 1);
        let mut all = [None; MOST_THREADS];
        all[..2].copy_from_slice(&pending);
        let view = View { candidates: ThreadSet(0b11), current: 0, step: 0, pending: &all };
        assert_eq!(pos.choose(&view, &mut random), 0);
        [pos.priorities[0] != u32::MAX, pos.priorities[1] != 1]
    }

    #[test]
    fn an_operation_and_those_that_it_races_with_are_drawn_again() {
        assert_eq!(redrawn([WRITES, WRITES]), [true, true]);
        assert_eq!(redrawn([WRITES, Some(Pending { object: 16, writes: true })]), [true, false]);
    }

    #[test]
    fn who_only_comes_to_its_next_operation_keeps_its_priority() {
        assert_eq!(redrawn([None, WRITES]), [false, false]);
        assert_eq!(redrawn([WRITES, None]), [true, false]);
    }
}
