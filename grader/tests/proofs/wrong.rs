//! Wrong in some order.

use std::fmt::{self, Display, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering::SeqCst,
};
use std::sync::{Arc, Mutex, Weak};
use std::task::{Wake, Waker};
use std::thread;

use crate::Named;
use crate::common::{long, LAST, Marks, NUMBER, as_number, two};

pub const ALL: &[Named] = &[
    ("wrong-lost-update", lost_update),
    ("wrong-opposite-locks", opposite_locks),
    ("wrong-one-order", one_order),
    ("wrong-between-two-locks", between_two_locks),
    ("wrong-last-drop", last_drop),
    ("wrong-strong-count", strong_count),
    ("wrong-strong-count-cloned", strong_count_cloned),
    ("wrong-try-unwrap", try_unwrap),
    ("wrong-upgrade", upgrade),
    ("wrong-upgraded-last", upgraded_last),
    ("wrong-get-mut", get_mut),
    ("wrong-make-mut", make_mut),
    ("wrong-weak-count", weak_count),
    ("wrong-try-lock", try_lock),
    ("wrong-try-lock-held", try_lock_held),
    ("wrong-is-poisoned", is_poisoned),
    ("wrong-clear-poison", clear_poison),
    ("wrong-cleared-poison", cleared_poison),
    ("wrong-poisoned-later", poisoned_later),
    ("wrong-no-retry", no_retry),
    ("wrong-aba", aba),
    ("wrong-small", small),
    ("wrong-fetch-xor", fetch_xor),
    ("wrong-failed-exchange", failed_exchange),
    ("unseen-wrong-is-finished", is_finished),
    ("wrong-not-finished", not_finished),
    ("wrong-stdout-first", stdout_first),
    ("wrong-stdout-between", stdout_between),
    ("wrong-exit", exit),
    ("wrong-scope-in-scope", scope_in_scope),
    ("wrong-joined-elsewhere", joined_elsewhere),
    ("unseen-wrong-over-before", over_before),
    ("wrong-scope-panic", scope_panic),
    ("wrong-panicking", panicking),
    ("wrong-forgotten-guard", forgotten_guard),
    ("wrong-forgotten-later", forgotten_later),
    ("wrong-dining", dining),
    ("wrong-dining-try", dining_try),
    ("wrong-main-waits", main_waits),
    ("wrong-guard-outlives-scope", guard_outlives_scope),
    ("wrong-self-deadlock", self_deadlock),
    ("wrong-peterson", peterson),
    ("wrong-peterson-late", peterson_late),
    ("wrong-all-between", all_between),
    ("wrong-two-atomics", two_atomics),
    ("wrong-third-decides", third_decides),
    ("wrong-read-independent", read_independent),
    ("wrong-lock-then-atomic", lock_then_atomic),
    ("wrong-last-one-out", last_one_out),
    ("wrong-drop-locks", drop_locks),
    ("wrong-second-scope", second_scope),
    ("wrong-main-too", main_too),
    ("wrong-upgrade-both", upgrade_both),
    ("wrong-function-pointers", function_pointers),
    ("wrong-lock-pointers", lock_pointers),
    ("wrong-update", update),
    ("wrong-arc-str", arc_str),
    ("wrong-arc-in-vec", arc_in_vec),
    ("wrong-unwrap-or-clone", unwrap_or_clone),
    ("wrong-waker", waker),
    ("wrong-cyclic", cyclic),
    ("unseen-wrong-children", children),
    ("unseen-wrong-children-late", children_late),
    ("unseen-wrong-handle-in-lock", handle_in_lock),
    ("wrong-join-under-lock", join_under_lock),
    ("wrong-gate-lock", gate_lock),
    ("wrong-deadlock-by-value", deadlock_by_value),
    ("wrong-blocked-writer", blocked_writer),
    ("wrong-swapped-locks", swapped_locks),
    ("wrong-fresh-atomics", fresh_atomics),
    ("wrong-moved-atomics", moved_atomics),
    ("unseen-wrong-result-of-scoped", result_of_scoped),
    ("wrong-closure-dropped", closure_dropped),
    ("wrong-last-zero", last_zero),
    ("wrong-four", four),
    ("wrong-long-and-short", long_and_short),
    ("wrong-copy-chain", copy_chain),
    ("wrong-flag-under-lock", flag_under_lock),
    ("wrong-exit-by-thread", exit_by_thread),
    // Wrong only in orders that chance hardly meets.
    ("wrong-plain-count-early", plain_count_early),
    ("wrong-upgrade-early", upgrade_early),
    ("wrong-last-of-four", last_of_four),
    ("wrong-alone-debug-lock", alone_debug_lock),
    ("wrong-tried-early", tried_early),
    ("wrong-arc-of-thread-early", arc_of_thread_early),
    ("wrong-nested-scope", nested_scope),
    ("unseen-wrong-detached-late", detached_late),
    ("unseen-wrong-finished-early", finished_early),
    ("unseen-wrong-result-thread-late", result_thread_late),
    ("unseen-wrong-result-of-joined-late", result_of_joined_late),
    ("unseen-wrong-ids-of-spawn", ids_of_spawn),
    ("unseen-wrong-line-before", line_before),
];

