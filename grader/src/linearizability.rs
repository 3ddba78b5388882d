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
pub enum Answer<State> {
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
) -> Answer<M::State> {
    Search { model, history, seen: HashSet::new(), farthest: None }.run(initial, budget)
}

struct Search<'a, M: Model> {
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

impl<M: Model> Search<'_, M> {
    /// Depth first with a stack of its own: histories may be longer than a thread's stack is deep.
    fn run(mut self, initial: M::State, budget: usize) -> Answer<M::State> {
        let mut open = vec![(vec![0; self.history.len()], initial)];
        while let Some(configuration) = open.pop() {
            if self.seen.contains(&configuration) {
                continue;
            }
            if self.seen.len() == budget {
                return Answer::Unknown;
            }
            let Some((process, due)) = self.most_urgent(&configuration.0) else {
                return Answer::Linearizable;
            };
            self.remember_farthest(&configuration, process, due);
            self.expand(&configuration, due, &mut open);
            self.seen.insert(configuration);
        }
        // Something was looked at, as the budget is not used up, and was not the end.
        self.farthest.map_or(Answer::Unknown, |farthest| Answer::Contradiction(farthest.stuck))
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
    fn expand(
        &self,
        (done, state): &Configuration<M::State>,
        due: usize,
        open: &mut Vec<Configuration<M::State>>,
    ) {
        let next = |process: usize| self.history[process].get(done[process]);
        // What begins after `due` is preceded by the operation that is due then.
        let may_come = |&process: &usize| next(process).is_some_and(|operation| operation.begins <= due);
        let mut processes: Vec<usize> = (0..done.len()).filter(may_come).collect();
        processes.sort_by_key(|&process| Reverse(next(process).map(|operation| operation.ends)));
        for process in processes {
            let after = next(process).and_then(|operation| self.model.apply(state, &operation.op));
            open.extend(after.map(|state| {
                let mut done = done.clone();
                done[process] += 1;
                (done, state)
            }));
        }
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
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// A register that is written and read: its state depends on the order, not only on the set.
    struct Register;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Op {
        Write(u8),
        /// With the value that was read.
        Read(u8),
    }

    impl Model for Register {
        type State = u8;
        type Op = Op;

        fn apply(&self, &state: &u8, &op: &Op) -> Option<u8> {
            match op {
                Op::Write(value) => Some(value),
                Op::Read(value) => (value == state).then_some(state),
            }
        }
    }

    fn op(op: Op, begins: usize, ends: usize) -> Timed<Op> {
        Timed { op, begins, ends }
    }

    fn check_register(history: &History<Op>) -> Answer<u8> {
        check(&Register, 0, history, 100_000)
    }

    /// Tries every order that keeps each process's own, and then asks the definition.
    fn explained_by_some_permutation(
        history: &History<Op>,
        done: &mut Vec<usize>,
        order: &mut Vec<Timed<Op>>,
    ) -> bool {
        if done.iter().zip(history).all(|(&count, process)| count == process.len()) {
            return is_explanation(order);
        }
        (0..history.len()).any(|process| {
            let Some(next) = history[process].get(done[process]) else { return false };
            order.push(next.clone());
            done[process] += 1;
            let explained = explained_by_some_permutation(history, done, order);
            done[process] -= 1;
            order.pop();
            explained
        })
    }

    fn is_explanation(order: &[Timed<Op>]) -> bool {
        let in_time =
            (0..order.len()).all(|at| order[..at].iter().all(|earlier| earlier.begins <= order[at].ends));
        in_time && order.iter().try_fold(0, |state, timed| Register.apply(&state, &timed.op)).is_some()
    }

    fn brute_force(history: &History<Op>) -> bool {
        explained_by_some_permutation(history, &mut vec![0; history.len()], &mut Vec::new())
    }

    fn any_op() -> impl Strategy<Value = Op> {
        prop_oneof![(0..3_u8).prop_map(Op::Write), (0..3_u8).prop_map(Op::Read)]
    }

    /// Up to three processes with up to eight operations in all, at any intervals. Moments are
    /// unique, as lines of an output are.
    fn any_history() -> impl Strategy<Value = Vec<Vec<Timed<Op>>>> {
        let events = prop::collection::vec((0..3_usize, any_op()), 0..8);
        (events, prop::collection::vec(0..4_usize, 8)).prop_map(|(events, widths)| {
            let mut history = vec![Vec::new(); 3];
            for (at, ((process, op), width)) in events.into_iter().zip(widths).enumerate() {
                let own: &mut Vec<Timed<Op>> = &mut history[process];
                let free = own.last().map_or(0, |last| last.ends + 1);
                own.push(Timed { op, begins: free.max((at + 1).saturating_sub(width)), ends: at + 1 });
            }
            history
        })
    }

    /// A history made by applying operations one after another: what was read is what was there.
    /// Each took effect at an odd moment; its interval reaches around that as far as its own
    /// process allows.
    fn linearizable_history() -> impl Strategy<Value = Vec<Vec<Timed<Op>>>> {
        prop::collection::vec((0..3_usize, any_op(), 0..6_usize, 0..6_usize), 0..9).prop_map(|steps| {
            let mut history = vec![Vec::<Timed<Op>>::new(); 3];
            let mut state = 0;
            for (at, (process, op, early, late)) in steps.into_iter().enumerate() {
                let op = if let Op::Read(_) = op { Op::Read(state) } else { op };
                state = Register.apply(&state, &op).unwrap();
                let moment = 10 * at + 5;
                let own = &mut history[process];
                if let Some(last) = own.last_mut() {
                    last.ends = last.ends.min(moment - 2);
                }
                let free = own.last().map_or(0, |last| last.ends + 1);
                own.push(Timed {
                    op,
                    begins: free.max(moment.saturating_sub(8 * early)),
                    ends: moment + 8 * late,
                });
            }
            history
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(0), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_done_in_some_order_is_linearizable(history in linearizable_history()) {
            prop_assert_eq!(check_register(&history), Answer::Linearizable);
        }

        #[test]
        fn any_history_is_judged_as_by_trying_all_orders(history in any_history()) {
            let linearizable = check_register(&history) == Answer::Linearizable;
            prop_assert_eq!(linearizable, brute_force(&history), "{:?}", history);
        }

        #[test]
        fn a_changed_result_is_judged_as_by_trying_all_orders(
            mut history in linearizable_history(), process in 0..3_usize, index in any::<prop::sample::Index>(), read in 0..3_u8
        ) {
            if !history[process].is_empty() {
                let index = index.index(history[process].len());
                history[process][index].op = Op::Read(read);
            }
            let linearizable = check_register(&history) == Answer::Linearizable;
            prop_assert_eq!(linearizable, brute_force(&history), "{:?}", history);
        }
    }

    #[test]
    fn a_read_may_see_a_write_that_overlaps_it_or_not() {
        for seen in [0, 1] {
            let history = [vec![op(Op::Write(1), 0, 5)], vec![op(Op::Read(seen), 1, 3)]];
            assert_eq!(check_register(&history), Answer::Linearizable);
        }
    }

    #[test]
    fn a_read_that_begins_after_a_write_has_ended_must_see_it() {
        let history = [vec![op(Op::Write(1), 0, 2)], vec![op(Op::Read(0), 3, 4)]];
        let stuck = Stuck { process: 1, index: 0, state: 1 };
        assert_eq!(check_register(&history), Answer::Contradiction(stuck));
    }

    #[test]
    fn two_readers_must_agree_on_the_order_of_two_writes() {
        let reader = |first, second| vec![op(Op::Read(first), 0, 3), op(Op::Read(second), 4, 9)];
        let writers = [vec![op(Op::Write(1), 0, 9)], vec![op(Op::Write(2), 0, 9)]];
        let [one, two] = writers;
        assert_eq!(
            check_register(&[one.clone(), two.clone(), reader(1, 2), reader(1, 2)]),
            Answer::Linearizable
        );
        assert!(matches!(check_register(&[one, two, reader(1, 2), reader(2, 1)]), Answer::Contradiction(_)));
    }

    #[test]
    fn the_operation_that_no_order_gets_past_is_named() {
        let history = [
            vec![op(Op::Write(1), 0, 1), op(Op::Write(2), 2, 9)],
            vec![op(Op::Read(1), 0, 3), op(Op::Read(0), 4, 5), op(Op::Read(2), 6, 7)],
        ];
        let Answer::Contradiction(stuck) = check_register(&history) else { panic!("it was explained") };
        assert_eq!((stuck.process, stuck.index), (1, 1));
    }

    #[test]
    fn a_search_without_budget_claims_nothing() {
        let history = [vec![op(Op::Read(1), 0, 1)]];
        assert_eq!(check(&Register, 0, &history, 0), Answer::Unknown);
        assert!(matches!(check(&Register, 0, &history, 1), Answer::Contradiction(_)));
    }

    #[test]
    fn an_empty_history_is_linearizable() {
        assert_eq!(check_register(&[]), Answer::Linearizable);
        assert_eq!(check_register(&[Vec::new(), Vec::new()]), Answer::Linearizable);
    }

    #[test]
    fn independent_operations_are_not_tried_in_all_their_orders() {
        let writer = |_| (0..10).map(|at| op(Op::Write(1), 2 * at, 2 * at + 1)).collect();
        let history: Vec<Vec<Timed<Op>>> = (0..4).map(writer).chain([vec![op(Op::Read(9), 0, 30)]]).collect();
        // The orders number (4!)^10; after each there is one of two states.
        assert!(matches!(check(&Register, 0, &history, 1_000), Answer::Contradiction(_)));
    }
}
