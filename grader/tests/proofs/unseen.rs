//! Something has a part in it that is not all seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::Named;

pub const ALL: &[Named] = &[
    ("unseen-half-lines", half_lines),
    ("unseen-park", park),
    ("unseen-channel", channel),
    ("unseen-rwlock", rwlock),
    ("unseen-once", once),
    ("unseen-sleep", sleep),
    ("unseen-clock", clock),
    ("unseen-random", random),
    ("unseen-spin", spin),
    ("unseen-left-behind", left_behind),
    ("unseen-file", file),
];

/// Which comes first, no operation tells.
fn half_lines() {
    thread::scope(|scope| {
        scope.spawn(|| print!("a"));
        scope.spawn(|| print!("b"));
    });
    println!();
}

fn park() {
    let waits = thread::spawn(thread::park);
    waits.thread().unpark();
    waits.join().unwrap();
}

fn channel() {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || sender.send(1).unwrap());
    });
    assert_eq!(receiver.recv(), Ok(1));
}

fn rwlock() {
    let value = RwLock::new(0);
    thread::scope(|scope| {
        scope.spawn(|| *value.write().unwrap() += 1);
        scope.spawn(|| assert!(*value.read().unwrap() < 2));
    });
}

fn once() {
    static VALUE: OnceLock<u32> = OnceLock::new();
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || assert!(*VALUE.get_or_init(|| number) < 2));
        }
    });
}

fn sleep() {
    thread::scope(|scope| {
        scope.spawn(|| thread::sleep(Duration::from_millis(1)));
    });
}

fn clock() {
    thread::scope(|scope| {
        scope.spawn(|| Instant::now());
    });
}

fn random() {
    thread::scope(|scope| {
        scope.spawn(|| HashMap::from([(1, 2)]).len());
    });
}

fn spin() {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| is_done.store(true, SeqCst));
        scope.spawn(|| while !is_done.load(SeqCst) {});
    });
}

fn left_behind() {
    static COUNT: Mutex<u32> = Mutex::new(0);
    thread::spawn(|| *COUNT.lock().unwrap() += 1);
    assert!(*COUNT.lock().unwrap() < 2);
}

fn file() {
    thread::scope(|scope| {
        scope.spawn(|| std::fs::write("file", "text").unwrap());
    });
}