/// Shows itself only when it is its turn.
struct Turn<'a>(&'a AtomicU32, u32);

impl Display for Turn<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        assert_eq!(self.0.fetch_add(1, SeqCst), self.1);
        write!(out, "turn {}", self.1)
    }
}

/// Panics with it.
fn poisoned(lock: &Mutex<()>) {
    _ = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.lock();
        panic!();
    }));
}

fn lost_update() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| count.store(count.load(SeqCst) + 1, SeqCst));
        }
    });
    assert_eq!(count.into_inner(), 2);
}

fn opposite_locks() {
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| *one.lock().unwrap() += *other.lock().unwrap());
        scope.spawn(|| *other.lock().unwrap() += *one.lock().unwrap());
    });
}

/// One of 252 orders.
fn one_order() {
    let steps = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for name in 0..2 {
            let steps = &steps;
            scope.spawn(move || (0..5).for_each(|_| steps.lock().unwrap().push(name)));
        }
    });
    assert_ne!(steps.into_inner().unwrap(), [0, 1, 1, 0, 1, 0, 0, 1, 1, 0]);
}

fn between_two_locks() {
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

/// Who drops it last, is not said.
fn last_drop() {
    let shared = Arc::new(Marks);
    let other = Arc::clone(&shared);
    two(move || as_number(1, || drop(shared)), move || as_number(2, || drop(other)));
    assert_ne!(LAST.load(SeqCst), 1);
}

fn strong_count() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || assert_eq!(Arc::strong_count(&other), 2));
}

/// Another has one more for a moment.
fn strong_count_cloned() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    two(move || drop(Arc::clone(&shared)), move || assert_ne!(Arc::strong_count(&other), 3));
}

/// Both may fail.
fn try_unwrap() {
    let got = AtomicU32::new(0);
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    let take = |shared| if Arc::try_unwrap(shared).is_ok() {
        got.fetch_add(1, SeqCst);
    };
    two(|| take(shared), || take(other));
    assert_eq!(got.into_inner(), 1);
}

fn upgrade() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(move || drop(shared), move || assert_eq!(weak.upgrade().as_deref(), Some(&1)));
}

/// Who upgrades drops it.
fn upgraded_last() {
    let shared = Arc::new(Marks);
    let weak = Arc::downgrade(&shared);
    two(move || as_number(1, || drop(shared)), move || as_number(2, || drop(weak.upgrade())));
    assert_eq!(LAST.load(SeqCst), 1);
}

fn get_mut() {
    let mut shared = Arc::new(1);
    let other = Arc::clone(&shared);
    two(move || drop(other), move || assert!(Arc::get_mut(&mut shared).is_none()));
}

