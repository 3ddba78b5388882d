//! What many of the programs are made of.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

/// Two threads.
pub fn two(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    three(one, other, || ());
}

/// Three threads.
pub fn three(one: impl FnOnce() + Send, other: impl FnOnce() + Send, third: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(one);
        scope.spawn(other);
        scope.spawn(third);
    });
}

/// Drops mark here, by which thread.
pub static LAST: AtomicU32 = AtomicU32::new(0);

thread_local!(pub static NUMBER: Cell<u32> = const { Cell::new(0) });

pub struct Marks;

impl Drop for Marks {
    fn drop(&mut self) {
        LAST.store(NUMBER.get(), SeqCst);
    }
}

pub fn as_number(number: u32, work: impl FnOnce()) {
    NUMBER.set(number);
    work();
}

/// Takes long, with nobody else.
pub fn long() {
    let count = AtomicU32::new(0);
    (0..200).for_each(|_| _ = count.fetch_add(1, SeqCst));
}
