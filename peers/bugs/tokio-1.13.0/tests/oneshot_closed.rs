//! Where a `oneshot` is closed, sender and receiver may both take the value at once. Fixed in 1.13.1 (RUSTSEC-2021-0124).
//!
//! Asks for: the value is received, or comes back to its sender, and not both.

use std::thread;

use tokio::sync::oneshot;

#[test]
fn one_of_the_two_has_the_value() {
    let (sender, mut receiver) = oneshot::channel();
    receiver.close();
    let sending = thread::spawn(move || sender.send(Box::new(1)).is_ok());
    let received = receiver.try_recv().is_ok();
    assert_eq!(sending.join().unwrap(), received);
}