/// It is copied or not.
fn make_mut() {
    let mut shared = Arc::new(1);
    let (other, place) = (Arc::clone(&shared), Arc::as_ptr(&shared) as usize);
    two(move || drop(other), move || {
        *Arc::make_mut(&mut shared) += 1;
        assert_ne!(Arc::as_ptr(&shared) as usize, place);
    });
}

fn weak_count() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(move || drop(weak), move || assert_eq!(Arc::weak_count(&shared), 1));
}

/// Both want it at once.
fn try_lock() {
    let lock = Mutex::new(());
    let try_it = || assert!(lock.try_lock().is_ok());
    two(try_it, try_it);
}

/// One tries what another holds for no longer than an addition.
fn try_lock_held() {
    let lock = Mutex::new(0);
    two(|| *lock.lock().unwrap() += 1, || drop(lock.try_lock().unwrap()));
}

/// Asks without the lock.
fn is_poisoned() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || assert!(!lock.is_poisoned()));
}

/// It was healed too early.
fn clear_poison() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || lock.clear_poison());
    assert!(lock.is_poisoned());
}

/// It was healed too late.
fn cleared_poison() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || lock.clear_poison());
    assert!(!lock.is_poisoned());
}

/// A panic while a lock is held that was taken by a thread that panics already poisons nothing.
fn poisoned_later() {
    let (lock, is_set) = (Mutex::new(()), AtomicBool::new(false));
    two(|| _ = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.lock();
        assert!(is_set.load(SeqCst));
    })), || is_set.store(true, SeqCst));
    assert!(!lock.is_poisoned());
}

fn no_retry() {
    let count = AtomicU32::new(0);
    let add = || {
        let seen = count.load(SeqCst);
        _ = count.compare_exchange(seen, seen + 1, SeqCst, SeqCst);
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

/// It is what it was, and yet something happened.
fn aba() {
    let (value, changes) = (AtomicU32::new(0), AtomicU32::new(0));
    two(|| {
        let (seen, before) = (value.load(SeqCst), changes.load(SeqCst));
        if value.compare_exchange(seen, 7, SeqCst, SeqCst).is_ok() {
            assert_eq!(changes.load(SeqCst), before);
        }
    }, || {
        value.store(1, SeqCst);
        changes.fetch_add(1, SeqCst);
        value.store(0, SeqCst);
    });
}

/// Of eight bits.
fn small() {
    let count = AtomicU8::new(0);
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

fn fetch_xor() {
    let bits = AtomicU32::new(0);
    two(|| _ = bits.fetch_xor(1, SeqCst), || _ = bits.fetch_nand(1, SeqCst));
    assert_ne!(bits.into_inner() & 1, 0);
}

/// An exchange that fails reads only, but it reads.
fn failed_exchange() {
    let value = AtomicU32::new(0);
    two(|| value.store(1, SeqCst), || assert!(value.compare_exchange(1, 2, SeqCst, SeqCst).is_err()));
}

fn is_finished() {
    let thread = thread::spawn(|| ());
    assert!(!thread.is_finished());
    thread.join().unwrap();
}

fn not_finished() {
    let thread = thread::spawn(|| ());
    assert!(thread.is_finished());
    thread.join().unwrap();
}

/// What is shown says who was first.
fn stdout_first() {
    let turns = AtomicU32::new(0);
    two(|| println!("{}", Turn(&turns, 0)), || println!("{}", Turn(&turns, 1)));
}

/// The output is free between two lines.
fn stdout_between() {
    let count = AtomicU32::new(0);
    two(|| {
        println!("{}", Turn(&count, 0));
        println!("{}", Turn(&count, 1));
    }, || println!("{}", count.swap(0, SeqCst)));
}

/// One ends it all.
fn exit() {
    let is_done = AtomicBool::new(false);
    two(|| is_done.store(true, SeqCst), || if !is_done.load(SeqCst) {
        process::exit(3);
    });
}

fn scope_in_scope() {
    let count = AtomicU32::new(0);
    thread::scope(|outer| {
        outer.spawn(|| {
            thread::scope(|inner| _ = inner.spawn(|| count.fetch_add(1, SeqCst)));
            assert_eq!(count.load(SeqCst), 1);
        });
        outer.spawn(|| count.fetch_add(1, SeqCst));
    });
}

/// What another thread joins need not be over here.
fn joined_elsewhere() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let first = thread::spawn(move || _ = adds.fetch_add(1, SeqCst));
    let second = thread::spawn(move || first.join().unwrap());
    let seen = count.load(SeqCst);
    second.join().unwrap();
    assert_eq!(seen, 0);
}

/// One is over before another is there, or not.
fn over_before() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| count.fetch_add(1, SeqCst));
        if count.load(SeqCst) == 1 {
            scope.spawn(|| panic!());
        }
    });
}

