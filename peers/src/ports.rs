//! Five of the course's mutants, written again for shuttle, which needs programs that use its own types.
//! Each has the size of the case in which the grader looks for the bug, and panics or deadlocks where
//! that case fails. `fixed` takes the bug out, to measure the speed of runs that end well.

use shuttle::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;
use std::collections::VecDeque;

/// bank-account/deposit-load-store: three deposits of 1 and three of 20.
pub fn deposit_load_store(fixed: bool) {
    let balance = Arc::new(AtomicI64::new(0));
    let tellers = [1, 20].map(|amount| {
        let balance = Arc::clone(&balance);
        thread::spawn(move || {
            for _ in 0..3 {
                if fixed {
                    balance.fetch_add(amount, SeqCst);
                } else {
                    let before = balance.load(SeqCst);
                    balance.store(before + amount, SeqCst);
                }
            }
        })
    });
    tellers.into_iter().for_each(|teller| teller.join().unwrap());
    assert_eq!(balance.load(SeqCst), 63);
}

/// bank-account/opposite-lock-orders: two transfers each way.
pub fn opposite_lock_orders(fixed: bool) {
    let accounts = Arc::new([Mutex::new(10), Mutex::new(10)]);
    let tellers = [(0, 1, 1), (1, 0, 2)].map(|(from, to, amount)| {
        let accounts = Arc::clone(&accounts);
        thread::spawn(move || {
            for _ in 0..2 {
                let (first, second) = if fixed { (0, 1) } else { (from, to) };
                let one = accounts[first].lock().unwrap();
                let other = accounts[second].lock().unwrap();
                let (mut source, mut target) = if first == from { (one, other) } else { (other, one) };
                *source -= amount;
                *target += amount;
            }
        })
    });
    tellers.into_iter().for_each(|teller| teller.join().unwrap());
}

/// even-odd/turn-stored-outside-the-mutex: seven numbers.
pub fn turn_stored_outside_the_mutex(fixed: bool) {
    const MAX: u64 = 7;
    let shared = Arc::new((AtomicU64::new(1), Mutex::new(()), Condvar::new()));
    let printers = [1, 2].map(|first: u64| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (next, waiting, turn_passed) = &*shared;
            for number in (first..=MAX).step_by(2) {
                let mut guard = waiting.lock().unwrap();
                while next.load(SeqCst) != number {
                    guard = turn_passed.wait(guard).unwrap();
                }
                drop(guard);
                let guard = fixed.then(|| waiting.lock().unwrap());
                next.store(number + 1, SeqCst);
                drop(guard);
                turn_passed.notify_one();
            }
        })
    });
    printers.into_iter().for_each(|printer| printer.join().unwrap());
}

/// even-odd/registers-after-looking: two numbers.
pub fn registers_after_looking(fixed: bool) {
    const MAX: u64 = 2;
    let next = Arc::new(AtomicU64::new(1));
    let sleepers: Arc<[Mutex<Option<thread::Thread>>; 2]> = Arc::new([Mutex::new(None), Mutex::new(None)]);
    let printers = [1, 2].map(|first: u64| {
        let (next, sleepers) = (Arc::clone(&next), Arc::clone(&sleepers));
        thread::spawn(move || {
            let (mine, others) = ((first - 1) as usize, (first % 2) as usize);
            for number in (first..=MAX).step_by(2) {
                if fixed {
                    *sleepers[mine].lock().unwrap() = Some(thread::current());
                }
                while next.load(SeqCst) != number {
                    if !fixed {
                        *sleepers[mine].lock().unwrap() = Some(thread::current());
                    }
                    thread::park();
                }
                next.store(number + 1, SeqCst);
                if let Some(other) = &*sleepers[others].lock().unwrap() {
                    other.unpark();
                }
            }
        })
    });
    printers.into_iter().for_each(|printer| printer.join().unwrap());
}

#[derive(Default)]
struct Buffer {
    state: Mutex<(VecDeque<u64>, bool)>,
    not_full: Condvar,
    not_empty: Condvar,
}

impl Buffer {
    fn put(&self, item: u64) {
        let state = self.state.lock().unwrap();
        let full = |state: &mut (VecDeque<u64>, bool)| !state.0.is_empty();
        self.not_full.wait_while(state, full).unwrap().0.push_back(item);
        self.not_empty.notify_one();
    }

    fn take(&self) -> Option<u64> {
        let state = self.state.lock().unwrap();
        let empty = |state: &mut (VecDeque<u64>, bool)| state.0.is_empty() && !state.1;
        let item = self.not_empty.wait_while(state, empty).unwrap().0.pop_front()?;
        self.not_full.notify_one();
        Some(item)
    }
}

/// producer-consumer/close-wakes-one: two producers of three items, two consumers, one place.
pub fn close_wakes_one(fixed: bool) {
    let buffer = Arc::new(Buffer::default());
    let consumers = [(); 2].map(|()| {
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || while buffer.take().is_some() {})
    });
    let producers = [(); 2].map(|()| {
        let buffer = Arc::clone(&buffer);
        thread::spawn(move || (0..3).for_each(|item| buffer.put(item)))
    });
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    buffer.state.lock().unwrap().1 = true;
    if fixed {
        buffer.not_empty.notify_all();
    } else {
        buffer.not_empty.notify_one();
    }
    consumers.into_iter().for_each(|consumer| consumer.join().unwrap());
}
