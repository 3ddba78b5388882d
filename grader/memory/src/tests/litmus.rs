//! The programs by which memory models are told apart, each run in every order and with every read that may be: what the
//! standard allows of it is found (but for loads of what is stored later), and nothing else.

use std::collections::BTreeSet;

use super::Op::{Fence, Load, Store, Swap};
use super::{Program, run};
use crate::Order::{AcqRel, Acquire, Relaxed, Release, SeqCst};

const X: usize = 0;
const Y: usize = 1;

/// What all threads can read, one after the other.
fn outcomes(program: &Program) -> BTreeSet<Vec<u64>> {
    let mut found = BTreeSet::new();
    // Each decision that was made, and among how many.
    let mut decisions: Vec<(usize, usize)> = Vec::new();
    loop {
        let mut made = 0;
        let mut decide = |choices: usize| {
            if made == decisions.len() {
                decisions.push((0, choices));
            }
            made += 1;
            decisions[made - 1].0
        };
        let decide = std::cell::RefCell::new(&mut decide);
        let next = |alive: &[usize]| alive[(decide.borrow_mut())(alive.len())];
        let outcome = run(program, next, |choices| (decide.borrow_mut())(choices));
        assert_eq!(outcome.execution.broken(), None, "{outcome:?}");
        found.insert(outcome.reads.concat());
        while decisions.pop_if(|(made, choices)| *made + 1 == *choices).is_some() {}
        match decisions.last_mut() {
            Some((made, _)) => *made += 1,
            None => return found,
        }
    }
}

fn can(program: Program, reads: &[u64]) -> bool {
    outcomes(&program).contains(reads)
}

#[test]
fn message_passing_needs_both_sides() {
    let of = |release, acquire| {
        vec![vec![Store(X, 1, Relaxed), Store(Y, 1, release)], vec![Load(Y, acquire), Load(X, Relaxed)]]
    };
    assert!(can(of(Relaxed, Relaxed), &[1, 0]));
    assert!(can(of(Release, Relaxed), &[1, 0]));
    assert!(can(of(Relaxed, Acquire), &[1, 0]));
    for (release, acquire) in [(Release, Acquire), (SeqCst, SeqCst)] {
        let found = outcomes(&of(release, acquire));
        assert_eq!(found, BTreeSet::from([vec![0, 0], vec![0, 1], vec![1, 1]]));
    }
}

#[test]
fn message_passing_by_fences() {
    let of = |first: &[_], second: &[_]| {
        let sender = [&[Store(X, 1, Relaxed)], first, &[Store(Y, 1, Relaxed)]].concat();
        vec![sender, [&[Load(Y, Relaxed)], second, &[Load(X, Relaxed)]].concat()]
    };
    assert!(can(of(&[Fence(Release)], &[]), &[1, 0]));
    assert!(can(of(&[], &[Fence(Acquire)]), &[1, 0]));
    assert!(!can(of(&[Fence(Release)], &[Fence(Acquire)]), &[1, 0]));
}

#[test]
fn store_buffering_needs_sequential_consistency() {
    let of = |store, load, fence: &[_]| {
        let thread = |mine, other| [&[Store(mine, 1, store)], fence, &[Load(other, load)]].concat();
        vec![thread(X, Y), thread(Y, X)]
    };
    assert!(can(of(Release, Acquire, &[]), &[0, 0]));
    assert!(can(of(SeqCst, Acquire, &[]), &[0, 0]));
    assert!(can(of(Release, SeqCst, &[]), &[0, 0]));
    assert!(can(of(Relaxed, Relaxed, &[Fence(AcqRel)]), &[0, 0]));
    assert!(!can(of(SeqCst, SeqCst, &[]), &[0, 0]));
    assert!(!can(of(Relaxed, Relaxed, &[Fence(SeqCst)]), &[0, 0]));
}

#[test]
fn two_readers_may_disagree_about_two_writers() {
    let of = |store, load| {
        let reader = |first, second| vec![Load(first, load), Load(second, load)];
        vec![vec![Store(X, 1, store)], vec![Store(Y, 1, store)], reader(X, Y), reader(Y, X)]
    };
    assert!(can(of(Release, Acquire), &[1, 0, 1, 0]));
    assert!(!can(of(SeqCst, SeqCst), &[1, 0, 1, 0]));
}