/// A scope fails if a thread has failed that nobody joined.
fn scope_panic() {
    let is_set = AtomicBool::new(false);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        two(|| assert!(!is_set.load(SeqCst)), || is_set.store(true, SeqCst));
    }));
    failed.unwrap();
}

/// Of a guard that knows whether it goes in a panic.
fn panicking() {
    struct Knows<'a>(&'a AtomicU32);
    impl Drop for Knows<'_> {
        fn drop(&mut self) {
            if thread::panicking() {
                self.0.fetch_add(1, SeqCst);
            }
        }
    }
    let (count, is_set) = (AtomicU32::new(0), AtomicBool::new(false));
    two(|| _ = catch_unwind(AssertUnwindSafe(|| {
        let _knows = Knows(&count);
        assert!(!is_set.load(SeqCst));
    })), || is_set.store(true, SeqCst));
    assert_eq!(count.into_inner(), 1);
}

/// A lock that is never given back.
fn forgotten_guard() {
    let lock = Mutex::new(0);
    two(|| {
        let guard = lock.lock().unwrap();
        if *guard == 1 {
            std::mem::forget(guard);
        }
    }, || (0..2).for_each(|_| *lock.lock().unwrap() += 1));
}

/// Only who comes too late waits for ever.
fn forgotten_later() {
    let lock = Mutex::new(());
    two(|| std::mem::forget(lock.lock()), || drop(lock.lock()));
}

fn dining() {
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
fn dining_try() {
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

/// Main has a lock and joins who wants it.
fn main_waits() {
    let lock = Arc::new(Mutex::new(()));
    let wants = thread::spawn({
        let lock = Arc::clone(&lock);
        move || drop(lock.lock())
    });
    let _guard = lock.lock();
    wants.join().unwrap();
}

/// A guard outside of a scope waits for the scope.
fn guard_outlives_scope() {
    let (lock, is_set) = (Mutex::new(()), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| is_set.store(true, SeqCst));
        let _guard = lock.lock();
        if is_set.load(SeqCst) {
            thread::scope(|inner| _ = inner.spawn(|| drop(lock.lock())));
        }
    });
}

fn self_deadlock() {
    let (lock, count) = (Mutex::new(0), AtomicU32::new(0));
    two(|| {
        let _guard = lock.lock().unwrap();
        if count.load(SeqCst) == 1 {
            drop(lock.lock().unwrap());
        }
    }, || (0..2).for_each(|_| _ = count.fetch_add(1, SeqCst)));
}

