//! A Relaxed payload guarded by std's synchronization; each is right.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::Duration;

/// Unlocking a mutex happens before the next lock.
pub fn mutex() {
    let (lock, count) = (Mutex::new(()), AtomicU64::new(0));
    let add = || {
        let _guard = lock.lock().unwrap();
        count.store(count.load(Relaxed) + 1, Relaxed);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Unlocking a mutex happens before a `try_lock` that succeeds.
pub fn mutex_try_lock() {
    let (lock, count) = (Mutex::new(()), AtomicU64::new(0));
    let add = || {
        let _guard = loop {
            match lock.try_lock() {
                Ok(guard) => break guard,
                Err(_) => thread::yield_now(),
            }
        };
        count.store(count.load(Relaxed) + 1, Relaxed);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The mutex that the condition variable gives back was unlocked by the writer.
pub fn condvar() {
    let (value, ready, changed) = (AtomicU64::new(0), Mutex::new(false), Condvar::new());
    thread::scope(|s| {
        s.spawn(|| {
            value.store(7, Relaxed);
            *ready.lock().unwrap() = true;
            changed.notify_one();
        });
        let _guard = changed.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap();
        assert_eq!(value.load(Relaxed), 7);
    });
}

/// Notified or timed out, `ready` is read under the mutex that the writer unlocked.
pub fn condvar_wait_timeout() {
    let (value, ready, changed) = (AtomicU64::new(0), Mutex::new(false), Condvar::new());
    thread::scope(|s| {
        s.spawn(|| {
            value.store(7, Relaxed);
            *ready.lock().unwrap() = true;
            changed.notify_all();
        });
        let mut guard = ready.lock().unwrap();
        while !*guard {
            guard = changed.wait_timeout(guard, Duration::from_millis(1)).unwrap().0;
        }
        assert_eq!(value.load(Relaxed), 7);
    });
}

/// Write unlock before read lock, read unlock before write lock: the pair is always equal.
pub fn rwlock() {
    let (lock, a, b) = (RwLock::new(()), AtomicU64::new(0), AtomicU64::new(0));
    let read = || {
        let _guard = lock.read().unwrap();
        assert_eq!(a.load(Relaxed), b.load(Relaxed));
    };
    thread::scope(|s| {
        s.spawn(|| {
            for value in 1..3 {
                let _guard = lock.write().unwrap();
                a.store(value, Relaxed);
                b.store(value, Relaxed);
            }
        });
        s.spawn(read);
        s.spawn(read);
    });
}

/// All that comes before the barrier in any thread happens before all that comes after it in any other.
pub fn barrier() {
    let (slots, barrier) = ([AtomicU64::new(0), AtomicU64::new(0)], Barrier::new(2));
    let run = |me: usize| {
        for round in 1..3 {
            slots[me].store(round, Relaxed);
            barrier.wait();
            assert_eq!(slots[1 - me].load(Relaxed), round);
            barrier.wait();
        }
    };
    thread::scope(|s| {
        s.spawn(|| run(0));
        s.spawn(|| run(1));
    });
}

/// What the one `call_once` closure does happens before any `call_once` returns.
pub fn once() {
    let (once, value) = (Once::new(), AtomicU64::new(0));
    let get = || {
        once.call_once(|| value.store(7, Relaxed));
        value.load(Relaxed)
    };
    thread::scope(|s| {
        let other = s.spawn(get);
        assert_eq!((get(), other.join().unwrap()), (7, 7));
    });
}

/// Setting the cell happens before a `get` that finds it set.
pub fn once_lock_get() {
    let (cell, value) = (OnceLock::new(), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            value.store(7, Relaxed);
            cell.set("set").unwrap();
        });
        while cell.get().is_none() {
            thread::yield_now();
        }
        assert_eq!(value.load(Relaxed), 7);
    });
}

/// The initialisation happens before any `get_or_init` returns.
pub fn once_lock_init() {
    let cell = OnceLock::new();
    let get = || {
        let value: &AtomicU64 = cell.get_or_init(|| {
            let value = AtomicU64::new(0);
            value.store(7, Relaxed);
            value
        });
        value.load(Relaxed)
    };
    thread::scope(|s| {
        let other = s.spawn(get);
        assert_eq!((get(), other.join().unwrap()), (7, 7));
    });
}

/// The initialisation happens before any dereference returns.
pub fn lazy_lock() {
    static VALUE: AtomicU64 = AtomicU64::new(0);
    static LAZY: LazyLock<u64> = LazyLock::new(|| {
        VALUE.store(7, Relaxed);
        7
    });
    let other = thread::spawn(|| (*LAZY, VALUE.load(Relaxed)));
    assert_eq!((*LAZY, VALUE.load(Relaxed)), (7, 7));
    assert_eq!(other.join().unwrap(), (7, 7));
}

/// `unpark` synchronizes with the `park` that takes its token, so the load after that park reads 7 and ends.
pub fn park_unpark() {
    let value = Arc::new(AtomicU64::new(0));
    let shared = Arc::clone(&value);
    let parked = thread::spawn(move || {
        while shared.load(Relaxed) != 7 {
            thread::park();
        }
    });
    value.store(7, Relaxed);
    parked.thread().unpark();
    parked.join().unwrap();
}

/// A send happens before the receive of its message.
pub fn channel() {
    let value = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|s| {
        let value = &value;
        s.spawn(move || {
            for sent in 1..4 {
                value.store(sent, Relaxed);
                sender.send(sent).unwrap();
            }
        });
        for received in receiver {
            assert!(value.load(Relaxed) >= received);
        }
    });
}

