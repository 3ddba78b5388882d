//! A `recv_async` that is looked at again looks for a message and then whether the senders are gone: what the last one
//! sends between the two is lost. Fixed in 0.11.0.
//!
//! Asks for: a message that was sent before its sender went is received.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use flume::unbounded;

#[test]
fn the_last_message_comes() {
    let (sender, receiver) = unbounded();
    let mut receiving = pin!(receiver.recv_async());
    let mut looks = || receiving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(looks().is_pending());
    let sending = thread::spawn(move || sender.send(1).unwrap());
    let received = looks();
    assert!(matches!(received, Poll::Pending | Poll::Ready(Ok(1))), "{received:?}");
    sending.join().unwrap();
}