/// Each stands back for the other.
fn peterson() {
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
fn peterson_late() {
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
fn all_between() {
    let value = AtomicU32::new(0);
    two(|| {
        let before = value.load(SeqCst);
        let after = value.load(SeqCst);
        assert!(before != 0 || after != 6);
    }, || (1..4).for_each(|number| _ = value.fetch_add(number, SeqCst)));
}

/// A sum of two that was never so.
fn two_atomics() {
    let (one, other) = (AtomicU32::new(5), AtomicU32::new(5));
    two(|| {
        one.fetch_sub(1, SeqCst);
        other.fetch_add(1, SeqCst);
    }, || assert!(one.load(SeqCst) + other.load(SeqCst) >= 10));
}

/// Two that have nothing to do with each other, and one that sees both.
fn third_decides() {
    let (one, other) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| one.store(1, SeqCst));
        scope.spawn(|| other.store(1, SeqCst));
        scope.spawn(|| assert!(one.load(SeqCst) == 1 || other.load(SeqCst) == 0));
    });
}

/// What is done depends on what was read.
fn read_independent() {
    let (one, other, last) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| if one.load(SeqCst) == 1 {
            other.store(1, SeqCst);
        });
        scope.spawn(|| if other.load(SeqCst) == 1 {
            last.store(1, SeqCst);
        });
        scope.spawn(|| {
            one.store(1, SeqCst);
            assert_eq!(last.load(SeqCst), 0);
        });
    });
}

/// A lock does not help against who does not take it.
fn lock_then_atomic() {
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

/// Who finds that it is last, by two operations.
fn last_one_out() {
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

/// A value that takes a lock when it goes, under the other lock.
fn drop_locks() {
    struct Locks<'a>(&'a Mutex<u32>);
    impl Drop for Locks<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    two(|| {
        let _locks = Locks(&one);
        let _guard = other.lock().unwrap();
    }, || {
        let _guard = one.lock().unwrap();
        drop(Locks(&other));
    });
    assert_eq!(*one.lock().unwrap(), 1);
    two(|| {
        let _guard = one.lock().unwrap();
        drop(Locks(&other));
    }, || {
        let _guard = other.lock().unwrap();
        drop(Locks(&one));
    });
}

/// Wrong only in a second round, after the first was this way.
fn second_scope() {
    let steps = Mutex::new(String::new());
    for _ in 0..2 {
        two(|| steps.lock().unwrap().push('a'), || steps.lock().unwrap().push('b'));
    }
    assert_ne!(*steps.lock().unwrap(), "baab");
}

/// Main does something beside its thread.
fn main_too() {
    let count = Arc::new(AtomicU32::new(0));
    let thread = thread::spawn({
        let count = Arc::clone(&count);
        move || count.store(count.load(SeqCst) + 1, SeqCst)
    });
    count.store(count.load(SeqCst) + 1, SeqCst);
    thread.join().unwrap();
    assert_eq!(count.load(SeqCst), 2);
}

/// The last goes while another asks for one more.
fn upgrade_both() {
    let shared = Arc::new(());
    let weak: Weak<()> = Arc::downgrade(&shared);
    let got = AtomicU32::new(0);
    let ask = |weak: Weak<()>| if weak.upgrade().is_some() {
        got.fetch_add(1, SeqCst);
    };
    let other = weak.clone();
    thread::scope(|scope| {
        scope.spawn(|| ask(weak));
        scope.spawn(|| ask(other));
        scope.spawn(|| drop(shared));
    });
    assert_ne!(got.into_inner(), 1);
}

fn function_pointers() {
    let load: fn(&AtomicU32, _) -> u32 = AtomicU32::load;
    let store: fn(&AtomicU32, u32, _) = AtomicU32::store;
    let count = AtomicU32::new(0);
    let add = || store(&count, load(&count, SeqCst) + 1, SeqCst);
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

fn lock_pointers() {
    let (one, other) = (Mutex::new(0), Mutex::new(0));
    let sum = |locks: [&Mutex<u32>; 2]| {
        let guards: Vec<_> = locks.into_iter().map(Mutex::lock).map(Result::unwrap).collect();
        guards.into_iter().map(|guard| *guard).sum::<u32>()
    };
    two(|| _ = sum([&one, &other]), || _ = sum([&other, &one]));
}

fn update() {
    let count = AtomicU32::new(1);
    two(|| _ = count.fetch_update(SeqCst, SeqCst, |seen| (seen < 3).then_some(seen * 2)),
        || _ = count.fetch_update(SeqCst, SeqCst, |seen| (seen < 3).then_some(seen + 2)));
    assert_ne!(count.into_inner(), 3);
}

/// Of a type that others have made already.
fn arc_str() {
    let shared: Arc<str> = Arc::from("text");
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || assert_eq!(Arc::strong_count(&other), 2));
}

/// It goes with what it lies in.
fn arc_in_vec() {
    let mut all = vec![Arc::new(0); 3];
    let last = all.pop().unwrap();
    two(move || drop(all), move || assert_ne!(Arc::strong_count(&last), 2));
}

/// It is cloned, or not.
fn unwrap_or_clone() {
    static CLONES: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Clone for Counts {
        fn clone(&self) -> Self {
            CLONES.fetch_add(1, SeqCst);
            Self
        }
    }
    let shared = Arc::new(Counts);
    let other = Arc::clone(&shared);
    two(|| drop(shared), || drop(Arc::unwrap_or_clone(other)));
    assert_eq!(CLONES.load(SeqCst), 1);
}

/// A waker is a reference too.
fn waker() {
    struct Wakes;
    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {}
    }
    let wakes = Arc::new(Wakes);
    let waker = Waker::from(Arc::clone(&wakes));
    two(move || waker.wake(), move || assert_eq!(Arc::strong_count(&wakes), 2));
}

