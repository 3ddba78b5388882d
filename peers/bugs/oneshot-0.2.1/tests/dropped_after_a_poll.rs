//! A receiver that was polled and is dropped while the sender takes its waker overwrites the state `UNPARKING` with
//! `DISCONNECTED`. It means to wait until the sender has done; it reads its own word at once, and frees the channel while
//! the sender still uses it. So it is since 0.1.11, where this race was a panic before, and in the newest version.
//!
//! Asks for: the process lives.

use std::future::IntoFuture;
use std::task::{Context, Waker};
use std::thread;

#[test]
fn a_polled_receiver_is_dropped_while_a_message_comes() {
    let (sender, receiver) = oneshot::async_channel();
    let mut receiving = Box::pin(receiver.into_future());
    assert!(receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let sending = thread::spawn(move || drop(sender.send(1)));
    drop(receiving);
    sending.join().unwrap();
}
