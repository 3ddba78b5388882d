//! Mutexes.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::Named;
use crate::common::{long, three, two};

pub const ALL: &[Named] = &[
    ("right-mutex-2x1", || mutex(2, 1)),
    ("right-mutex-2x2", || mutex(2, 2)),
    ("right-mutex-3x1", || mutex(3, 1)),
    ("right-mutex-3x2", || mutex(3, 2)),
    ("right-one-thread", right_one_thread),
    ("right-two-locks", right_two_locks),
    ("right-tried", right_tried),
    ("right-dining", right_dining),
    ("right-gate", right_gate),
    ("right-round-after-round", right_round_after_round),
    ("right-three-then-one", right_three_then_one),
    ("right-tried-twice", right_tried_twice),
    ("wrong-opposite-locks", wrong_opposite_locks),
    ("wrong-one-order", wrong_one_order),
    ("wrong-between-two-locks", wrong_between_two_locks),
    ("wrong-try-lock", wrong_try_lock),
    ("wrong-try-lock-held", wrong_try_lock_held),
    ("wrong-forgotten-guard", wrong_forgotten_guard),
    ("wrong-forgotten-later", wrong_forgotten_later),
    ("wrong-dining", wrong_dining),
    ("wrong-dining-try", wrong_dining_try),
    ("wrong-self-deadlock", wrong_self_deadlock),
    ("wrong-lock-then-atomic", wrong_lock_then_atomic),
    ("wrong-drop-locks", wrong_drop_locks),
    ("wrong-second-scope", wrong_second_scope),
    ("wrong-lock-pointers", wrong_lock_pointers),
    ("wrong-gate-lock", wrong_gate_lock),
    ("wrong-deadlock-by-value", wrong_deadlock_by_value),
    ("wrong-blocked-writer", wrong_blocked_writer),
    ("wrong-swapped-locks", wrong_swapped_locks),
    ("wrong-fresh-atomics", wrong_fresh_atomics),
    ("wrong-moved-atomics", wrong_moved_atomics),
    ("wrong-four", wrong_four),
    ("wrong-flag-under-lock", wrong_flag_under_lock),
    ("wrong-tried-early", wrong_tried_early),
    ("unseen-debug-lock", unseen_debug_lock),
    ("unseen-debug-locked", unseen_debug_locked),
    ("unseen-right-both-children", unseen_right_both_children),
    ("unseen-guard-results", unseen_guard_results),
];

/// Each of some threads takes a lock so often.
fn mutex(threads: u32, times: u32) {
    let count = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..times).for_each(|_| *count.lock().unwrap() += 1));
        }
    });
    assert_eq!(count.into_inner().unwrap(), threads * times);
}

fn right_one_thread() {
    let count = Mutex::new(0);
    *count.lock().unwrap() += 1;
    assert_eq!(count.into_inner().unwrap(), 1);
}

/// In the same order.
fn right_two_locks() {
    let locks = [Mutex::new(0), Mutex::new(0)];
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut one, mut other) = (locks[0].lock().unwrap(), locks[1].lock().unwrap());
                (*one, *other) = (*other + 1, *one + 1);
            });
        }
    });
    assert_eq!(locks.map(|lock| lock.into_inner().unwrap()), [2, 2]);
}

