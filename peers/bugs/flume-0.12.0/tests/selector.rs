//! Where several threads select, one that was woken for a message may choose another channel, and the message stays where
//! it is, with nobody woken for it.
//!
//! Asks for: what was sent is received.

use std::thread;

use flume::{Receiver, Selector, bounded};

fn next(one: &Receiver<u32>, two: &Receiver<u32>) -> u32 {
    Selector::new().recv(one, |got| got.unwrap()).recv(two, |got| got.unwrap()).wait()
}

#[test]
fn what_was_sent_is_received() {
    let (first_sender, first) = bounded(1);
    let (second_sender, second) = bounded(1);
    let receiving = {
        let (first, second) = (first.clone(), second.clone());
        thread::spawn(move || next(&first, &second))
    };
    let sending = {
        let first_sender = first_sender.clone();
        thread::spawn(move || first_sender.send(1).unwrap())
    };
    let other = second_sender.clone();
    let sending_too = thread::spawn(move || other.send(2).unwrap());
    let mut received = [next(&first, &second), receiving.join().unwrap()];
    received.sort_unstable();
    assert_eq!(received, [1, 2]);
    sending.join().unwrap();
    sending_too.join().unwrap();
}
