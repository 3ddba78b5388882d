//! All schedules with at most so many preemptions, depth first.
//!
//! A *preemption* takes the processor from a thread that could go on. Most bugs need very few of
//! them, and there are polynomially many schedules with a bounded number (Musuvathi and Qadeer:
//! Iterative Context Bounding for Systematic Testing of Multithreaded Programs, PLDI 2007). As
//! there, all schedules with none are tried before those with one, and so on; which thread follows
//! one that waits, and who is woken by a wake that has a choice, is always branched over.
//!
//! A node of the tree is the beginning of a schedule. Its run goes on without preemption; each
//! step behind the beginning at which another thread could have gone on is a new node. Wakes without
//! a reason and early time-outs are not part of the tree: the portfolio has them.

use std::sync::Arc;

use schedule::{Schedule, ThreadId, ThreadSet};

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

    fn branch(&mut self, node: &Node, taken: &Schedule, candidates: &[ThreadSet]) {
        let first_new = node.length + usize::from(node.thread.is_some());
        let steps: Arc<[ThreadId]> = taken.steps.as_slice().into();
        let mut preemptions = Preemptions::default();
        for (length, (&step, &set)) in steps.iter().zip(candidates).enumerate() {
            if length >= first_new {
                for thread in set.iter().filter(|&thread| thread != step) {
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

    fn learn(&mut self, attempt: &Attempt, taken: &Schedule, candidates: &[ThreadSet]) {
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
    /// Who could not go on when others took over. That it goes on later costs nothing: the choice of whom to
    /// wake is a step of the woken thread, after which the waking one just goes on.
    aside: Option<ThreadId>,
}

impl Preemptions {
    /// What a step of `thread` costs where `candidates` can go on: never more than it should.
    fn cost(&self, thread: ThreadId, candidates: ThreadSet) -> u32 {
        let Some(last) = self.last else { return 0 };
        u32::from(candidates.contains(last) && thread != last && self.aside != Some(thread))
    }

    fn follow(&mut self, step: ThreadId, candidates: ThreadSet) {
        self.count += self.cost(step, candidates);
        self.aside = match self.last {
            Some(last) if !candidates.contains(last) => self.aside.or(Some(last)),
            _ => None,
        };
        self.last = Some(step);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Two threads of `lengths` steps each that never wait; runs the beginning, then straight on.
    fn run(lengths: [usize; 2], beginning: &[ThreadId]) -> (Schedule, Vec<ThreadSet>) {
        let mut left = lengths;
        let (mut steps, mut sets) = (Vec::new(), Vec::new());
        while left != [0, 0] {
            let able = (0..2).filter(|&thread| left[thread as usize] > 0);
            let set = able.fold(ThreadSet::EMPTY, |mut set, thread: ThreadId| {
                set.insert(thread);
                set
            });
            let straight = steps.last().copied().filter(|&last| set.contains(last)).unwrap_or(set.nth(0));
            let step = beginning.get(steps.len()).copied().unwrap_or(straight);
            left[usize::from(step)] -= 1;
            steps.push(step);
            sets.push(set);
        }
        (Schedule::new(steps), sets)
    }

    fn all(lengths: [usize; 2], preemptions: u32, batch: usize) -> (Vec<Vec<ThreadId>>, Option<Complete>) {
        let mut search = Bounded::new(preemptions);
        let mut found = Vec::new();
        loop {
            let attempts = search.propose(batch);
            if attempts.is_empty() {
                return (found, search.complete());
            }
            for attempt in attempts {
                let (taken, sets) = run(lengths, &attempt.steps);
                search.learn(&attempt, &taken, &sets);
                found.push(taken.steps);
            }
        }
    }

    #[test]
    fn without_preemption_there_are_the_orders_of_the_threads() {
        let (found, complete) = all([3, 3], 0, 10);
        assert_eq!(found.len(), 2);
        assert_eq!(complete, Some(Complete { preemptions: 0, schedules: 2 }));
    }

    #[test]
    fn with_enough_preemptions_there_are_all_interleavings_once_each() {
        for batch in [1, 7] {
            let (found, complete) = all([3, 3], 6, batch);
            let distinct: HashSet<_> = found.iter().collect();
            // Six over three.
            assert_eq!((found.len(), distinct.len()), (20, 20));
            assert_eq!(complete.map(|complete| complete.schedules), Some(20));
        }
    }

    #[test]
    fn a_level_is_complete_when_nothing_of_it_is_open() {
        let mut search = Bounded::new(1);
        let first = search.propose(1).remove(0);
        assert_eq!(search.complete(), None);
        let (taken, sets) = run([2, 2], &first.steps);
        search.learn(&first, &taken, &sets);
        assert_eq!(search.complete(), None, "the other thread first is still to be run");
        let second = search.propose(1).remove(0);
        let (taken, sets) = run([2, 2], &second.steps);
        search.learn(&second, &taken, &sets);
        assert_eq!(search.complete(), Some(Complete { preemptions: 0, schedules: 2 }));
    }

    #[test]
    fn who_wakes_another_one_goes_on_for_nothing() {
        let mut preemptions = Preemptions::default();
        let sets = [ThreadSet(0b001), ThreadSet(0b110), ThreadSet(0b111)];
        for (step, set) in [0, 1, 0].into_iter().zip(sets) {
            preemptions.follow(step, set);
        }
        assert_eq!(preemptions.count, 0);
    }
}
