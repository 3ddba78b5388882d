//! A receiver that is dropped while a message is sent leaves that message in the channel for as long as there are senders:
//! who waits for the message's end waits for ever. Fixed in 0.3.13.
//!
//! Asks for: no message outlives the receiver.

use std::sync::Arc;
use std::thread;

use futures_channel::mpsc::unbounded;

#[test]
fn messages_go_with_the_receiver() {
    let (sender, receiver) = unbounded();
    let message = Arc::new(());
    let sending = {
        let (sender, message) = (sender.clone(), Arc::clone(&message));
        thread::spawn(move || drop(sender.unbounded_send(message)))
    };
    drop(receiver);
    sending.join().unwrap();
    assert_eq!(Arc::strong_count(&message), 1);
    drop(sender);
}
