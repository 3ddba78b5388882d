//! A task that is woken hands itself to its schedule function, which is part of the task: where another thread runs and
//! ends the task meanwhile, the function is dropped while it runs. Fixed in 1.1.1.
//!
//! Asks for: what the schedule function has captured is there until it returns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

/// Says when it is dropped.
struct Captured(Arc<AtomicBool>);

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn the_schedule_function_lives_until_it_returns() {
    let (sender, tasks) = channel();
    let sender = Mutex::new(sender);
    let dropped = Arc::new(AtomicBool::new(false));
    let captured = Captured(Arc::clone(&dropped));
    let seen = Arc::clone(&dropped);
    let schedule = move |task| {
        let _captured = &captured;
        let sender = sender.lock().unwrap().clone();
        let seen = Arc::clone(&seen);
        sender.send(task).unwrap();
        assert!(!seen.load(Ordering::SeqCst), "the schedule function was dropped while it ran");
    };
    let waker = Arc::new(Mutex::new(None::<Waker>));
    let given = Arc::clone(&waker);
    let future = std::future::poll_fn(move |context| {
        let mut given = given.lock().unwrap();
        if given.is_some() {
            return Poll::Ready(());
        }
        *given = Some(context.waker().clone());
        Poll::Pending
    });
    let (task, handle) = async_task::spawn(future, schedule, ());
    drop(handle);
    task.run();
    let waker_of_task = waker.lock().unwrap().take().unwrap();
    *waker.lock().unwrap() = Some(Waker::noop().clone());
    let running = thread::spawn(move || tasks.recv().map(|task: async_task::Task<()>| task.run()));
    waker_of_task.wake();
    let _ = running.join().unwrap();
}