/// A send happens before the receive of its message, here through a buffer of one.
pub fn channel_bounded() {
    let slots = [const { AtomicU64::new(0) }; 3];
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::scope(|s| {
        let slots = &slots;
        s.spawn(move || {
            for (i, slot) in slots.iter().enumerate() {
                slot.store(7, Relaxed);
                sender.send(i).unwrap();
            }
        });
        let seen: Vec<u64> = receiver.iter().map(|i| slots[i].load(Relaxed)).collect();
        assert_eq!(seen, [7, 7, 7]);
    });
}

/// A send happens before the receive of its message, here handed over without a buffer; then an answer.
pub fn channel_rendezvous() {
    let (question, answer) = (AtomicU64::new(0), AtomicU64::new(0));
    let (ask, asked) = mpsc::sync_channel(0);
    let (reply, replied) = mpsc::sync_channel(0);
    thread::scope(|s| {
        let (question, answer) = (&question, &answer);
        s.spawn(move || {
            asked.recv().unwrap();
            answer.store(question.load(Relaxed) + 1, Relaxed);
            reply.send(()).unwrap();
        });
        question.store(7, Relaxed);
        ask.send(()).unwrap();
        replied.recv().unwrap();
        assert_eq!(answer.load(Relaxed), 8);
    });
}

/// What comes before a spawn happens before the thread, and the thread before its `join` returns.
pub fn spawn_join() {
    let value = Arc::new(AtomicU64::new(0));
    value.store(7, Relaxed);
    let shared = Arc::clone(&value);
    let worker = thread::spawn(move || shared.store(shared.load(Relaxed) + 1, Relaxed));
    worker.join().unwrap();
    assert_eq!(value.load(Relaxed), 8);
}

/// What the threads of a scope do, joined or not, happens before the scope returns.
pub fn scope_end() {
    let slots = [AtomicU64::new(0), AtomicU64::new(0)];
    for round in 1..3 {
        thread::scope(|s| {
            for slot in &slots {
                s.spawn(move || slot.store(slot.load(Relaxed) + round, Relaxed));
            }
        });
        assert_eq!(slots.each_ref().map(|slot| slot.load(Relaxed)), [round * (round + 1) / 2; 2]);
    }
}
