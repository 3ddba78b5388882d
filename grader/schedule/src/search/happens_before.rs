//! What of a run had to come before what: steps of one thread in their order, and steps that touch the same object, where one
//! of them changes it. Runs in which the same steps have the same order of this kind are equivalent (Mazurkiewicz: Trace
//! Theory, 1987): they differ only in what nobody can see.
//!
//! Who takes a lock cannot go on until it is given back. So no run has these two the other way round; what could be is who
//! takes it first.

use crate::{ThreadId, ThreadSet};

/// How a step touches something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It looks.
    Reads,
    /// It may change it.
    Writes,
    /// It takes a lock, which is free.
    Takes,
    /// It gives a lock back.
    Gives,
}

/// That a step touched something that threads share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it is.
    pub object: u64,
    /// How it was touched.
    pub touch: Touch,
}

impl Access {
    /// Whether the later one of these had to come after the other one.
    fn is_ordered(&self, other: &Self) -> bool {
        self.object == other.object && (self.touch, other.touch) != (Touch::Reads, Touch::Reads)
    }

    /// Whether it could have been the other way round.
    fn conflicts(&self, other: &Self) -> bool {
        use Touch::{Gives, Takes};
        let is_fixed = matches!((self.touch, other.touch), (Gives, Takes) | (Takes, Gives) | (Gives, Gives));
        self.is_ordered(other) && !is_fixed
    }
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

/// Whether it matters in which order two threads take steps with these accesses, either of which could come first.
pub fn conflict(one: &[Access], other: &[Access]) -> bool {
    one.iter().any(|a| other.iter().any(|b| a.conflicts(b)))
}

fn are_ordered(one: &[Access], other: &[Access]) -> bool {
    one.iter().any(|a| other.iter().any(|b| a.is_ordered(b)))
}

/// How many steps of each thread.
type Clock = Vec<u32>;

/// The order of a run's steps.
#[derive(Clone, Debug, Default)]
pub struct HappensBefore {
    /// All threads are below.
    count: usize,
    threads: Vec<ThreadId>,
    /// For each step, those that come before it, itself included.
    clocks: Vec<Clock>,
    /// The same, but for what only the lock that the step takes had to wait for.
    unlocked: Vec<Clock>,
    /// For each step, the conflicting ones before it of other threads.
    conflicts: Vec<Vec<usize>>,
}

impl HappensBefore {
    /// Of all these steps.
    pub fn of(steps: &[Step]) -> Self {
        let count = steps.iter().map(|step| usize::from(step.thread) + 1).max().unwrap_or(0);
        let mut order = Self { count, ..Self::default() };
        for (place, step) in steps.iter().enumerate() {
            order.add(&steps[..place], step);
        }
        order
    }

    /// That of these steps, which this one is of, and of one more, by a thread that is among theirs.
    pub fn with(&self, steps: &[Step], next: &Step) -> Self {
        let mut order = self.clone();
        order.add(steps, next);
        order
    }

    fn add(&mut self, earlier: &[Step], step: &Step) {
        let (mut clock, mut unlocked) = (vec![0; self.count], vec![0; self.count]);
        let mut conflicts = Vec::new();
        for (place, (other, known)) in earlier.iter().zip(&self.clocks).enumerate() {
            let is_same = other.thread == step.thread;
            if !is_same && !are_ordered(&other.accesses, &step.accesses) {
                continue;
            }
            join(&mut clock, known);
            if is_same || is_kept_by(&step.accesses, &other.accesses) {
                join(&mut unlocked, known);
            }
            if !is_same && conflict(&other.accesses, &step.accesses) {
                conflicts.push(place);
            }
        }
        for clock in [&mut clock, &mut unlocked] {
            clock[usize::from(step.thread)] += 1;
        }
        self.threads.push(step.thread);
        self.clocks.push(clock);
        self.unlocked.push(unlocked);
        self.conflicts.push(conflicts);
    }

    /// Whether the step at `one` had to come before the one at `other`.
    pub fn before(&self, one: usize, other: usize) -> bool {
        one != other && self.knows(&self.clocks[other], one)
    }

    fn knows(&self, clock: &Clock, step: usize) -> bool {
        let thread = usize::from(self.threads[step]);
        clock[thread] >= self.clocks[step][thread]
    }

