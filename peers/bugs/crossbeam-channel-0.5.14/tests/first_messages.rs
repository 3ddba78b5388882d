//! One sender makes the channel's first block while another already sends into it. A receiver that is dropped just then
//! frees the block, and the channel frees it again: since 0.5.12, fixed in 0.5.15 (RUSTSEC-2025-0024).
//!
//! Asks for: the process lives.

use std::thread;

use crossbeam_channel::unbounded;

#[test]
fn a_receiver_drops_while_the_first_messages_are_sent() {
    let (sender, receiver) = unbounded();
    let another = sender.clone();
    let one = thread::spawn(move || another.send(1).is_ok());
    let two = thread::spawn(move || sender.send(2).is_ok());
    drop(receiver);
    let _ = (one.join().unwrap(), two.join().unwrap());
}
