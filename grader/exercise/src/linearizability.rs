//! Decides whether a concurrent history is *linearizable*: whether some single order of all
//! operations explains every reported result and keeps apart what did not overlap.
//!
//! The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", 1993): take
//! any operation that may come next, apply it to a sequential model, go on, go back where nothing
//! fits. As Lowe proposed ("Testing for Linearizability", 2017), configurations that led nowhere
//! are remembered: how many operations of each process are done, and the state that this led to.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hash::Hash;

/// The object as it behaves when nothing is concurrent.
pub trait Model {
    /// What the object remembers. Equal states must behave alike.
    type State: Clone + Eq + Hash;
    /// An operation together with the result that was reported for it.
    type Op;

    /// The state after `op` took effect in `state`; `None` where its reported result contradicts
    /// this state.
    fn apply(&self, state: &Self::State, op: &Self::Op) -> Option<Self::State>;

    /// Whether `op` leaves every state as it is in which it can take effect at all.
    fn only_looks(&self, op: &Self::Op) -> bool;
}

/// One operation of a history, and the interval in which it took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed<Op> {
    /// The operation with its reported result.
    pub op: Op,
    /// It took effect at this moment or later.
    pub begins: usize,
    /// It took effect at this moment or earlier. An operation precedes all that begin after this.
    pub ends: usize,
}

/// A history: the operations of each process. Those of one process follow each other in time.
pub type History<Op> = [Vec<Timed<Op>>];

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<State> {
    /// Some order explains the history.
    Linearizable,
    /// No order does.
    Contradiction(Stuck<State>),
    /// The budget was used up before either was certain.
    Unknown,
}

/// The place that no order gets past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck<State> {
    /// The process of the operation that no order explains.
    pub process: usize,
    /// Its place among the operations of that process, from 0.
    pub index: usize,
    /// The state in which the order that got farthest arrives at it.
    pub state: State,
}

/// Looks for an order that explains `history`, from the state `initial` on. Looks at no more than
/// `budget` configurations.
pub fn check<M: Model>(
    model: &M,
    initial: M::State,
    history: &History<M::Op>,
    budget: usize,
) -> Decision<M::State> {
    OrderSearch { model, history, seen: HashSet::new(), farthest: None }.run(initial, budget)
}

struct OrderSearch<'a, M: Model> {
    model: &'a M,
    history: &'a History<M::Op>,
    seen: HashSet<Configuration<M::State>>,
    farthest: Option<Farthest<M::State>>,
}

/// How many operations of each process are done, and what this led to.
type Configuration<State> = (Vec<usize>, State);

/// The configuration in which the operation that is due by the earliest moment is due latest.
struct Farthest<State> {
    due: usize,
    done: usize,
    stuck: Stuck<State>,
}

impl<M: Model> OrderSearch<'_, M> {
    /// Depth first with a stack of its own: histories may be longer than a thread's stack is deep.
    fn run(mut self, initial: M::State, budget: usize) -> Decision<M::State> {
        let mut open = vec![(vec![0; self.history.len()], initial)];
        while let Some(configuration) = open.pop() {
            if self.seen.contains(&configuration) {
                continue;
            }
            if self.seen.len() == budget {
                return Decision::Unknown;
            }
            let Some((process, due)) = self.most_urgent(&configuration.0) else {
                return Decision::Linearizable;
            };
            self.remember_farthest(&configuration, process, due);
            self.expand(&configuration, due, &mut open);
            self.seen.insert(configuration);
        }
        // Something was looked at, as the budget is not used up, and was not the end.
        self.farthest.map_or(Decision::Unknown, |farthest| Decision::Contradiction(farthest.stuck))
    }

    /// Of all operations not done, the process of the one that must be done by the earliest
    /// moment, and that moment. `None` when all are done.
    fn most_urgent(&self, done: &[usize]) -> Option<(usize, usize)> {
        let next =
            |(process, &count): (usize, &usize)| Some((process, self.history[process].get(count)?.ends));
        done.iter().enumerate().filter_map(next).min_by_key(|&(_, ends)| ends)
    }

    /// Puts onto `open` what may come next, the most urgent last, as that is popped first: it is
    /// the likeliest, so a history that is linearizable seldom needs a step back.
    ///
    /// What only looks and may come now comes now: it could as well stand here in any order that
    /// has it later.
    fn expand(
        &self,
        (done, state): &Configuration<M::State>,
        due: usize,
        open: &mut Vec<Configuration<M::State>>,
    ) {
        let mut next = self.candidates(done, due);
        next.sort_by_key(|&(_, operation)| Reverse(operation.ends));
        let first = open.len();
        for (process, Timed { op, .. }) in next {
            let Some(after) = self.model.apply(state, op) else { continue };
            let mut done = done.clone();
            done[process] += 1;
            if self.model.only_looks(op) {
                open.truncate(first);
                open.push((done, after));
                return;
            }
            open.push((done, after));
        }
    }

    /// The operations that nothing still to be done precedes, with their processes. What begins
    /// after `due` is preceded by the operation that is due then.
    fn candidates(&self, done: &[usize], due: usize) -> Vec<(usize, &Timed<M::Op>)> {
        let next = |(process, &count): (usize, &usize)| Some((process, self.history[process].get(count)?));
        done.iter().enumerate().filter_map(next).filter(|(_, operation)| operation.begins <= due).collect()
    }

    fn remember_farthest(&mut self, (done, state): &Configuration<M::State>, process: usize, due: usize) {
        let count = done.iter().sum();
        if self.farthest.as_ref().is_none_or(|farthest| (farthest.due, farthest.done) < (due, count)) {
            let stuck = Stuck { process, index: done[process], state: state.clone() };
            self.farthest = Some(Farthest { due, done: count, stuck });
        }
    }
}

#[cfg(test)]
mod tests;