/// Who does not get the lock goes without.
fn right_tried() {
    let (lock, got) = (Mutex::new(()), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if let Ok(_guard) = lock.try_lock() {
                    got.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert!(got.into_inner() > 0);
}

/// Six orders: of eight that three locks of two each allow, two would be cycles.
fn right_dining() {
    let forks = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    let eat = |one: usize, other: usize| *forks[one].lock().unwrap() += *forks[other].lock().unwrap();
    three(|| eat(0, 1), || eat(1, 2), || eat(0, 2));
}

/// Two orders: they lock against each other, but only one at once gets so far.
fn right_gate() {
    let [gate, a, b] = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    two(
        || {
            let _gate = gate.lock().unwrap();
            *a.lock().unwrap() += *b.lock().unwrap();
        },
        || {
            let _gate = gate.lock().unwrap();
            *b.lock().unwrap() += *a.lock().unwrap();
        },
    );
}

/// Two times two orders.
fn right_round_after_round() {
    let count = Mutex::new(0);
    let add = || *count.lock().unwrap() += 1;
    (0..2).for_each(|_| two(add, add));
    assert_eq!(*count.lock().unwrap(), 4);
}

/// Nine orders: six of the lock all take, and in half of them either of the other.
fn right_three_then_one() {
    let [all, some] = [Mutex::new(0), Mutex::new(0)];
    let add = |lock: &Mutex<u32>| *lock.lock().unwrap() += 1;
    three(
        || {
            add(&some);
            add(&all);
        },
        || {
            add(&all);
            add(&some);
        },
        || add(&all),
    );
    assert_eq!(*all.lock().unwrap(), 3);
}

/// Who tries, or gives up.
fn right_tried_twice() {
    let [one, other] = [Mutex::new(0), Mutex::new(0)];
    let add = |first: &Mutex<u32>, second: &Mutex<u32>| {
        let mut first = first.lock().unwrap();
        if let Ok(mut second) = second.try_lock() {
            (*first, *second) = (*first + 1, *second + 1);
        }
    };
    two(|| add(&one, &other), || add(&other, &one));
    assert_eq!(*one.lock().unwrap(), *other.lock().unwrap());
}

fn wrong_opposite_locks() {
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| *one.lock().unwrap() += *other.lock().unwrap());
        scope.spawn(|| *other.lock().unwrap() += *one.lock().unwrap());
    });
}

/// One of 252 orders.
fn wrong_one_order() {
    let steps = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for name in 0..2 {
            let steps = &steps;
            scope.spawn(move || (0..5).for_each(|_| steps.lock().unwrap().push(name)));
        }
    });
    assert_ne!(steps.into_inner().unwrap(), [0, 1, 1, 0, 1, 0, 0, 1, 1, 0]);
}

fn wrong_between_two_locks() {
    let money = Mutex::new(1);
    let takes = || {
        let is_enough = *money.lock().unwrap() > 0;
        if is_enough {
            let mut money = money.lock().unwrap();
            *money -= 1;
            assert!(*money >= 0);
        }
    };
    thread::scope(|scope| {
        scope.spawn(takes);
        scope.spawn(takes);
    });
}

/// Both want it at once.
fn wrong_try_lock() {
    let lock = Mutex::new(());
    let try_it = || assert!(lock.try_lock().is_ok());
    two(try_it, try_it);
}

/// One tries what another holds for no longer than an addition.
fn wrong_try_lock_held() {
    let lock = Mutex::new(0);
    two(|| *lock.lock().unwrap() += 1, || drop(lock.try_lock().unwrap()));
}

/// A lock that is never given back.
fn wrong_forgotten_guard() {
    let lock = Mutex::new(0);
    two(
        || {
            let guard = lock.lock().unwrap();
            if *guard == 1 {
                std::mem::forget(guard);
            }
        },
        || (0..2).for_each(|_| *lock.lock().unwrap() += 1),
    );
}

/// Only who comes too late waits for ever.
fn wrong_forgotten_later() {
    let lock = Mutex::new(());
    two(|| std::mem::forget(lock.lock()), || drop(lock.lock()));
}

fn wrong_dining() {
    let forks = [Mutex::new(()), Mutex::new(()), Mutex::new(())];
    thread::scope(|scope| {
        for seat in 0..3 {
            let forks = &forks;
            scope.spawn(move || {
                let _left = forks[seat].lock().unwrap();
                let _right = forks[(seat + 1) % 3].lock().unwrap();
            });
        }
    });
}

