//! A worker that goes to sleep looks once more for jobs of the pool, and not for those broadcast to itself: `broadcast`
//! waits for ever. Fixed in 1.10.1.
//!
//! Asks for: a broadcast ends.

use std::thread;

use rayon_core::ThreadPoolBuilder;

#[test]
fn a_broadcast_ends() {
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for _ in 0..2 {
        // A worker looks for work more than thirty times before it sleeps.
        for _ in 0..64 {
            thread::yield_now();
        }
        assert_eq!(pool.broadcast(|context| context.index()), [0, 1]);
    }
}