#[test]
fn nobody_reads_a_location_backwards() {
    let reader = vec![Load(X, Relaxed), Load(X, Relaxed)];
    let found = outcomes(&vec![vec![Store(X, 1, Relaxed), Store(X, 2, Relaxed)], reader]);
    assert!(found.iter().all(|reads| reads[0] <= reads[1]), "{found:?}");
    assert_eq!(found.len(), 6);
}

#[test]
fn what_was_learnt_from_one_is_passed_on() {
    let of = |pass| {
        vec![
            vec![Store(X, 1, Relaxed)],
            vec![Load(X, Relaxed), Store(Y, 1, pass)],
            vec![Load(Y, Acquire), Load(X, Relaxed)],
        ]
    };
    assert!(can(of(Relaxed), &[1, 1, 0]));
    assert!(!can(of(Release), &[1, 1, 0]));
}

#[test]
fn updates_go_on_with_a_release_sequence_and_stores_end_it() {
    let of = |between| {
        vec![
            vec![Store(X, 1, Relaxed), Store(Y, 1, Release)],
            vec![between],
            vec![Load(Y, Acquire), Load(X, Relaxed)],
        ]
    };
    let update = outcomes(&of(Swap(Y, 2, Relaxed)));
    // The update after the release has read 1.
    assert!(!update.contains(&vec![1, 2, 0]), "{update:?}");
    assert!(update.contains(&vec![0, 2, 0]));
    assert!(can(of(Store(Y, 2, Relaxed)), &[2, 0]));
    let own = vec![
        vec![Store(X, 1, Relaxed), Store(Y, 1, Release), Store(Y, 2, Relaxed)],
        vec![Load(Y, Acquire), Load(X, Relaxed)],
    ];
    assert!(can(own, &[2, 0]), "since C++20 also where the same thread stores");
}

#[test]
fn updates_read_the_newest() {
    let program = vec![vec![Swap(X, 1, Relaxed)], vec![Swap(X, 2, Relaxed)]];
    assert_eq!(outcomes(&program), BTreeSet::from([vec![0, 1], vec![2, 0]]));
}

/// Two threads want in (Peterson's lock, the first look): each says so, gives way to the other, and goes in where the other
/// does not want to, or gives way. A fence before the look is not enough: the giving way may be seen before the wish.
#[test]
fn petersons_lock_needs_two_fences_or_sequential_consistency() {
    const TURN: usize = 2;
    let both_in = |store, load, middle: &[_], last: &[_]| {
        let thread = |mine, other, others_turn| {
            let wants = [&[Store(mine, 1, store)], middle, &[Store(TURN, others_turn, store)]].concat();
            [&wants, last, &[Load(other, load), Load(TURN, load)]].concat()
        };
        let found = outcomes(&vec![thread(X, Y, 2), thread(Y, X, 1)]);
        found.iter().any(|reads| (reads[0] == 0 || reads[1] == 1) && (reads[2] == 0 || reads[3] == 2))
    };
    assert!(both_in(Release, Acquire, &[], &[]));
    assert!(both_in(Relaxed, Relaxed, &[], &[Fence(SeqCst)]));
    assert!(!both_in(Relaxed, Relaxed, &[Fence(SeqCst)], &[Fence(SeqCst)]));
    assert!(!both_in(SeqCst, SeqCst, &[], &[]));
}

#[test]
fn one_side_may_have_a_fence_and_the_other_sequentially_consistent_operations() {
    let of = |last| {
        let by_fence = vec![Store(X, 1, Relaxed), Fence(SeqCst), Load(Y, Relaxed)];
        vec![by_fence, vec![Store(Y, 1, SeqCst), Load(X, last)]]
    };
    assert!(!can(of(SeqCst), &[0, 0]));
    assert!(can(of(Acquire), &[0, 0]));
}

#[test]
fn what_one_has_read_the_next_one_reads_in_the_order_of_all() {
    let of = |load| {
        vec![
            vec![Store(X, 1, Relaxed)],
            vec![Load(X, load), Load(Y, SeqCst)],
            vec![Store(Y, 1, SeqCst), Load(X, load)],
        ]
    };
    assert!(!can(of(SeqCst), &[1, 0, 0]));
    assert!(can(of(Acquire), &[1, 0, 0]));
}

#[test]
fn what_is_never_seen_is_found_where_the_standard_allows_it() {
    // A sequentially consistent load may miss a store that is none (Lahav and others, section 2).
    let program =
        vec![vec![Store(X, 1, Relaxed), Load(Y, SeqCst)], vec![Store(Y, 1, SeqCst), Load(X, SeqCst)]];
    assert!(can(program, &[0, 0]));
}
