//! Wrong in some order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use crate::Named;

pub const ALL: &[Named] = &[
    ("wrong-lost-update", lost_update),
    ("wrong-opposite-locks", opposite_locks),
    ("wrong-one-order", one_order),
    ("wrong-between-two-locks", between_two_locks),
];

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
