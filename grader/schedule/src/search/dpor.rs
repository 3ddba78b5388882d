//! One run of each class of equivalent runs: dynamic partial-order reduction by source sets, with sleep sets (Abdulla,
//! Aronis, Jonsson and Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014, algorithm 1).
//!
//! A run is looked at for *races*: two steps of two threads that touch the same, with nothing between that bound them. Where
//! the second can be made to come first, that is a run of another class, and somebody who begins it is tried at the place of
//! the first step. A thread *sleeps* where all that begins with its step was tried already; it is woken by a step that
//! touches the same. A run that goes on with who sleeps is of a class that was run: it is cut there.
//!
//! Nothing but what steps touch is known of a program. So whatever a step depends on must be among its accesses, also that it
//! could be taken at all. For locks that is known besides: who waits for one when the run ends might have taken it first.

use crate::{ThreadId, ThreadSet};

use super::happens_before::{Access, HappensBefore, Step, Touch, conflict};
use super::{Attempt, replay};

/// The search.
#[derive(Default)]
pub struct Dpor {
    /// The run that is at hand, as far as it is decided.
    path: Vec<Node>,
    /// How many runs were proposed.
    proposed: u64,
    classes: u64,
}

/// The place before one step of the run at hand.
struct Node {
    able: ThreadSet,
    /// Who is to be tried here.
    wanted: ThreadSet,
    /// Whose step was tried, or is that of the run at hand.
    tried: ThreadSet,
    /// Those of which all is known that begins with their step, and what it touches.
    asleep: Vec<(ThreadId, Vec<Access>)>,
    step: Option<(ThreadId, Vec<Access>)>,
}

impl Node {
    fn sleepers(&self) -> ThreadSet {
        self.asleep.iter().fold(ThreadSet::EMPTY, |mut all, (thread, _)| {
            all.insert(*thread);
            all
        })
    }

    /// Who sleeps after this node's step.
    fn still_asleep(&self) -> Vec<(ThreadId, Vec<Access>)> {
        let Some((thread, accesses)) = &self.step else { return Vec::new() };
        let sleeps =
            |(other, theirs): &&(ThreadId, Vec<Access>)| other != thread && !conflict(theirs, accesses);
        self.asleep.iter().filter(sleeps).cloned().collect()
    }
}

impl Dpor {
    /// Of a program of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next run, once the one before is learnt; none when all classes were run.
    pub fn propose(&mut self) -> Option<Attempt> {
        if self.proposed > 0 && !self.turn_back() {
            return None;
        }
        self.proposed += 1;
        let steps = self.path.iter().filter_map(|node| Some(node.step.as_ref()?.0)).collect();
        Some(Attempt { number: self.proposed - 1, request: replay(), steps })
    }

    /// How many classes were run. Other runs were cut.
    pub fn classes(&self) -> u64 {
        self.classes
    }

    /// Takes a proposed run, from its beginning to its end, and the steps that could not be taken as others have the locks.
    /// Gives back whether it is of a class that was not run before.
    pub fn learn(&mut self, steps: &[Step], kept_waiting: &[Step]) -> bool {
        // The last step of the prefix was only chosen: now it is known what it touches.
        let known = self.path.len().saturating_sub(1);
        let kept = self.follow(steps);
        let order = HappensBefore::of(&steps[..kept]);
        self.want_others(&steps[..kept], &order, known);
        // Each of them could be the next, were it not for who has the lock.
        for step in waiting(steps, kept_waiting, kept) {
            let order = order.with(&steps[..kept], &step);
            self.want_others(&[&steps[..kept], &[step]].concat(), &order, kept);
        }
        let is_whole = kept == steps.len();
        self.classes += u64::from(is_whole);
        is_whole
    }

    /// Puts the steps behind the prefix on the path, up to one by who sleeps; gives back how many steps the path has.
    fn follow(&mut self, steps: &[Step]) -> usize {
        for (place, Step { thread, able, accesses }) in steps.iter().enumerate() {
            if let Some(node) = self.path.get_mut(place) {
                if let Some((_, known)) = &mut node.step {
                    known.clone_from(accesses);
                }
                continue;
            }
            let asleep = self.path.last().map(Node::still_asleep).unwrap_or_default();
            let mut node =
                Node { able: *able, wanted: ThreadSet::EMPTY, tried: ThreadSet::EMPTY, asleep, step: None };
            let sleepers = node.sleepers();
            if sleepers.contains(*thread) {
                // Somebody who is awake goes on in its place, if there is anybody.
                if let Some(awake) = able.iter().find(|&thread| !sleepers.contains(thread)) {
                    node.wanted.insert(awake);
                    self.path.push(node);
                }
                return place;
            }
            node.wanted.insert(*thread);
            node.tried.insert(*thread);
            node.step = Some((*thread, accesses.clone()));
            self.path.push(node);
        }
        steps.len()
    }

    /// Has the other order tried of each race of a step from `known` on with one of the path.
    fn want_others(&mut self, steps: &[Step], order: &HappensBefore, known: usize) {
        for second in known..steps.len() {
            let taken = self.path.len();
            for first in order.races(second).filter(|&first| first < taken) {
                let begin = beginners(steps, order, first, second).and(self.path[first].able);
                let node = &mut self.path[first];
                if node.wanted.and(begin) == ThreadSet::EMPTY
                    && let Some(thread) = begin.iter().next()
                {
                    node.wanted.insert(thread);
                }
            }
        }
    }

    /// Goes back to the last place at which somebody is still to be tried, who is then the last of the path. Gives back
    /// whether there is one.
    fn turn_back(&mut self) -> bool {
        while let Some(mut node) = self.path.pop() {
            node.asleep.extend(node.step.take());
            let sleepers = node.sleepers();
            let next =
                node.wanted.iter().find(|&thread| !node.tried.contains(thread) && !sleepers.contains(thread));
            if let Some(thread) = next {
                node.tried.insert(thread);
                node.step = Some((thread, Vec::new()));
                self.path.push(node);
                return true;
            }
        }
        false
    }
}

