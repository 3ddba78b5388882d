//! Random programs, in random orders and with random reads: nothing that comes of them is forbidden.

use proptest::prelude::*;

use super::{By, Op, Program, run, run_by};
use crate::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

fn op() -> impl Strategy<Value = Op> {
    let of = |orders: &'static [Order]| prop::sample::select(orders);
    let place = || 0..3_usize;
    // All values are different, when they are numbered below.
    prop_oneof![
        4 => (place(), of(&[Relaxed, Acquire, SeqCst])).prop_map(|(place, order)| Op::Load(place, order)),
        4 => (place(), of(&[Relaxed, Release, SeqCst])).prop_map(|(place, order)| Op::Store(place, 0, order)),
        1 => (place(), of(&[Relaxed, Acquire, Release, AcqRel, SeqCst]))
            .prop_map(|(place, order)| Op::Swap(place, 0, order)),
        2 => of(&[Acquire, Release, AcqRel, SeqCst]).prop_map(Op::Fence),
    ]
}

fn programs() -> impl Strategy<Value = Program> {
    prop::collection::vec(prop::collection::vec(op(), 1..7), 2..5).prop_map(|mut program| {
        for (number, op) in program.iter_mut().flatten().enumerate() {
            if let Op::Store(_, value, _) | Op::Swap(_, value, _) = op {
                *value = 1 + number as u64;
            }
        }
        program
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_execution_is_forbidden(
        program in programs(),
        turns in prop::collection::vec(any::<usize>(), 32),
        reads in prop::collection::vec(any::<usize>(), 32),
    ) {
        let (mut turns, mut reads) = (turns.into_iter().cycle(), reads.into_iter().cycle());
        let next = |alive: &[usize]| alive[turns.next().unwrap_or(0) % alive.len()];
        let outcome = run(&program, next, |choices| reads.next().unwrap_or(0) % choices);
        prop_assert_eq!(outcome.execution.broken(), None, "{:?}", outcome);
    }

    /// Where other code uses some of the locations, and not all of that is seen.
    #[test]
    fn no_execution_of_which_not_all_is_seen_is_forbidden(
        program in programs(),
        turns in prop::collection::vec(any::<usize>(), 32),
        reads in prop::collection::vec(any::<usize>(), 32),
        by in prop::collection::vec(prop::sample::select(&[By::Own, By::Own, By::Other, By::Unseen]), 32),
    ) {
        let (mut turns, mut reads) = (turns.into_iter().cycle(), reads.into_iter().cycle());
        let mut by = by.into_iter().cycle();
        let next = |alive: &[usize]| alive[turns.next().unwrap_or(0) % alive.len()];
        let choose = |choices: usize| reads.next().unwrap_or(0) % choices;
        let outcome = run_by(&program, next, choose, || by.next().unwrap_or(By::Own));
        prop_assert_eq!(outcome.execution.broken(), None, "{:?}", outcome);
    }
}
