//! What else std has: conditions, channels, barriers, and what waits or looks outside.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::Named;
use crate::common::{LAST, Marks, NUMBER, as_number, two};

pub const ALL: &[Named] = &[
    ("unseen-park", unseen_park),
    ("unseen-channel", unseen_channel),
    ("unseen-rwlock", unseen_rwlock),
    ("unseen-once", unseen_once),
    ("unseen-sleep", unseen_sleep),
    ("unseen-clock", unseen_clock),
    ("unseen-random", unseen_random),
    ("unseen-spin", unseen_spin),
    ("unseen-file", unseen_file),
    ("unseen-lost-wake", unseen_lost_wake),
    ("unseen-pipe", unseen_pipe),
    ("unseen-channel-order", unseen_channel_order),
    ("unseen-channel-closed", unseen_channel_closed),
    ("unseen-channel-gone", unseen_channel_gone),
    ("unseen-channel-values", unseen_channel_values),
    ("unseen-once-asked", unseen_once_asked),
    ("unseen-rwlock-tried", unseen_rwlock_tried),
    ("unseen-lazy", unseen_lazy),
    ("unseen-condvar", unseen_condvar),
    ("unseen-barrier", unseen_barrier),
];

fn unseen_park() {
    let waits = thread::spawn(thread::park);
    waits.thread().unpark();
    waits.join().unwrap();
}

fn unseen_channel() {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || sender.send(1).unwrap());
    });
    assert_eq!(receiver.recv(), Ok(1));
}

fn unseen_rwlock() {
    let value = RwLock::new(0);
    thread::scope(|scope| {
        scope.spawn(|| *value.write().unwrap() += 1);
        scope.spawn(|| assert!(*value.read().unwrap() < 2));
    });
}

fn unseen_once() {
    static VALUE: OnceLock<u32> = OnceLock::new();
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || assert!(*VALUE.get_or_init(|| number) < 2));
        }
    });
}

fn unseen_sleep() {
    thread::scope(|scope| {
        scope.spawn(|| thread::sleep(Duration::from_millis(1)));
    });
}

fn unseen_clock() {
    thread::scope(|scope| {
        scope.spawn(|| Instant::now());
    });
}

fn unseen_random() {
    thread::scope(|scope| {
        scope.spawn(|| HashMap::from([(1, 2)]).len());
    });
}

fn unseen_spin() {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| is_done.store(true, SeqCst));
        scope.spawn(|| while !is_done.load(SeqCst) {});
    });
}

fn unseen_file() {
    thread::scope(|scope| {
        scope.spawn(|| std::fs::write("file", "text").unwrap());
    });
}

/// It is not woken if it does not sleep yet.
fn unseen_lost_wake() {
    let (sleeps, sleeper) = (Arc::new(AtomicBool::new(false)), thread::current());
    let waker = thread::spawn({
        let sleeps = Arc::clone(&sleeps);
        move || {
            if sleeps.load(SeqCst) {
                sleeper.unpark();
            }
        }
    });
    sleeps.store(true, SeqCst);
    thread::park();
    waker.join().unwrap();
}

fn unseen_pipe() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut other = writer.try_clone().unwrap();
    two(move || writer.write_all(b"a").unwrap(), move || other.write_all(b"b").unwrap());
    let mut bytes = [0; 2];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"ab");
}

fn unseen_channel_order() {
    let (sender, receiver) = mpsc::channel();
    let other = sender.clone();
    two(move || sender.send(1).unwrap(), move || other.send(2).unwrap());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
}

/// It is only dropped.
fn unseen_channel_closed() {
    let (sender, receiver) = mpsc::channel::<u32>();
    two(move || drop(sender), move || assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty)));
}

fn unseen_channel_gone() {
    let (sender, receiver) = mpsc::channel::<u32>();
    two(move || drop(receiver), move || sender.send(1).unwrap());
}

/// Values of a channel that is dropped are dropped by the last end.
fn unseen_channel_values() {
    let (sender, receiver) = mpsc::channel();
    sender.send(Marks).unwrap();
    two(move || as_number(1, || drop(sender)), move || as_number(2, || drop(receiver)));
    assert_ne!(LAST.load(SeqCst), 2);
}

fn unseen_once_asked() {
    let cell = OnceLock::new();
    two(|| cell.set(1).unwrap(), || assert!(cell.get().is_none()));
}

fn unseen_rwlock_tried() {
    let lock = RwLock::new(0);
    two(|| drop(lock.try_read()), || assert!(lock.try_write().is_ok()));
}

/// Who is first makes it.
fn unseen_lazy() {
    static VALUE: LazyLock<u32> = LazyLock::new(|| NUMBER.get());
    two(|| as_number(1, || _ = *VALUE), || as_number(2, || _ = *VALUE));
    assert_eq!(*VALUE, 1);
}

/// Woken before it waits.
fn unseen_condvar() {
    let (lock, signal) = (Mutex::new(()), Condvar::new());
    two(|| drop(signal.wait(lock.lock().unwrap())), || signal.notify_one());
}

fn unseen_barrier() {
    let barrier = Barrier::new(2);
    two(|| assert!(barrier.wait().is_leader()), || _ = barrier.wait());
}
