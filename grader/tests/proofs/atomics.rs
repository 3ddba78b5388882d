//! Atomics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::SeqCst};
use std::thread;

use crate::Named;
use crate::common::{LAST, Marks, as_number, long, three, two};

pub const ALL: &[Named] = &[
    ("right-atomic-2x2", || atomic(2, 2)),
    ("right-atomic-3x2", || atomic(3, 2)),
    ("right-atomic-2x4", || atomic(2, 4)),
    ("right-apart", right_apart),
    ("right-exchange", right_exchange),
    ("right-readers", right_readers),
    ("right-writer-readers", right_writer_readers),
    ("right-bytes", right_bytes),
    ("right-last-drop", right_last_drop),
    ("right-main-too", right_main_too),
    ("right-alone", right_alone),
    ("wrong-lost-update", wrong_lost_update),
    ("wrong-no-retry", wrong_no_retry),
    ("wrong-aba", wrong_aba),
    ("wrong-small", wrong_small),
    ("wrong-fetch-xor", wrong_fetch_xor),
    ("wrong-failed-exchange", wrong_failed_exchange),
    ("wrong-peterson", wrong_peterson),
    ("wrong-peterson-late", wrong_peterson_late),
    ("wrong-all-between", wrong_all_between),
    ("wrong-two-atomics", wrong_two_atomics),
    ("wrong-third-decides", wrong_third_decides),
    ("wrong-read-independent", wrong_read_independent),
    ("wrong-last-one-out", wrong_last_one_out),
    ("wrong-function-pointers", wrong_function_pointers),
    ("wrong-update", wrong_update),
    ("wrong-last-zero", wrong_last_zero),
    ("wrong-long-and-short", wrong_long_and_short),
    ("wrong-copy-chain", wrong_copy_chain),
    ("unseen-wrong-result-thread-late", unseen_wrong_result_thread_late),
    ("unseen-threads-of-threads", unseen_threads_of_threads),
];

/// Each of some threads adds so often.
fn atomic(threads: u32, times: u32) {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..times).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(count.into_inner(), threads * times);
}

/// Marks, in a thread of this number.
fn as_number_of(number: u32) -> Marks {
    as_number(number, || ());
    Marks
}

/// Two threads that have nothing to do with each other.
fn right_apart() {
    let counts = [AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for count in &counts {
            scope.spawn(|| (0..5).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(counts.map(AtomicU32::into_inner), [5, 5]);
}

/// Four orders: whole after whole, or both read first and one writes first.
fn right_exchange() {
    let count = AtomicU32::new(0);
    let add = || {
        let mut seen = count.load(SeqCst);
        while let Err(now) = count.compare_exchange(seen, seen + 1, SeqCst, SeqCst) {
            seen = now;
        }
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

/// One order: who reads only, is in nobody's way.
fn right_readers() {
    let value = AtomicU32::new(3);
    let reads = || assert_eq!(value.load(SeqCst) + value.load(SeqCst), 6);
    three(reads, reads, reads);
}

/// Nine orders: each of two readers before, between or after two writes.
fn right_writer_readers() {
    let value = AtomicU32::new(0);
    let reads = || assert!(value.load(SeqCst) < 3);
    three(|| (1..3).for_each(|number| value.store(number, SeqCst)), reads, reads);
}

/// One order: they lie side by side, but each is of one thread.
fn right_bytes() {
    let bytes = [AtomicU8::new(0), AtomicU8::new(0)];
    let add = |at: usize| (0..3).for_each(|_| _ = bytes[at].fetch_add(1, SeqCst));
    two(|| add(0), || add(1));
    assert_eq!(bytes.map(AtomicU8::into_inner), [3, 3]);
}

/// Two orders of two that let go.
fn right_last_drop() {
    static DROPS: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            DROPS.fetch_add(1, SeqCst);
        }
    }
    let shared = Arc::new(Counts);
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || drop(other));
    assert_eq!(DROPS.load(SeqCst), 1);
}

/// Two orders: main adds too.
fn right_main_too() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| count.fetch_add(1, SeqCst));
        count.fetch_add(1, SeqCst);
    });
    assert_eq!(count.into_inner(), 2);
}

/// One order: each is alone while it is there.
fn right_alone() {
    let count = AtomicU32::new(0);
    (0..3).for_each(|_| thread::scope(|scope| _ = scope.spawn(|| count.fetch_add(1, SeqCst))));
    assert_eq!(count.into_inner(), 3);
}

fn wrong_lost_update() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| count.store(count.load(SeqCst) + 1, SeqCst));
        }
    });
    assert_eq!(count.into_inner(), 2);
}

