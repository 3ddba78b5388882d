//! One sender makes the channel's first block while another already sends into it. A receiver that is dropped just then
//! looks for that message in a block that it has not got yet. Fixed in 0.5.8.
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
