//! A writer unlocks an `RwLock` with `Relaxed`: the next one may not see what it wrote. Fixed in 0.5.2
//! (RUSTSEC-2019-0013).
//!
//! Asks for: no write is lost. In sequentially consistent schedules none is. The number is `Relaxed`, so that nothing but the
//! lock orders what is done with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

use spin::RwLock;

#[test]
fn no_write_is_lost() {
    let number = Arc::new(RwLock::new(AtomicU32::new(0)));
    let add = |number: &RwLock<AtomicU32>| {
        let number = number.write();
        number.store(number.load(Relaxed) + 1, Relaxed);
    };
    let other = {
        let number = Arc::clone(&number);
        thread::spawn(move || add(&number))
    };
    add(&number);
    other.join().unwrap();
    assert_eq!(number.read().load(Relaxed), 2);
}
