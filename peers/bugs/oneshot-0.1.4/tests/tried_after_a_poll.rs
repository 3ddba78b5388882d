//! `try_recv` of a receiver that was polled panics while the sender is about to wake it. Fixed in 0.1.5.
//!
//! Asks for: the message, or that there is none yet.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::thread;

use oneshot::TryRecvError;

#[test]
fn a_polled_receiver_tries() {
    let (sender, mut receiver) = oneshot::channel();
    assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let sending = thread::spawn(move || sender.send(1).unwrap());
    assert!(matches!(receiver.try_recv(), Ok(1) | Err(TryRecvError::Empty)));
    // The channel stays until both are at their ends.
    sending.join().unwrap();
}
