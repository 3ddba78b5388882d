//! A sender that finds a message still being read passes over its place; from then on the channel is never found full,
//! and a sender looks for room for ever. Fixed in 0.1.6.
//!
//! Asks for: a sender is told that the channel is full.

use std::thread;

use thingbuf::mpsc::blocking::channel;

#[test]
fn a_full_channel_says_so() {
    let (sender, receiver) = channel(3);
    let receiving = thread::spawn(move || {
        for _ in 0..3 {
            drop(receiver.recv_ref());
        }
        receiver
    });
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    let _receiver = receiving.join().unwrap();
    assert!((0..3).any(|number| sender.try_send(number).is_err()));
}