    /// The steps of other threads that came before the one at `other`, but could have come after it: races. Nothing between
    /// the two had to be.
    pub fn races(&self, other: usize) -> impl Iterator<Item = usize> {
        let bound = move |one: usize| {
            (one + 1..other).any(|step| self.before(one, step) && self.knows(&self.unlocked[other], step))
        };
        self.conflicts[other].iter().copied().filter(move |&one| !bound(one))
    }

    /// What is the same of equivalent runs, and of no others: each thread's steps, and what came before each.
    pub fn class(&self) -> Vec<(ThreadId, Vec<u32>)> {
        let mut class: Vec<_> = self.threads.iter().copied().zip(self.clocks.iter().cloned()).collect();
        class.sort();
        class
    }
}

/// Whether a step with these accesses could come before one with those, or waits for more than that a lock is given back. Who
/// only looks at a lock keeps nobody from it.
fn is_kept_by(accesses: &[Access], others: &[Access]) -> bool {
    let looks = |access: &Access, other: &Access| (access.touch, other.touch) == (Touch::Takes, Touch::Reads);
    accesses.iter().any(|access| others.iter().any(|other| access.conflicts(other) && !looks(access, other)))
}

fn join(clock: &mut Clock, known: &Clock) {
    clock.iter_mut().zip(known).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
}

#[cfg(test)]
mod tests {
    use super::*;

    use Touch::{Gives, Reads, Takes, Writes};

    fn steps(steps: &[(ThreadId, u64, Touch)]) -> Vec<Step> {
        let step = |&(thread, object, touch)| Step {
            thread,
            able: ThreadSet::EMPTY,
            accesses: vec![Access { object, touch }],
        };
        steps.iter().map(step).collect()
    }

    fn races(order: &HappensBefore, other: usize) -> Vec<usize> {
        order.races(other).collect()
    }

    #[test]
    fn steps_are_bound_by_their_thread_and_by_what_they_touch() {
        let order =
            HappensBefore::of(&steps(&[(0, 1, Writes), (1, 2, Writes), (1, 1, Reads), (2, 1, Reads)]));
        assert!(order.before(0, 2) && order.before(1, 2) && order.before(0, 3));
        assert!(!order.before(0, 1) && !order.before(2, 3) && !order.before(1, 3));
        assert_eq!((races(&order, 2), races(&order, 3)), (vec![0], vec![0]));
    }

    #[test]
    fn what_lies_between_makes_it_no_race() {
        let order = HappensBefore::of(&steps(&[(0, 1, Writes), (1, 1, Writes), (2, 1, Writes)]));
        assert!(order.before(0, 2));
        assert_eq!(races(&order, 2), [1]);
    }

    #[test]
    fn of_a_lock_only_the_last_who_took_it_races_with_the_next() {
        let order = [(0, 1, Takes), (0, 1, Gives), (1, 1, Takes), (1, 1, Gives), (2, 1, Takes)];
        let order = HappensBefore::of(&steps(&order));
        assert!(order.before(0, 4) && order.before(1, 2));
        assert_eq!((races(&order, 2), races(&order, 4)), (vec![0], vec![2]));
    }

    #[test]
    fn who_looks_in_vain_while_another_has_the_lock_is_no_reason_to_wait() {
        let order = [(0, 1, Takes), (0, 1, Reads), (0, 1, Gives), (1, 1, Takes)];
        assert_eq!(races(&HappensBefore::of(&steps(&order)), 3), [0, 1]);
    }

    #[test]
    fn who_knows_otherwise_that_a_lock_was_given_back_does_not_race_for_it() {
        let order = [(0, 1, Takes), (0, 1, Gives), (0, 2, Writes), (1, 2, Reads), (1, 1, Takes)];
        let order = HappensBefore::of(&steps(&order));
        assert!(races(&order, 4).is_empty());
    }

    #[test]
    fn runs_are_equivalent_where_only_independent_steps_change_places() {
        let class = |runs: &[_]| HappensBefore::of(&steps(runs)).class();
        let (a, b, c) = ((0, 1, Writes), (1, 2, Writes), (1, 1, Writes));
        assert_eq!(class(&[a, b, c]), class(&[b, a, c]));
        assert_ne!(class(&[a, b, c]), class(&[b, c, a]));
    }
}