fn wrong_no_retry() {
    let count = AtomicU32::new(0);
    let add = || {
        let seen = count.load(SeqCst);
        _ = count.compare_exchange(seen, seen + 1, SeqCst, SeqCst);
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

/// It is what it was, and yet something happened.
fn wrong_aba() {
    let (value, changes) = (AtomicU32::new(0), AtomicU32::new(0));
    two(
        || {
            let (seen, before) = (value.load(SeqCst), changes.load(SeqCst));
            if value.compare_exchange(seen, 7, SeqCst, SeqCst).is_ok() {
                assert_eq!(changes.load(SeqCst), before);
            }
        },
        || {
            value.store(1, SeqCst);
            changes.fetch_add(1, SeqCst);
            value.store(0, SeqCst);
        },
    );
}

/// Of eight bits.
fn wrong_small() {
    let count = AtomicU8::new(0);
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

fn wrong_fetch_xor() {
    let bits = AtomicU32::new(0);
    two(|| _ = bits.fetch_xor(1, SeqCst), || _ = bits.fetch_nand(1, SeqCst));
    assert_ne!(bits.into_inner() & 1, 0);
}

/// An exchange that fails reads only, but it reads.
fn wrong_failed_exchange() {
    let value = AtomicU32::new(0);
    two(|| value.store(1, SeqCst), || assert!(value.compare_exchange(1, 2, SeqCst, SeqCst).is_err()));
}

/// Each stands back for the other.
fn wrong_peterson() {
    let (wants, enters) = ([AtomicBool::new(false), AtomicBool::new(false)], AtomicU32::new(0));
    let enter = |own: usize| {
        wants[own].store(true, SeqCst);
        if !wants[1 - own].load(SeqCst) {
            enters.fetch_add(1, SeqCst);
        }
    };
    two(|| enter(0), || enter(1));
    assert_eq!(enters.into_inner(), 1);
}

/// Each looks before it says that it wants.
fn wrong_peterson_late() {
    let (wants, inside) = ([AtomicBool::new(false), AtomicBool::new(false)], AtomicU32::new(0));
    let enter = |own: usize| {
        if !wants[1 - own].load(SeqCst) {
            wants[own].store(true, SeqCst);
            assert_eq!(inside.fetch_add(1, SeqCst), 0);
            inside.fetch_sub(1, SeqCst);
        }
    };
    two(|| enter(0), || enter(1));
}

/// The other runs whole between two operations.
fn wrong_all_between() {
    let value = AtomicU32::new(0);
    two(
        || {
            let before = value.load(SeqCst);
            let after = value.load(SeqCst);
            assert!(before != 0 || after != 6);
        },
        || (1..4).for_each(|number| _ = value.fetch_add(number, SeqCst)),
    );
}

/// A sum of two that was never so.
fn wrong_two_atomics() {
    let (one, other) = (AtomicU32::new(5), AtomicU32::new(5));
    two(
        || {
            one.fetch_sub(1, SeqCst);
            other.fetch_add(1, SeqCst);
        },
        || assert!(one.load(SeqCst) + other.load(SeqCst) >= 10),
    );
}

/// Two that have nothing to do with each other, and one that sees both.
fn wrong_third_decides() {
    let (one, other) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| one.store(1, SeqCst));
        scope.spawn(|| other.store(1, SeqCst));
        scope.spawn(|| assert!(one.load(SeqCst) == 1 || other.load(SeqCst) == 0));
    });
}

/// What is done depends on what was read.
fn wrong_read_independent() {
    let (one, other, last) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            if one.load(SeqCst) == 1 {
                other.store(1, SeqCst);
            }
        });
        scope.spawn(|| {
            if other.load(SeqCst) == 1 {
                last.store(1, SeqCst);
            }
        });
        scope.spawn(|| {
            one.store(1, SeqCst);
            assert_eq!(last.load(SeqCst), 0);
        });
    });
}

/// Who finds that it is last, by two operations.
fn wrong_last_one_out() {
    let (left, lasts) = (AtomicU32::new(2), AtomicU32::new(0));
    let leave = || {
        left.fetch_sub(1, SeqCst);
        if left.load(SeqCst) == 0 {
            lasts.fetch_add(1, SeqCst);
        }
    };
    two(leave, leave);
    assert_eq!(lasts.into_inner(), 1);
}

fn wrong_function_pointers() {
    let load: fn(&AtomicU32, _) -> u32 = AtomicU32::load;
    let store: fn(&AtomicU32, u32, _) = AtomicU32::store;
    let count = AtomicU32::new(0);
    let add = || store(&count, load(&count, SeqCst) + 1, SeqCst);
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

fn wrong_update() {
    let count = AtomicU32::new(1);
    two(
        || _ = count.fetch_update(SeqCst, SeqCst, |seen| (seen < 3).then_some(seen * 2)),
        || _ = count.fetch_update(SeqCst, SeqCst, |seen| (seen < 3).then_some(seen + 2)),
    );
    assert_ne!(count.into_inner(), 3);
}

/// Each takes over from its left; one looks for the last zero.
fn wrong_last_zero() {
    let cells: [AtomicU32; 3] = [AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        scope.spawn(|| {
            let zero = (0..3).rev().find(|&at| cells[at].load(SeqCst) == 0);
            assert_ne!(zero, Some(1));
        });
        for at in 1..3 {
            let cells = &cells;
            scope.spawn(move || cells[at].store(cells[at - 1].load(SeqCst) + 1, SeqCst));
        }
    });
}

/// A long thread, and two short ones that meet in one place of it.
fn wrong_long_and_short() {
    let (value, other) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| (0..6).for_each(|_| _ = value.fetch_add(10, SeqCst)));
        scope.spawn(|| other.store(value.load(SeqCst), SeqCst));
        scope.spawn(|| _ = value.fetch_add(other.load(SeqCst), SeqCst));
    });
    assert_ne!(value.into_inner(), 100);
}

/// What goes through three.
fn wrong_copy_chain() {
    let cells = [AtomicU32::new(1), AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for at in [2, 1, 0] {
            let cells = &cells;
            scope.spawn(move || cells[at + 1].store(cells[at].load(SeqCst), SeqCst));
        }
    });
    assert_eq!(cells[3].load(SeqCst), 0);
}

/// What a thread returns is dropped by who is later, the thread or who had its handle.
fn unseen_wrong_result_thread_late() {
    thread::scope(|scope| {
        let handle = scope.spawn(|| {
            long();
            as_number_of(1)
        });
        as_number(2, || drop(handle));
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

fn unseen_threads_of_threads() {
    let count = AtomicU32::new(0);
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    thread::scope(|scope| {
        scope.spawn(|| {
            scope.spawn(add);
        });
        scope.spawn(add);
    });
    assert_eq!(count.into_inner(), 2);
}