/// Not even itself sees it before it is there.
fn cyclic() {
    struct Knows(Weak<Knows>);
    let shared = Arc::new_cyclic(|weak| Knows(weak.clone()));
    let weak = shared.0.clone();
    two(move || drop(shared), move || assert_eq!(weak.strong_count(), 1));
}

/// Which child comes first into the world says nothing about which comes first into the list.
fn children() {
    let steps = Arc::new(Mutex::new(String::new()));
    let parents = ["a", "b"].map(|name| {
        let steps = Arc::clone(&steps);
        thread::spawn(move || {
            let child = thread::spawn({
                let steps = Arc::clone(&steps);
                move || steps.lock().unwrap().push_str(name)
            });
            steps.lock().unwrap().push('p');
            child.join().unwrap();
        })
    });
    parents.into_iter().for_each(|parent| parent.join().unwrap());
    assert_ne!(*steps.lock().unwrap(), "bpap");
}

/// One has a child only if the other was there before.
fn children_late() {
    let (turn, sum) = (AtomicU32::new(0), AtomicU32::new(0));
    let parent = |weight: u32| {
        let turn = turn.fetch_add(1, SeqCst);
        thread::scope(|scope| (0..turn).for_each(|_| _ = scope.spawn(move || weight)));
        thread::scope(|scope| {
            scope.spawn(|| sum.store(sum.load(SeqCst) * 3 + weight + turn, SeqCst));
        });
    };
    two(|| parent(1), || parent(2));
    assert_ne!(sum.into_inner(), 3);
}

/// Who finds the handle joins.
fn handle_in_lock() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let handle = Mutex::new(Some(thread::spawn(move || _ = adds.fetch_add(1, SeqCst))));
    let joins = || {
        let handle = handle.lock().unwrap().take();
        if let Some(handle) = handle {
            handle.join().unwrap();
        }
        assert_eq!(count.load(SeqCst), 1);
    };
    two(joins, joins);
}

/// A thread is joined with a lock held that it needs.
fn join_under_lock() {
    let lock = Arc::new(Mutex::new(()));
    let needs = Arc::clone(&lock);
    let first = thread::spawn(move || drop(needs.lock().unwrap()));
    let other = Arc::clone(&lock);
    let second = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        first.join().unwrap();
    });
    second.join().unwrap();
}

