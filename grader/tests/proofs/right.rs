//! Right in all orders.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::Named;

pub const ALL: &[Named] = &[
    ("right-mutex-2x1", || mutex(2, 1)),
    ("right-mutex-2x2", || mutex(2, 2)),
    ("right-mutex-3x1", || mutex(3, 1)),
    ("right-mutex-3x2", || mutex(3, 2)),
    ("right-atomic-2x2", || atomic(2, 2)),
    ("right-atomic-3x2", || atomic(3, 2)),
    ("right-atomic-2x4", || atomic(2, 4)),
    ("right-apart", apart),
    ("right-one-thread", one_thread),
    ("right-two-locks", two_locks),
    ("right-joined", joined),
    ("right-lines", lines),
    ("right-tried", tried),
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

/// Two threads that have nothing to do with each other.
fn apart() {
    let counts = [AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for count in &counts {
            scope.spawn(|| (0..5).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(counts.map(AtomicU32::into_inner), [5, 5]);
}

fn one_thread() {
    let count = Mutex::new(0);
    *count.lock().unwrap() += 1;
    assert_eq!(count.into_inner().unwrap(), 1);
}

/// In the same order.
fn two_locks() {
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

/// By handles, with a count of references.
fn joined() {
    let count = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2).map(|_| {
        let count = Arc::clone(&count);
        thread::spawn(move || *count.lock().unwrap() += 1)
    }).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*count.lock().unwrap(), 2);
}

/// Each writes one.
fn lines() {
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || println!("line {number}"));
        }
    });
}

/// Who does not get the lock goes without.
fn tried() {
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
