//! `broadcast` clones a value for several receivers at once, though the value need not be `Sync`. Fixed in 1.44.2
//! (RUSTSEC-2025-0023).
//!
//! Asks for: a value that is not `Sync` is cloned by one thread at a time.

use std::cell::Cell;
use std::thread;

use tokio::sync::broadcast;

/// It may be sent to other threads, and not be used by two at once.
struct Counted {
    busy: Cell<bool>,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        assert!(!self.busy.replace(true), "two threads clone one value that is not Sync");
        thread::yield_now();
        self.busy.set(false);
        Self { busy: Cell::new(false) }
    }
}

#[test]
fn receivers_clone_one_after_the_other() {
    let (sender, mut first) = broadcast::channel(2);
    let mut second = sender.subscribe();
    let mut third = sender.subscribe();
    assert!(sender.send(Counted { busy: Cell::new(false) }).is_ok());
    let receiving = thread::spawn(move || first.try_recv().is_ok());
    assert!(second.try_recv().is_ok());
    assert!(receiving.join().unwrap());
    assert!(third.try_recv().is_ok());
}
