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

    fn only_looks(&self, op: &Op) -> bool {
        matches!(op, Op::Read(_))
    }
}

fn op(op: Op, begins: usize, ends: usize) -> Timed<Op> {
    Timed { op, begins, ends }
}

fn check_register(history: &History<Op>) -> Decision<u8> {
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
        prop_assert_eq!(check_register(&history), Decision::Linearizable);
    }

    #[test]
    fn any_history_is_judged_as_by_trying_all_orders(history in any_history()) {
        let linearizable = check_register(&history) == Decision::Linearizable;
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
        let linearizable = check_register(&history) == Decision::Linearizable;
        prop_assert_eq!(linearizable, brute_force(&history), "{:?}", history);
    }
}

#[test]
fn a_read_may_see_a_write_that_overlaps_it_or_not() {
    for seen in [0, 1] {
        let history = [vec![op(Op::Write(1), 0, 5)], vec![op(Op::Read(seen), 1, 3)]];
        assert_eq!(check_register(&history), Decision::Linearizable);
    }
}

#[test]
fn a_read_that_begins_after_a_write_has_ended_must_see_it() {
    let history = [vec![op(Op::Write(1), 0, 2)], vec![op(Op::Read(0), 3, 4)]];
    let stuck = Stuck { process: 1, index: 0, state: 1 };
    assert_eq!(check_register(&history), Decision::Contradiction(stuck));
}

#[test]
fn two_readers_must_agree_on_the_order_of_two_writes() {
    let reader = |first, second| vec![op(Op::Read(first), 0, 3), op(Op::Read(second), 4, 9)];
    let writers = [vec![op(Op::Write(1), 0, 9)], vec![op(Op::Write(2), 0, 9)]];
    let [one, two] = writers;
    assert_eq!(
        check_register(&[one.clone(), two.clone(), reader(1, 2), reader(1, 2)]),
        Decision::Linearizable
    );
    assert!(matches!(check_register(&[one, two, reader(1, 2), reader(2, 1)]), Decision::Contradiction(_)));
}

#[test]
fn the_operation_that_no_order_gets_past_is_named() {
    let history = [
        vec![op(Op::Write(1), 0, 1), op(Op::Write(2), 2, 9)],
        vec![op(Op::Read(1), 0, 3), op(Op::Read(0), 4, 5), op(Op::Read(2), 6, 7)],
    ];
    let Decision::Contradiction(stuck) = check_register(&history) else { panic!("it was explained") };
    assert_eq!((stuck.process, stuck.index), (1, 1));
}

#[test]
fn a_search_without_budget_claims_nothing() {
    let history = [vec![op(Op::Read(1), 0, 1)]];
    assert_eq!(check(&Register, 0, &history, 0), Decision::Unknown);
    assert!(matches!(check(&Register, 0, &history, 1), Decision::Contradiction(_)));
}

#[test]
fn an_empty_history_is_linearizable() {
    assert_eq!(check_register(&[]), Decision::Linearizable);
    assert_eq!(check_register(&[Vec::new(), Vec::new()]), Decision::Linearizable);
}

#[test]
fn independent_operations_are_not_tried_in_all_their_orders() {
    let writer = |_| (0..10).map(|at| op(Op::Write(1), 2 * at, 2 * at + 1)).collect();
    let history: Vec<Vec<Timed<Op>>> = (0..4).map(writer).chain([vec![op(Op::Read(9), 0, 30)]]).collect();
    // The orders number (4!)^10; after each there is one of two states.
    assert!(matches!(check(&Register, 0, &history, 1_000), Decision::Contradiction(_)));
}
