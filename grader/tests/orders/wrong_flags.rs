//! Store buffering, IRIW, Dekker and Peterson, each wrong by its memory orders alone.

use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// Store buffering without SeqCst: the later of the two still reads the other's initial 0.
pub fn sb_acqrel() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        let left = s.spawn(|| {
            x.store(1, Release);
            y.load(Acquire)
        });
        let right = s.spawn(|| {
            y.store(1, Release);
            x.load(Acquire)
        });
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_ne!(seen, (0, 0));
}

/// Store buffering with a fence in one thread only: the unfenced one still reads `x` as the initial 0.
pub fn sb_one_fence() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        let fenced = s.spawn(|| {
            x.store(1, Relaxed);
            fence(SeqCst);
            y.load(Relaxed)
        });
        let plain = s.spawn(|| {
            y.store(1, Relaxed);
            x.load(Relaxed)
        });
        (fenced.join().unwrap(), plain.join().unwrap())
    });
    assert_ne!(seen, (0, 0));
}

/// Store buffering with SeqCst stores but Acquire loads: the later one still reads the initial 0.
pub fn sb_acquire_loads() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        let left = s.spawn(|| {
            x.store(1, SeqCst);
            y.load(Acquire)
        });
        let right = s.spawn(|| {
            y.store(1, SeqCst);
            x.load(Acquire)
        });
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_ne!(seen, (0, 0));
}

/// Acquire loads agree on no order of the two stores: each reader reads one 1, then the other initial 0.
pub fn iriw_acquire() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        s.spawn(|| x.store(1, Release));
        s.spawn(|| y.store(1, Release));
        let one = s.spawn(|| (x.load(Acquire), y.load(Acquire)));
        let two = s.spawn(|| (y.load(Acquire), x.load(Acquire)));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_ne!(seen, ((1, 0), (1, 0)));
}

/// Dekker without SeqCst: the second thread in reads the other's flag as the initial false, `count` as 0.
pub fn dekker_acqrel() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Release);
        while flags[1 - me].load(Acquire) {
            if turn.load(Acquire) != me {
                flags[me].store(false, Release);
                while turn.load(Acquire) != me {
                    thread::yield_now();
                }
                flags[me].store(true, Release);
            }
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        turn.store(1 - me, Release);
        flags[me].store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Peterson without SeqCst: the second thread in reads the other's flag as the initial false, `count` as 0.
pub fn peterson_acqrel() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Release);
        turn.store(1 - me, Release);
        while flags[1 - me].load(Acquire) && turn.load(Acquire) != me {
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        flags[me].store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Only `turn` is SeqCst, and its store reads nothing: the other's flag reads the initial false, `count` 0.
pub fn peterson_seqcst_turn() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Release);
        turn.store(1 - me, SeqCst);
        while flags[1 - me].load(Acquire) && turn.load(SeqCst) != me {
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        flags[me].store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Nothing orders flag and turn: 1 sets both; 0 sets both, fences, reads flags[1] as the initial false and
/// is in; 1 fences, reads flags[0] true and turn 1 (0's, the newest) and is in too, `count` still 0.
pub fn peterson_one_fence() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Relaxed);
        turn.store(1 - me, Relaxed);
        fence(SeqCst);
        while flags[1 - me].load(Acquire) && turn.load(Acquire) != me {
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        flags[me].store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}
