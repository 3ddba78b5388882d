//! A reader that goes looks whether anybody upgrades before it holds the queue of those who wait: one who begins to in
//! between is not woken. Fixed in 0.7.1.
//!
//! Asks for: all get the lock.

use std::sync::Arc;
use std::thread;

use parking_lot::{RwLock, RwLockUpgradableReadGuard, RwLockWriteGuard};

#[test]
fn an_upgrade_ends() {
    let value = Arc::new(RwLock::new(0));
    let guard = value.write();
    let with = |work: fn(&RwLock<u32>)| {
        let value = Arc::clone(&value);
        thread::spawn(move || work(&value))
    };
    let upgrading = with(|value| *RwLockUpgradableReadGuard::upgrade(value.upgradable_read()) += 1);
    let writing = with(|value| *value.write() += 1);
    // Whoever waits for a lock looks for it some ten times before.
    for _ in 0..20 {
        thread::yield_now();
    }
    drop(RwLockWriteGuard::downgrade(guard));
    upgrading.join().unwrap();
    writing.join().unwrap();
    assert_eq!(*value.read(), 2);
}