/// The steps that could not be taken at some place of a run, or at its end, as others have the locks.
fn waiting(steps: &[Step], kept_waiting: &[Step], place: usize) -> Vec<Step> {
    let able = steps.get(place).map_or(ThreadSet::EMPTY, |step| step.able);
    let takes = |step: &Step| step.accesses.iter().any(|access| access.touch == Touch::Takes);
    let mut seen = able;
    let mut waiting = Vec::new();
    for step in steps[place..].iter().chain(kept_waiting) {
        if !seen.contains(step.thread) && takes(step) {
            waiting.push(step.clone());
        }
        seen.insert(step.thread);
    }
    waiting
}

/// Who can begin what comes behind the step at `first` and does not depend on it, up to the step at `second`, which then
/// comes before the one at `first`.
fn beginners(steps: &[Step], order: &HappensBefore, first: usize, second: usize) -> ThreadSet {
    let free: Vec<usize> =
        (first + 1..second).filter(|&step| !order.before(first, step)).chain([second]).collect();
    let mut all = ThreadSet::EMPTY;
    for (place, &step) in free.iter().enumerate() {
        if !free[..place].iter().any(|&earlier| order.before(earlier, step)) {
            all.insert(steps[step].thread);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::toy::{self, Op, STARTS, Toy, locking_toys, plain_toys};

    type Class = Vec<(ThreadId, Vec<u32>)>;

    /// The classes that the search runs, in its order, and how many runs it has cut.
    fn search(toy: &Toy) -> (Vec<Class>, usize) {
        let mut dpor = Dpor::new();
        let (mut classes, mut cut) = (Vec::new(), 0);
        while let Some(attempt) = dpor.propose() {
            let steps = toy::steps(toy, &attempt.steps);
            if dpor.learn(&steps.taken, &steps.kept_waiting) {
                classes.push(HappensBefore::of(&steps.taken).class());
            } else {
                cut += 1;
            }
        }
        assert_eq!(dpor.classes(), classes.len() as u64);
        (classes, cut)
    }

    /// Holds it against all schedules.
    #[track_caller]
    fn runs_each_class_once(toy: &Toy) -> (usize, usize) {
        const ALL: u32 = 100;
        let (found, cut) = search(toy);
        let distinct: BTreeSet<Class> = found.iter().cloned().collect();
        let all = toy::all_schedules(toy, ALL);
        let all = all.iter().map(|steps| HappensBefore::of(&toy::steps(toy, steps).taken).class()).collect();
        assert_eq!(distinct.len(), found.len(), "each is run once, in {toy:?}");
        assert_eq!(distinct, all, "in {toy:?}");
        (found.len(), cut)
    }

    #[test]
    fn what_touches_nothing_in_common_has_one_class() {
        assert_eq!(runs_each_class_once(&vec![vec![Op::Add(0); 3], vec![Op::Add(1); 3]]), (1, 0));
        assert_eq!(runs_each_class_once(&vec![vec![Op::Load(0); 3], vec![Op::Load(0); 3]]), (1, 0));
    }

    #[test]
    fn what_touches_the_same_has_all_its_orders() {
        // Six over three.
        assert_eq!(runs_each_class_once(&vec![vec![Op::Add(0); 3], vec![Op::Add(0); 3]]).0, 20);
        // One writer between any of two readers' reads.
        let toy = vec![vec![Op::Add(0)], vec![Op::Load(0); 2], vec![Op::Load(0); 2]];
        assert_eq!(runs_each_class_once(&toy).0, 9);
    }

    #[test]
    fn locks_in_opposite_orders_come_to_their_deadlock() {
        let takes = |one, other| vec![Op::Lock(one), Op::Lock(other), Op::Unlock(other), Op::Unlock(one)];
        let toy = vec![takes(0, 1), takes(1, 0)];
        runs_each_class_once(&toy);
        let mut dpor = Dpor::new();
        let mut ends = BTreeSet::new();
        while let Some(attempt) = dpor.propose() {
            let steps = toy::steps(&toy, &attempt.steps);
            dpor.learn(&steps.taken, &steps.kept_waiting);
            ends.insert(steps.taken.len());
        }
        assert!(ends.contains(&4), "two locks taken, and two waits: {ends:?}");
    }

    #[test]
    fn who_takes_a_lock_first_is_all_that_matters_of_it() {
        let takes = |lock| vec![STARTS, Op::Take(lock), Op::Add(0), Op::Give(lock)];
        assert_eq!(runs_each_class_once(&vec![takes(0), takes(0)]), (2, 0));
        assert_eq!(runs_each_class_once(&vec![takes(0), takes(0), takes(0)]).0, 6);
        // What it guards is guarded by two.
        assert_eq!(runs_each_class_once(&vec![takes(0), takes(1)]).0, 2);
    }

    #[test]
    fn who_waits_for_a_lock_in_a_deadlock_might_have_had_it_first() {
        let takes = |one, other| vec![STARTS, Op::Take(one), Op::Take(other), Op::Give(other), Op::Give(one)];
        // One after the other, in either order, and the deadlock.
        assert_eq!(runs_each_class_once(&vec![takes(0, 1), takes(1, 0)]).0, 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn each_class_is_run_once(toy in plain_toys()) {
            runs_each_class_once(&toy);
        }
    }

    proptest! {
        // All schedules of some of these are many.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_class_of_locks_is_run_once(toy in locking_toys()) {
            runs_each_class_once(&toy);
        }
    }
}
