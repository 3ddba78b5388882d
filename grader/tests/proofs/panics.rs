//! Panics, and locks that they poison.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::{process, thread};

use crate::Named;
use crate::common::two;

pub const ALL: &[Named] = &[
    ("wrong-is-poisoned", wrong_is_poisoned),
    ("wrong-clear-poison", wrong_clear_poison),
    ("wrong-cleared-poison", wrong_cleared_poison),
    ("wrong-poisoned-later", wrong_poisoned_later),
    ("unseen-wrong-over-before", unseen_wrong_over_before),
    ("wrong-scope-panic", wrong_scope_panic),
    ("wrong-panicking", wrong_panicking),
    ("unseen-poison", unseen_poison),
    ("unseen-catch-in-thread", unseen_catch_in_thread),
    ("unseen-poison-seen", unseen_poison_seen),
    ("unseen-panics", unseen_panics),
];

/// Panics with it.
fn poisoned(lock: &Mutex<()>) {
    _ = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.lock();
        panic!();
    }));
}

/// Asks without the lock.
fn wrong_is_poisoned() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || assert!(!lock.is_poisoned()));
}

/// It was healed too early.
fn wrong_clear_poison() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || lock.clear_poison());
    assert!(lock.is_poisoned());
}

/// It was healed too late.
fn wrong_cleared_poison() {
    let lock = Mutex::new(());
    two(|| poisoned(&lock), || lock.clear_poison());
    assert!(!lock.is_poisoned());
}

/// A panic while a lock is held that was taken by a thread that panics already poisons nothing.
fn wrong_poisoned_later() {
    let (lock, is_set) = (Mutex::new(()), AtomicBool::new(false));
    two(
        || {
            _ = catch_unwind(AssertUnwindSafe(|| {
                let _guard = lock.lock();
                assert!(is_set.load(SeqCst));
            }))
        },
        || is_set.store(true, SeqCst),
    );
    assert!(!lock.is_poisoned());
}

/// One is over before another is there, or not.
fn unseen_wrong_over_before() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| count.fetch_add(1, SeqCst));
        if count.load(SeqCst) == 1 {
            scope.spawn(|| panic!());
        }
    });
}

/// A scope fails if a thread has failed that nobody joined.
fn wrong_scope_panic() {
    let is_set = AtomicBool::new(false);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        two(|| assert!(!is_set.load(SeqCst)), || is_set.store(true, SeqCst));
    }));
    failed.unwrap();
}

/// Of a guard that knows whether it goes in a panic.
fn wrong_panicking() {
    struct Knows<'a>(&'a AtomicU32);
    impl Drop for Knows<'_> {
        fn drop(&mut self) {
            if thread::panicking() {
                self.0.fetch_add(1, SeqCst);
            }
        }
    }
    let (count, is_set) = (AtomicU32::new(0), AtomicBool::new(false));
    two(
        || {
            _ = catch_unwind(AssertUnwindSafe(|| {
                let _knows = Knows(&count);
                assert!(!is_set.load(SeqCst));
            }))
        },
        || is_set.store(true, SeqCst),
    );
    assert_eq!(count.into_inner(), 1);
}

/// One panics with the lock; another is surprised only if it comes later.
fn unseen_poison() {
    let lock = Arc::new(Mutex::new(()));
    let poisons = thread::spawn({
        let lock = Arc::clone(&lock);
        move || {
            let _guard = lock.lock().unwrap();
            panic!();
        }
    });
    let is_fine = lock.lock().is_ok();
    assert!(poisons.join().is_err() && is_fine);
}

/// It goes on after a panic.
fn unseen_catch_in_thread() {
    let (lock, turn) = (Mutex::new(0), AtomicU32::new(0));
    two(
        || {
            _ = catch_unwind(AssertUnwindSafe(|| {
                let _guard = lock.lock();
                assert_eq!(turn.load(SeqCst), 0);
            }));
            turn.store(2, SeqCst);
        },
        || {
            turn.store(1, SeqCst);
            if lock.is_poisoned() {
                process::exit(6);
            }
        },
    );
}

/// Two orders: it is poisoned before or after.
fn unseen_poison_seen() {
    let lock = Mutex::new(0);
    two(
        || {
            _ = catch_unwind(AssertUnwindSafe(|| {
                let _guard = lock.lock().unwrap();
                panic!();
            }))
        },
        || match lock.lock() {
            Ok(mut value) => *value = 1,
            Err(poison) => *poison.into_inner() = 1,
        },
    );
    assert!(lock.is_poisoned());
}

/// Two threads that panic with what they have.
fn unseen_panics() {
    let count = Arc::new(AtomicU32::new(0));
    let threads = [(); 2].map(|()| {
        let count = Arc::clone(&count);
        thread::spawn(move || -> u32 { panic!("{}", count.fetch_add(1, SeqCst)) })
    });
    assert!(threads.into_iter().all(|thread| thread.join().is_err()));
    assert_eq!(count.load(SeqCst), 2);
}
