//! Who waits in `Once::try_call_once` while another thread's initialiser fails goes on as if it had not failed, and gets
//! a value that nobody has made. Fixed in 0.9.8 (RUSTSEC-2023-0031).
//!
//! Asks for: who gets a value gets the one that was made.

use std::sync::Arc;
use std::thread;

use spin::Once;

#[test]
fn an_initialiser_fails_while_another_waits() {
    let once = Arc::new(Once::<Box<u32>>::new());
    let failing = {
        let once = Arc::clone(&once);
        thread::spawn(move || once.try_call_once(|| Err(())).map(|value| **value))
    };
    let made = once.try_call_once(|| Ok::<_, ()>(Box::new(7))).map(|value| **value);
    assert_eq!(made, Ok(7));
    assert!(matches!(failing.join().unwrap(), Ok(7) | Err(())));
}
