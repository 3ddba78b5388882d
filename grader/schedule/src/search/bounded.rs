//! All schedules with at most so many preemptions, depth first.
//!
//! A *preemption* takes the processor from a thread that could go on. Most bugs need very few of
//! them, and there are polynomially many schedules with a bounded number (Musuvathi and Qadeer:
//! Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007). As
//! there, all schedules with none are tried before those with one, and so on; which thread follows
//! one that waits, and who is woken by a wake that has a choice, is always branched over.
//!
//! That a *reluctant* thread goes on before its turn counts as a preemption, too: one that gave way, that has read the
//! same again and again, or that sleeps. When nobody else is left they have their turns one after the other. So loops
//! that wait for somebody have an end at each bound, and no schedule is beyond all bounds.
//!
//! A node of the tree is the beginning of a schedule. Its run goes on without preemption; each
//! step behind the beginning at which another thread could have gone on is a new node. Wakes without
//! a reason and early time-outs are not part of the tree: the portfolio has them.

use std::sync::Arc;

use crate::mechanism::Candidates;
use crate::{Schedule, ThreadId};

use super::{Attempt, Complete, Search, replay};

/// The search.
pub struct Bounded {
    /// By their preemptions, the nodes that are still to be run.
    open: Vec<Vec<Node>>,
    /// Their nodes that were proposed and not learnt from yet; nodes with fewer preemptions can come of them.
    proposed: Vec<(u64, u32, Node)>,
    /// How many runs there were, by their preemptions.
    run: Vec<u64>,
    next: u64,
}

/// The first `length` of `steps`, then `thread`.
#[derive(Clone)]
struct Node {
    steps: Arc<[ThreadId]>,
    length: usize,
    thread: Option<ThreadId>,
}

impl Node {
    fn prefix(&self) -> Vec<ThreadId> {
        self.steps[..self.length].iter().copied().chain(self.thread).collect()
    }
}

impl Bounded {
    /// A search of all schedules with at most so many preemptions.
    pub fn new(preemptions: u32) -> Self {
        let levels = preemptions as usize + 1;
        let mut open = vec![Vec::new(); levels];
        open[0].push(Node { steps: Arc::new([]), length: 0, thread: None });
        Self { open, proposed: Vec::new(), run: vec![0; levels], next: 0 }
    }

    fn branch(&mut self, node: &Node, taken: &Schedule, candidates: &[Candidates]) {
        let first_new = node.length + usize::from(node.thread.is_some());
        let steps: Arc<[ThreadId]> = taken.steps.as_slice().into();
        let mut preemptions = Preemptions::default();
        for (length, (&step, &set)) in steps.iter().zip(candidates).enumerate() {
            if length >= first_new {
                for thread in set.all().iter().filter(|&thread| thread != step) {
                    let level = (preemptions.count + preemptions.cost(thread, set)) as usize;
                    if let Some(nodes) = self.open.get_mut(level) {
                        nodes.push(Node { steps: Arc::clone(&steps), length, thread: Some(thread) });
                    }
                }
            }
            preemptions.follow(step, set);
        }
    }
}

impl Search for Bounded {
    fn propose(&mut self, most: usize) -> Vec<Attempt> {
        let Some(level) = self.open.iter().position(|nodes| !nodes.is_empty()) else { return Vec::new() };
        let nodes = &mut self.open[level];
        let batch = nodes.split_off(nodes.len().saturating_sub(most));
        let mut attempts = Vec::with_capacity(batch.len());
        for node in batch.into_iter().rev() {
            attempts.push(Attempt { number: self.next, request: replay(), steps: node.prefix() });
            self.proposed.push((self.next, level as u32, node));
            self.next += 1;
        }
        attempts
    }

    fn learn(&mut self, attempt: &Attempt, taken: &Schedule, candidates: &[Candidates]) {
        let Some(place) = self.proposed.iter().position(|(number, ..)| *number == attempt.number) else {
            return;
        };
        let (_, level, node) = self.proposed.remove(place);
        self.run[level as usize] += 1;
        self.branch(&node, taken, candidates);
    }

    fn complete(&self) -> Option<Complete> {
        let proposed = self.proposed.iter().map(|(_, level, _)| *level as usize).min();
        let open = self.open.iter().position(|nodes| !nodes.is_empty());
        let first_open = open.into_iter().chain(proposed).min().unwrap_or(self.open.len());
        let levels = first_open.checked_sub(1)?;
        Some(Complete { preemptions: levels as u32, schedules: self.run[..=levels].iter().sum() })
    }
}

/// Counts the preemptions of a schedule, step by step.
#[derive(Default)]
struct Preemptions {
    count: u32,
    /// The thread that took the last step.
    last: Option<ThreadId>,
}

impl Preemptions {
    /// What it costs that `thread` is chosen. Whom to wake is chosen for nothing.
    fn cost(&self, thread: ThreadId, candidates: Candidates) -> u32 {
        match (candidates, self.last) {
            (Candidates::Step { ready, reluctant }, Some(last)) => {
                u32::from(thread != last && ready.contains(last) || reluctant.contains(thread))
            }
            _ => 0,
        }
    }