/// All go hungry.
fn wrong_dining_try() {
    let (forks, meals) = ([Mutex::new(()), Mutex::new(()), Mutex::new(())], AtomicU32::new(0));
    thread::scope(|scope| {
        for seat in 0..3 {
            let (forks, meals) = (&forks, &meals);
            scope.spawn(move || {
                let _left = forks[seat].lock().unwrap();
                if let Ok(_right) = forks[(seat + 1) % 3].try_lock() {
                    meals.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_ne!(meals.into_inner(), 0);
}

fn wrong_self_deadlock() {
    let (lock, count) = (Mutex::new(0), AtomicU32::new(0));
    two(
        || {
            let _guard = lock.lock().unwrap();
            if count.load(SeqCst) == 1 {
                drop(lock.lock().unwrap());
            }
        },
        || (0..2).for_each(|_| _ = count.fetch_add(1, SeqCst)),
    );
}

/// A lock does not help against who does not take it.
fn wrong_lock_then_atomic() {
    let (lock, count) = (Mutex::new(()), AtomicU32::new(0));
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = lock.lock().unwrap();
            add();
        });
        scope.spawn(|| {
            let _guard = lock.lock().unwrap();
            add();
        });
        scope.spawn(add);
    });
    assert_eq!(count.into_inner(), 3);
}

/// A value that takes a lock when it goes, under the other lock.
fn wrong_drop_locks() {
    struct Locks<'a>(&'a Mutex<u32>);
    impl Drop for Locks<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    two(
        || {
            let _locks = Locks(&one);
            let _guard = other.lock().unwrap();
        },
        || {
            let _guard = one.lock().unwrap();
            drop(Locks(&other));
        },
    );
    assert_eq!(*one.lock().unwrap(), 1);
    two(
        || {
            let _guard = one.lock().unwrap();
            drop(Locks(&other));
        },
        || {
            let _guard = other.lock().unwrap();
            drop(Locks(&one));
        },
    );
}

/// Wrong only in a second round, after the first was this way.
fn wrong_second_scope() {
    let steps = Mutex::new(String::new());
    for _ in 0..2 {
        two(|| steps.lock().unwrap().push('a'), || steps.lock().unwrap().push('b'));
    }
    assert_ne!(*steps.lock().unwrap(), "baab");
}

fn wrong_lock_pointers() {
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    let sum = |locks: [&Mutex<u32>; 2]| {
        let guards: Vec<_> = locks.into_iter().map(Mutex::lock).map(Result::unwrap).collect();
        guards.into_iter().map(|guard| *guard).sum::<u32>()
    };
    two(|| _ = sum([&one, &other]), || _ = sum([&other, &one]));
}

/// A third lock guards the two, but not for all.
fn wrong_gate_lock() {
    let [gate, a, b] = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    thread::scope(|scope| {
        scope.spawn(|| {
            let _gate = gate.lock().unwrap();
            *a.lock().unwrap() += *b.lock().unwrap();
        });
        scope.spawn(|| {
            drop(gate.lock().unwrap());
            *b.lock().unwrap() += *a.lock().unwrap();
        });
    });
}

/// They lock against each other only if a third has said so in between.
fn wrong_deadlock_by_value() {
    let (a, b, is_set) = (Mutex::new(0), Mutex::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let (one, other) = if is_set.load(SeqCst) { (&b, &a) } else { (&a, &b) };
            *one.lock().unwrap() += *other.lock().unwrap();
        });
        scope.spawn(|| *a.lock().unwrap() += *b.lock().unwrap());
        scope.spawn(|| is_set.store(true, SeqCst));
    });
}

/// What happens while another waits for a lock.
fn wrong_blocked_writer() {
    let (lock, value) = (Mutex::new(0), AtomicU32::new(0));
    two(
        || {
            let guard = lock.lock().unwrap();
            let before = value.load(SeqCst);
            drop(guard);
            assert!(value.load(SeqCst) == before);
        },
        || {
            let _guard = lock.lock().unwrap();
            value.store(1, SeqCst);
        },
    );
}