/// A third lock guards the two, but not for all.
fn gate_lock() {
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
fn deadlock_by_value() {
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
fn blocked_writer() {
    let (lock, value) = (Mutex::new(0), AtomicU32::new(0));
    two(|| {
        let guard = lock.lock().unwrap();
        let before = value.load(SeqCst);
        drop(guard);
        assert!(value.load(SeqCst) == before);
    }, || {
        let _guard = lock.lock().unwrap();
        value.store(1, SeqCst);
    });
}

/// Which lock it is depends on who was first.
fn swapped_locks() {
    let place = Mutex::new(Arc::new(Mutex::new(0)));
    two(|| {
        let now = Arc::clone(&place.lock().unwrap());
        *now.lock().unwrap() += 1;
    }, || *place.lock().unwrap() = Arc::new(Mutex::new(0)));
    assert_eq!(*place.lock().unwrap().lock().unwrap(), 1);
}

/// Where one was, another is.
fn fresh_atomics() {
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
fn moved_atomics() {
    let pair = Mutex::new((AtomicU32::new(1), AtomicU32::new(2)));
    two(|| {
        let mut pair = pair.lock().unwrap();
        let (one, other) = &mut *pair;
        std::mem::swap(one, other);
    }, || assert_eq!(pair.lock().unwrap().0.load(SeqCst), 1));
}

/// What a thread returns is dropped before its scope ends, by it or by who has its handle.
fn result_of_scoped() {
    thread::scope(|scope| {
        let handle = scope.spawn(|| {
            NUMBER.set(1);
            Marks
        });
        as_number(2, || drop(handle));
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

/// What a thread owns goes at its end.
fn closure_dropped() {
    let shared = Arc::new(());
    let weak = Arc::downgrade(&shared);
    let thread = thread::spawn(move || _ = &shared);
    assert!(weak.upgrade().is_some());
    thread.join().unwrap();
}

/// Each takes over from its left; one looks for the last zero.
fn last_zero() {
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

/// Of four threads all twelve of a kind, only one of them.
fn four() {
    let steps = Mutex::new(String::new());
    thread::scope(|scope| {
        for name in ['a', 'b', 'c', 'd'] {
            let steps = &steps;
            scope.spawn(move || steps.lock().unwrap().push(name));
        }
    });
    assert_ne!(steps.into_inner().unwrap(), "dbca");
}

/// A long thread, and two short ones that meet in one place of it.
fn long_and_short() {
    let (value, other) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| (0..6).for_each(|_| _ = value.fetch_add(10, SeqCst)));
        scope.spawn(|| other.store(value.load(SeqCst), SeqCst));
        scope.spawn(|| _ = value.fetch_add(other.load(SeqCst), SeqCst));
    });
    assert_ne!(value.into_inner(), 100);
}

/// What goes through three.
fn copy_chain() {
    let cells = [AtomicU32::new(1), AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for at in [2, 1, 0] {
            let cells = &cells;
            scope.spawn(move || cells[at + 1].store(cells[at].load(SeqCst), SeqCst));
        }
    });
    assert_eq!(cells[3].load(SeqCst), 0);
}

/// A lock that is taken or not, by a flag.
fn flag_under_lock() {
    let (lock, is_open, count) = (Mutex::new(()), AtomicBool::new(false), AtomicU32::new(0));
    let add = || {
        let _guard = (!is_open.load(SeqCst)).then(|| lock.lock().unwrap());
        count.store(count.load(SeqCst) + 1, SeqCst);
    };
    two(|| {
        add();
        is_open.store(true, SeqCst);
        add();
    }, || {
        add();
        add();
    });
    assert_eq!(count.into_inner(), 4);
}

/// A thread ends it all, main has waited for another.
fn exit_by_thread() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let first = thread::spawn(move || _ = adds.fetch_add(1, SeqCst));
    let second = thread::spawn(move || process::exit(count.load(SeqCst) as i32));
    first.join().unwrap();
    second.join().unwrap();
}


/// Marks, in a thread of this number.
fn as_number_of(number: u32) -> Marks {
    as_number(number, || ());
    Marks
}

/// Whether another has let go already.
fn plain_count_early() {
    let shared = Arc::new(1);
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || { long(); assert_eq!(Arc::strong_count(&other), 1) });
}

/// Whether it is gone already.
fn upgrade_early() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(move || drop(shared), move || { long(); assert!(weak.upgrade().is_none()) });
}

