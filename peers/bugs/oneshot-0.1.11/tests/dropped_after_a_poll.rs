//! A receiver that was polled and is dropped says so first and then drops its waker, out of memory that the sender may
//! have freed in between. Fixed in 0.1.12 (RUSTSEC-2026-0005).
//!
//! Asks for: the process lives, whatever stands in that memory next.

use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_polled_receiver_is_dropped_and_the_sender_goes() {
    let (sender, receiver) = oneshot::channel::<u64>();
    let mut receiving = Box::pin(receiver.into_future());
    let waker = Waker::from(Arc::new(Nobody));
    assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let going = thread::spawn(move || {
        // It goes only when the receiver has said that it does: there is one more race where both go at once.
        while !sender.is_closed() {
            thread::yield_now();
        }
        drop(sender);
        // Takes the channel's memory.
        black_box(Box::new([0_u64; 5]));
    });
    drop(receiving);
    going.join().unwrap();
}
