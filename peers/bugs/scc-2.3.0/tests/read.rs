//! `HashMap::read` gives its lock back before it lets its caller read the entry. Fixed in 2.3.1; the versions from 2.0.0
//! to 2.3.0 were yanked.
//!
//! Asks for: while an entry is read nobody takes it away.

use std::sync::Arc;
use std::thread;

use scc::HashMap;

#[test]
fn an_entry_stays_while_it_is_read() {
    let map = Arc::new(HashMap::new());
    assert!(map.insert(1, Arc::new(())).is_ok());
    let removing = {
        let map = Arc::clone(&map);
        thread::spawn(move || drop(map.remove(&1)))
    };
    map.read(&1, |_, value| {
        thread::yield_now();
        assert_eq!(Arc::strong_count(value), 1);
    });
    removing.join().unwrap();
}
