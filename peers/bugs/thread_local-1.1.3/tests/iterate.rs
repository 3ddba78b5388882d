//! An iterator loads the address of a new bucket with `Relaxed`, and may not see what is in it. Fixed in 1.1.4
//! (RUSTSEC-2022-0006).
//!
//! Asks for: a value that is seen is whole. In sequentially consistent schedules it is.

use std::sync::Arc;
use std::thread;

use thread_local::ThreadLocal;

#[test]
fn a_value_that_is_seen_is_whole() {
    let values = Arc::new(ThreadLocal::new());
    let setting = {
        let values = Arc::clone(&values);
        thread::spawn(move || **values.get_or(|| Box::new(7)))
    };
    assert!(values.iter().all(|value| **value == 7));
    assert_eq!(setting.join().unwrap(), 7);
}