/// Which lock it is depends on who was first.
fn wrong_swapped_locks() {
    let place = Mutex::new(Arc::new(Mutex::new(0)));
    two(
        || {
            let now = Arc::clone(&place.lock().unwrap());
            *now.lock().unwrap() += 1;
        },
        || *place.lock().unwrap() = Arc::new(Mutex::new(0)),
    );
    assert_eq!(*place.lock().unwrap().lock().unwrap(), 1);
}

/// Where one was, another is.
fn wrong_fresh_atomics() {
    let place = Mutex::new(Box::new(AtomicU32::new(0)));
    let sees = || {
        let was = place.lock().unwrap().fetch_add(1, SeqCst);
        *place.lock().unwrap() = Box::new(AtomicU32::new(was + 1));
        assert!(place.lock().unwrap().load(SeqCst) < 3);
    };
    two(sees, sees);
    assert_eq!(place.into_inner().unwrap().load(SeqCst), 2);
}

/// Two that are swapped under a lock, and one of them read under it.
fn wrong_moved_atomics() {
    let pair = Mutex::new((AtomicU32::new(1), AtomicU32::new(2)));
    two(
        || {
            let mut pair = pair.lock().unwrap();
            let (one, other) = &mut *pair;
            std::mem::swap(one, other);
        },
        || assert_eq!(pair.lock().unwrap().0.load(SeqCst), 1),
    );
}

/// Of four threads all twelve of a kind, only one of them.
fn wrong_four() {
    let steps = Mutex::new(String::new());
    thread::scope(|scope| {
        for name in ['a', 'b', 'c', 'd'] {
            let steps = &steps;
            scope.spawn(move || steps.lock().unwrap().push(name));
        }
    });
    assert_ne!(steps.into_inner().unwrap(), "dbca");
}

/// A lock that is taken or not, by a flag.
fn wrong_flag_under_lock() {
    let (lock, is_open, count) = (Mutex::new(()), AtomicBool::new(false), AtomicU32::new(0));
    let add = || {
        let _guard = (!is_open.load(SeqCst)).then(|| lock.lock().unwrap());
        count.store(count.load(SeqCst) + 1, SeqCst);
    };
    two(
        || {
            add();
            is_open.store(true, SeqCst);
            add();
        },
        || {
            add();
            add();
        },
    );
    assert_eq!(count.into_inner(), 4);
}

/// A lock that is never given back, tried early.
fn wrong_tried_early() {
    let lock = Arc::new(Mutex::new(()));
    let taken = Arc::clone(&lock);
    two(
        move || std::mem::forget(taken.try_lock()),
        move || {
            long();
            assert!(lock.try_lock().is_err())
        },
    );
}

/// To show a lock is to try it.
fn unseen_debug_lock() {
    let lock = Mutex::new(1);
    two(|| drop(lock.lock().unwrap()), || assert!(format!("{lock:?}").contains('1')));
}

/// To show a lock is to hold it for a while.
fn unseen_debug_locked() {
    let lock = Mutex::new(1);
    two(|| assert!(lock.try_lock().is_ok()), || assert!(format!("{lock:?}").contains('1')));
}

/// Of three orders each of two parents and their child: a child after its parent's step, 4! / (2 * 2).
fn unseen_right_both_children() {
    let steps = Mutex::new(0);
    let step = || *steps.lock().unwrap() += 1;
    let parent = || {
        step();
        thread::scope(|scope| _ = scope.spawn(step));
    };
    two(parent, parent);
    assert_eq!(*steps.lock().unwrap(), 4);
}

/// A guard in its result is a guard too.
fn unseen_guard_results() {
    let (lock, count) = (Mutex::new(()), AtomicU32::new(0));
    let add = || {
        let _guard = lock.lock();
        count.store(count.load(SeqCst) + 1, SeqCst);
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}
