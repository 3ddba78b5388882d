//! A thief looks at the buffer's address once, where it has to look again after it has read a task: it may take one that
//! was taken already. Fixed in 0.8.1 (RUSTSEC-2021-0093).
//!
//! Asks for: each task is taken once. In sequentially consistent schedules it is.

use std::thread;

use crossbeam_deque::{Steal, Worker};

#[test]
fn each_task_is_taken_once() {
    let worker = Worker::new_fifo();
    worker.push(1);
    worker.push(2);
    let stealer = worker.stealer();
    let stealing = thread::spawn(move || match stealer.steal() {
        Steal::Success(task) => Some(task),
        Steal::Empty | Steal::Retry => None,
    });
    // More than the buffer holds.
    (3..80).for_each(|task| worker.push(task));
    let mut tasks: Vec<u32> = std::iter::from_fn(|| worker.pop()).collect();
    tasks.extend(stealing.join().unwrap());
    tasks.extend(std::iter::from_fn(|| worker.pop()));
    tasks.sort_unstable();
    assert!(tasks.into_iter().eq(1..80));
}