    fn follow(&mut self, step: ThreadId, candidates: Candidates) {
        self.count += self.cost(step, candidates);
        if matches!(candidates, Candidates::Step { .. }) {
            self.last = Some(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::ThreadSet;
    use crate::toy::{self, Op, Toy, plain_toys, toys};

    /// The schedules that a search runs, in its order, and what it says of them.
    fn search(toy: &Toy, preemptions: u32, batch: usize) -> (Vec<Vec<ThreadId>>, Option<Complete>) {
        let mut search = Bounded::new(preemptions);
        let mut found = Vec::new();
        loop {
            let attempts = search.propose(batch);
            if attempts.is_empty() {
                return (found, search.complete());
            }
            for attempt in attempts {
                let ran = toy::run(toy, attempt.request, &attempt.steps);
                search.learn(&attempt, &ran.schedule, &ran.candidates);
                found.push(ran.schedule.steps);
            }
        }
    }

    /// Holds a search that says "all" to its word.
    #[track_caller]
    fn has_all(toy: &Toy, preemptions: u32) {
        let (found, complete) = search(toy, preemptions, 7);
        let distinct: BTreeSet<_> = found.iter().cloned().collect();
        let all = toy::all_schedules(toy, preemptions);
        assert_eq!(distinct.len(), found.len(), "each is run once");
        assert_eq!(distinct.difference(&all).next(), None, "one too many in {toy:?}");
        assert_eq!(all.difference(&distinct).next(), None, "one is missing in {toy:?}");
        assert_eq!(complete, Some(Complete { preemptions, schedules: found.len() as u64 }));
    }

    fn adds(count: usize) -> Vec<Op> {
        vec![Op::Add(0); count]
    }

    #[test]
    fn without_preemption_there_are_the_orders_of_the_threads() {
        let toy = vec![adds(3), adds(3)];
        has_all(&toy, 0);
        assert_eq!(search(&toy, 0, 10).0.len(), 2);
    }

    #[test]
    fn with_enough_preemptions_there_are_all_interleavings_once_each() {
        for batch in [1, 7] {
            // Six over three.
            assert_eq!(search(&vec![adds(3), adds(3)], 6, batch).0.len(), 20);
        }
        // Nine over three, times six over three.
        assert_eq!(search(&vec![adds(3), adds(3), adds(3)], 9, 7).0.len(), 1680);
    }

    #[test]
    fn who_gives_way_sleeps_or_spins_goes_on_in_some_schedule() {
        const ENOUGH: u32 = 50;
        let others = vec![Op::Load(1), Op::Load(1)];
        has_all(&vec![vec![Op::Yield, Op::Add(1)], others.clone()], ENOUGH);
        has_all(&vec![vec![Op::Sleep(5), Op::Add(1)], others.clone()], ENOUGH);
        has_all(&vec![vec![Op::Sleep(5), Op::Add(1)], vec![Op::Sleep(5), Op::Add(1)]], ENOUGH);
        let spins = [vec![Op::Load(0); 13], vec![Op::Add(1)]].concat();
        has_all(&vec![spins, others], ENOUGH);
    }

    #[test]
    fn two_that_give_way_to_each_other_come_to_an_end_at_every_bound() {
        let waits = vec![Op::Yield; 30];
        let (found, complete) = search(&vec![waits.clone(), waits], 1, 7);
        assert!(complete.is_some() && found.len() < 2_000, "{}", found.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn all_schedules_with_few_preemptions_are_all(toy in plain_toys(), preemptions in 0u32..3) {
            has_all(&toy, preemptions);
        }

        #[test]
        fn no_schedule_is_beyond_all_bounds(toy in toys()) {
            has_all(&toy, 100);
        }
    }

    #[test]
    fn a_level_is_complete_when_nothing_of_it_is_open() {
        let toy = vec![adds(2), adds(2)];
        let mut search = Bounded::new(1);
        for expected in [None, None, Some(Complete { preemptions: 0, schedules: 2 })] {
            assert_eq!(search.complete(), expected);
            for attempt in search.propose(1) {
                let ran = toy::run(&toy, attempt.request, &attempt.steps);
                search.learn(&attempt, &ran.schedule, &ran.candidates);
            }
        }
    }

    #[test]
    fn who_wakes_another_one_goes_on_for_nothing() {
        let mut preemptions = Preemptions::default();
        let step = |set| Candidates::Step { ready: ThreadSet(set), reluctant: ThreadSet::EMPTY };
        let wake = Candidates::Wake { waiters: ThreadSet(0b110) };
        for (thread, candidates) in [(0, step(0b001)), (1, wake), (0, step(0b011))] {
            preemptions.follow(thread, candidates);
        }
        assert_eq!((preemptions.count, preemptions.cost(1, step(0b011))), (0, 1));
    }
}
