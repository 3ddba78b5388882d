//! What of a run had to come before what: steps of one thread in their order, and steps that touch the same object, where one
//! of them changes it. Runs in which the same steps have the same order of this kind are equivalent (Mazurkiewicz: Trace
//! Theory, 1987): they differ only in what nobody can see.

use crate::{ThreadId, ThreadSet};

/// That a step touched something that threads share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is.
    pub object: u64,
    /// Whether it was changed.
    pub writes: bool,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who took it.
    pub thread: ThreadId,
    /// Who could have.
    pub able: ThreadSet,
    /// All that it touched.
    pub accesses: Vec<Access>,
}

/// Whether steps with these accesses by two threads cannot change places.
pub fn conflict(one: &[Access], other: &[Access]) -> bool {
    let meet = |a: &Access, b: &Access| a.object == b.object && (a.writes || b.writes);
    one.iter().any(|a| other.iter().any(|b| meet(a, b)))
}

/// The order of a run's steps.
pub struct HappensBefore {
    threads: Vec<ThreadId>,
    /// For each step, how many steps of each thread come before it, itself included.
    clocks: Vec<Vec<u32>>,
}

impl HappensBefore {
    /// Of all these steps.
    pub fn of(steps: &[Step]) -> Self {
        let count = steps.iter().map(|step| usize::from(step.thread) + 1).max().unwrap_or(0);
        let mut clocks: Vec<Vec<u32>> = Vec::with_capacity(steps.len());
        for (place, step) in steps.iter().enumerate() {
            let mut clock = vec![0; count];
            let earlier = steps[..place].iter().zip(&clocks);
            let bound =
                |other: &Step| other.thread == step.thread || conflict(&other.accesses, &step.accesses);
            for (_, known) in earlier.filter(|(other, _)| bound(other)) {
                clock.iter_mut().zip(known).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
            }
            clock[usize::from(step.thread)] += 1;
            clocks.push(clock);
        }
        Self { threads: steps.iter().map(|step| step.thread).collect(), clocks }
    }

    /// Whether the step at `one` had to come before the one at `other`.
    pub fn before(&self, one: usize, other: usize) -> bool {
        let thread = usize::from(self.threads[one]);
        one != other && self.clocks[other][thread] >= self.clocks[one][thread]
    }

    /// Whether the step at `one` had to come before the one at `other`, of another thread, and nothing between them had to:
    /// a race.
    pub fn races(&self, one: usize, other: usize) -> bool {
        let between = |step: usize| self.before(one, step) && self.before(step, other);
        self.threads[one] != self.threads[other] && self.before(one, other) && !(one + 1..other).any(between)
    }

    /// What is the same of equivalent runs, and of no others: each thread's steps, and what came before each.
    pub fn class(&self) -> Vec<(ThreadId, Vec<u32>)> {
        let mut class: Vec<_> = self.threads.iter().copied().zip(self.clocks.iter().cloned()).collect();
        class.sort();
        class
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(steps: &[(ThreadId, u64, bool)]) -> Vec<Step> {
        let step = |&(thread, object, writes)| Step {
            thread,
            able: ThreadSet::EMPTY,
            accesses: vec![Access { object, writes }],
        };
        steps.iter().map(step).collect()
    }

    #[test]
    fn steps_are_bound_by_their_thread_and_by_what_they_touch() {
        let order = HappensBefore::of(&steps(&[(0, 1, true), (1, 2, true), (1, 1, false), (2, 1, false)]));
        assert!(order.before(0, 2) && order.before(1, 2) && order.before(0, 3));
        assert!(!order.before(0, 1) && !order.before(2, 3) && !order.before(1, 3));
        assert!(order.races(0, 2) && order.races(0, 3) && !order.races(1, 2));
    }

    #[test]
    fn what_lies_between_makes_it_no_race() {
        let order = HappensBefore::of(&steps(&[(0, 1, true), (1, 1, true), (2, 1, true)]));
        assert!(order.before(0, 2) && !order.races(0, 2) && order.races(1, 2));
    }

    #[test]
    fn runs_are_equivalent_where_only_independent_steps_change_places() {
        let class = |runs: &[_]| HappensBefore::of(&steps(runs)).class();
        let (a, b, c) = ((0, 1, true), (1, 2, true), (1, 1, true));
        assert_eq!(class(&[a, b, c]), class(&[b, a, c]));
        assert_ne!(class(&[a, b, c]), class(&[b, c, a]));
    }
}
