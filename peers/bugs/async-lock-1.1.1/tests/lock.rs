//! Who has waited for half a millisecond takes the lock in a fairer way, and there takes it without noticing: it waits
//! for ever for a lock that is its own. Fixed in 1.1.2.
//!
//! Asks for: all get the lock.

use std::thread;
use std::time::Duration;

use async_lock::Lock;
use pollster::block_on;

#[test]
fn all_get_the_lock() {
    let lock = Lock::new(0);
    let other = lock.clone();
    let slow = thread::spawn(move || {
        let mut guard = block_on(other.lock());
        thread::sleep(Duration::from_millis(1));
        *guard += 1;
        drop(guard);
        *block_on(other.lock()) += 1;
    });
    *block_on(lock.lock()) += 1;
    slow.join().unwrap();
    assert_eq!(*block_on(lock.lock()), 3);
}
