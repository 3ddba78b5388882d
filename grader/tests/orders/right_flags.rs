//! Coherence, store buffering, IRIW, Dekker and Peterson, each right by C++20.

use std::hint::spin_loop;
use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// Read-read coherence: two Relaxed loads of one atomic never go backwards in its modification order.
pub fn coherence_reads() {
    let x = AtomicU64::new(0);
    thread::scope(|s| {
        s.spawn(|| (1..4).for_each(|value| x.store(value, Relaxed)));
        s.spawn(|| {
            let (first, second, third) = (x.load(Relaxed), x.load(Relaxed), x.load(Relaxed));
            assert!(first <= second && second <= third);
        });
    });
}

/// Write-read coherence: after its own store or RMW a thread reads that value or a later one.
pub fn coherence_own_store() {
    let x = AtomicU64::new(0);
    let add = || {
        let mine = x.fetch_add(1, Relaxed) + 1;
        assert!(x.load(Relaxed) >= mine);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
}

/// Read-read coherence across threads: reading x 1 happens before (by `told`) the load, which reads 1 too.
pub fn coherence_told() {
    let (x, told) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| x.store(1, Relaxed));
        s.spawn(|| {
            while x.load(Relaxed) == 0 {
                spin_loop();
            }
            told.store(true, Release);
        });
        while !told.load(Acquire) {
            spin_loop();
        }
        assert_eq!(x.load(Relaxed), 1);
    });
}

/// All four are SeqCst: in their single order one of the loads comes after both stores.
pub fn sb_seqcst() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        let left = s.spawn(|| {
            x.store(1, SeqCst);
            y.load(SeqCst)
        });
        let right = s.spawn(|| {
            y.store(1, SeqCst);
            x.load(SeqCst)
        });
        (left.join().unwrap(), right.join().unwrap())
    });
    assert_ne!(seen, (0, 0));
}

/// Two SeqCst fences: what is stored before the earlier is seen by loads after the later.
pub fn sb_two_fences() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let put_then_get = |put: &AtomicU64, get: &AtomicU64| {
        put.store(1, Relaxed);
        fence(SeqCst);
        get.load(Relaxed)
    };
    thread::scope(|s| {
        let left = s.spawn(|| put_then_get(&x, &y));
        let right = s.spawn(|| put_then_get(&y, &x));
        assert_ne!((left.join().unwrap(), right.join().unwrap()), (0, 0));
    });
}

/// (0, 0) would order load x, fence, store y, load x in the single order: a SeqCst cycle.
pub fn sb_fence_and_accesses() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        let fenced = s.spawn(|| {
            x.store(1, Relaxed);
            fence(SeqCst);
            y.load(Relaxed)
        });
        let accesses = s.spawn(|| {
            y.store(1, SeqCst);
            x.load(SeqCst)
        });
        (fenced.join().unwrap(), accesses.join().unwrap())
    });
    assert_ne!(seen, (0, 0));
}

/// The later AcqRel swap of `middle` reads the earlier one, so its thread's load sees the other's store.
pub fn sb_common_rmw() {
    let (x, y, middle) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let put_then_get = |put: &AtomicU64, get: &AtomicU64| {
        put.store(1, Relaxed);
        middle.swap(1, AcqRel);
        get.load(Relaxed)
    };
    thread::scope(|s| {
        let left = s.spawn(|| put_then_get(&x, &y));
        let right = s.spawn(|| put_then_get(&y, &x));
        assert_ne!((left.join().unwrap(), right.join().unwrap()), (0, 0));
    });
}

/// All reads are SeqCst: (1, 0) and (1, 0) would put each store before the other in the single order.
pub fn iriw_seqcst() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = thread::scope(|s| {
        s.spawn(|| x.store(1, SeqCst));
        s.spawn(|| y.store(1, SeqCst));
        let one = s.spawn(|| (x.load(SeqCst), y.load(SeqCst)));
        let two = s.spawn(|| (y.load(SeqCst), x.load(SeqCst)));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_ne!(seen, ((1, 0), (1, 0)));
}

/// One reader's load of 0 is coherence-ordered before the other's 1: each fence would precede the other.
pub fn iriw_fences() {
    let (x, y) = (AtomicU64::new(0), AtomicU64::new(0));
    let read = |first: &AtomicU64, second: &AtomicU64| {
        let first = first.load(Relaxed);
        fence(SeqCst);
        (first, second.load(Relaxed))
    };
    thread::scope(|s| {
        s.spawn(|| x.store(1, Relaxed));
        s.spawn(|| y.store(1, Relaxed));
        let one = s.spawn(|| read(&x, &y));
        let two = s.spawn(|| read(&y, &x));
        assert_ne!((one.join().unwrap(), two.join().unwrap()), ((1, 0), (1, 0)));
    });
}

/// Flags and turn are all SeqCst: the single order excludes, the unlock is acquired through the flag.
pub fn dekker_seqcst() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, SeqCst);
        while flags[1 - me].load(SeqCst) {
            if turn.load(SeqCst) != me {
                flags[me].store(false, SeqCst);
                while turn.load(SeqCst) != me {
                    thread::yield_now();
                }
                flags[me].store(true, SeqCst);
            }
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        turn.store(1 - me, SeqCst);
        flags[me].store(false, SeqCst);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Flags and turn are all SeqCst: the single order excludes, the unlock is acquired through the flag.
pub fn peterson_seqcst() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, SeqCst);
        turn.store(1 - me, SeqCst);
        while flags[1 - me].load(SeqCst) && turn.load(SeqCst) != me {
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        flags[me].store(false, SeqCst);
    };
    thread::scope(|s| {
        s.spawn(|| add(0));
        s.spawn(|| add(1));
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The second swap of `turn` reads the first: it sees the flag true and waits for the Release of false.
pub fn peterson_swap() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Relaxed);
        turn.swap(1 - me, AcqRel);
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

/// Flag, fence, turn, fence: whose turn store is the older has its flag seen, and the unlock is acquired.
pub fn peterson_two_fences() {
    let flags = [AtomicBool::new(false), AtomicBool::new(false)];
    let (turn, count) = (AtomicUsize::new(0), AtomicU64::new(0));
    let add = |me: usize| {
        flags[me].store(true, Relaxed);
        fence(SeqCst);
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
