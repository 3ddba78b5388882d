//! Atomic operations of all sizes, and what std makes of them: `Mutex`, `Condvar`, channels, barriers, sleep.

use std::sync::atomic::{AtomicBool, AtomicI8, AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Barrier, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

static SMALL: AtomicI8 = AtomicI8::new(-1);
static SHORT: AtomicU16 = AtomicU16::new(u16::MAX);
static WORD: AtomicU32 = AtomicU32::new(7);
static LONG: AtomicU64 = AtomicU64::new(1 << 63);

/// Each operation gives the value before it, of whatever size.
fn all_sizes() {
    assert_eq!(SMALL.fetch_sub(127, Relaxed), -1);
    assert_eq!(SMALL.swap(5, AcqRel), -128);
    assert_eq!(SHORT.fetch_add(2, Release), u16::MAX);
    assert_eq!(SHORT.load(Acquire), 1);
    assert_eq!(WORD.fetch_nand(3, SeqCst), 7);
    assert_eq!(WORD.compare_exchange(!3, 1, AcqRel, Acquire), Ok(!3));
    assert_eq!(WORD.compare_exchange(5, 9, SeqCst, Relaxed), Err(1));
    assert_eq!(LONG.fetch_or(1, SeqCst), 1 << 63);
    assert_eq!(LONG.fetch_xor(u64::MAX, SeqCst), 1 << 63 | 1);
    LONG.store(3, Release);
    assert_eq!(LONG.fetch_and(2, SeqCst), 3);
}

fn in_turns() {
    let (turn, changed, barrier) = (Mutex::new(0), Condvar::new(), Barrier::new(3));
    thread::scope(|scope| {
        for own in 0..3 {
            let (turn, changed, barrier) = (&turn, &changed, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let mut turn = changed.wait_while(turn.lock().unwrap(), |turn| *turn != own).unwrap();
                println!("turn {own}");
                *turn += 1;
                changed.notify_all();
            });
        }
    });
}

fn messages() {
    let (sender, receiver) = mpsc::sync_channel(1);
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            is_done.store(true, Release);
        });
        assert_eq!(receiver.iter().sum::<u32>(), 3);
    });
    assert!(is_done.load(Acquire));
}

fn main() {
    let begun = Instant::now();
    all_sizes();
    in_turns();
    messages();
    assert!(begun.elapsed() >= Duration::from_millis(20));
}
