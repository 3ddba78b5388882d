//! A sender that finds room after it has left its waker is woken in place of one that waits, which then waits for ever.
//! Fixed in 2.0.13.
//!
//! Asks for: all messages are sent and received.

use std::thread;

use crossfire::mpmc::bounded_async;
use pollster::block_on;

#[test]
fn all_senders_get_on() {
    let (sender, receiver) = bounded_async(1);
    let sending: Vec<_> = (0..3)
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || block_on(sender.send(number)).unwrap())
        })
        .collect();
    drop(sender);
    let received: Vec<u32> = std::iter::from_fn(|| block_on(receiver.recv()).ok()).collect();
    assert_eq!(received.len(), 3);
    for thread in sending {
        thread.join().unwrap();
    }
}