/// The last that has begun is not always the last that ends.
fn last_of_four() {
    let shared = Arc::new(Marks);
    thread::scope(|scope| {
        for number in 1..5 {
            let shared = Arc::clone(&shared);
            scope.spawn(move || as_number(number, || {
                if number == 4 { long() }
                drop(shared);
            }));
        }
        drop(shared);
    });
    assert_eq!(LAST.load(SeqCst), 4);
}

/// Who is alone shows a lock.
fn alone_debug_lock() {
    let lock = Arc::new(Mutex::new(0));
    let adds = Arc::clone(&lock);
    let first = thread::spawn(move || *adds.lock().unwrap() += 1);
    thread::spawn(long).join().unwrap();
    let text = format!("{lock:?}");
    first.join().unwrap();
    assert!(text.contains('1'));
}

/// A lock that is never given back, tried early.
fn tried_early() {
    let lock = Arc::new(Mutex::new(()));
    let taken = Arc::clone(&lock);
    two(move || std::mem::forget(taken.try_lock()), move || { long(); assert!(lock.try_lock().is_err()) });
}

/// References to something of std that has to do with threads.
fn arc_of_thread_early() {
    let shared = Arc::new(thread::current().id());
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || { long(); assert_eq!(Arc::strong_count(&other), 1) });
}

/// A scope in a scope does not wait for the outer one's thread.
fn nested_scope() {
    let value = AtomicU32::new(0);
    thread::scope(|outer| {
        outer.spawn(|| value.store(1, SeqCst));
        thread::scope(|inner| _ = inner.spawn(long));
        assert_eq!(value.load(SeqCst), 1);
    });
}

/// A scope does not wait for a thread that is not its own.
fn detached_late() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| if IS_DONE.load(SeqCst) { process::exit(3) });
    thread::scope(|scope| _ = scope.spawn(long));
    IS_DONE.store(true, SeqCst);
}

/// It might be over already.
fn finished_early() {
    let thread = thread::spawn(long);
    let is_finished = thread.is_finished();
    thread.join().unwrap();
    assert!(!is_finished);
}

/// What a thread returns is dropped by who is later, the thread or who had its handle.
fn result_thread_late() {
    thread::scope(|scope| {
        let handle = scope.spawn(|| { long(); as_number_of(1) });
        as_number(2, || drop(handle));
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

/// What a thread returns is a reference, which goes when it ends.
fn result_of_joined_late() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    thread::scope(|scope| {
        scope.spawn(move || other);
        scope.spawn(long).join().unwrap();
        assert_eq!(Arc::strong_count(&shared), 1);
    });
}

/// Who comes first has the lower number.
fn ids_of_spawn() {
    let child = || { let child = thread::spawn(|| ()); let id = child.thread().id(); child.join().unwrap(); format!("{id:?}") };
    let (one, other) = (thread::spawn(child), thread::spawn(move || { long(); child() }));
    assert!(one.join().unwrap() < other.join().unwrap());
}

/// A line is made with the output locked.
fn line_before() {
    struct Sets<'a>(&'a AtomicU32);
    impl std::fmt::Display for Sets<'_> {
        fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
            self.0.store(1, SeqCst);
            self.0.store(2, SeqCst);
            write!(out, "set")
        }
    }
    let value = AtomicU32::new(0);
    two(|| println!("{}", Sets(&value)), || { long(); println!("text"); assert_eq!(value.load(SeqCst), 2) });
}
