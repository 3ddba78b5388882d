//! A writer unlocks an `RwLock` with `Relaxed`: the next one may not see what it wrote. Fixed in 0.5.2
//! (RUSTSEC-2019-0013).
//!
//! Asks for: no write is lost. In sequentially consistent schedules none is.

use std::sync::Arc;
use std::thread;

use spin::RwLock;

#[test]
fn no_write_is_lost() {
    let value = Arc::new(RwLock::new(0));
    let add = |value: &RwLock<u32>| *value.write() += 1;
    let other = {
        let value = Arc::clone(&value);
        thread::spawn(move || add(&value))
    };
    add(&value);
    other.join().unwrap();
    assert_eq!(*value.read(), 2);
}
