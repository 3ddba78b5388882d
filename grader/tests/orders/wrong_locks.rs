//! Locks, barriers, queues and flags that look at each other, each wrong by its memory orders alone.

use std::hint::spin_loop;
use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// The exchange that takes the lock is Relaxed: the second thread in reads `count` as the initial 0.
pub fn lock_cas_relaxed() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.compare_exchange(false, true, Relaxed, Relaxed).is_err() {
            spin_loop();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        locked.store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The swap that takes the lock is Relaxed: the second thread in reads `count` as the initial 0.
pub fn lock_swap_relaxed() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.swap(true, Relaxed) {
            thread::yield_now();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        locked.store(false, Release);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The unlock is Relaxed: the second thread in reads `count` as the initial 0.
pub fn unlock_relaxed() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.swap(true, Acquire) {
            spin_loop();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        locked.store(false, Relaxed);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// Now-serving is read Relaxed: the second ticket is served and reads `count` as the initial 0.
pub fn ticket_lock_relaxed() {
    let (next, serving, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let add = || {
        let ticket = next.fetch_add(1, Relaxed);
        while serving.load(Relaxed) != ticket {
            spin_loop();
        }
        count.store(count.load(Relaxed) + 1, Relaxed);
        serving.store(ticket + 1, Release);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The turn is handed on Relaxed: the thread of turn 1 reads `count` as the initial 0.
pub fn turn_counter_relaxed() {
    let (turn, count) = (AtomicU64::new(0), AtomicU64::new(0));
    let play = |turns: [u64; 2]| {
        for mine in turns {
            while turn.load(Acquire) != mine {
                spin_loop();
            }
            count.store(count.load(Relaxed) + 1, Relaxed);
            turn.store(mine + 1, Relaxed);
        }
    };
    thread::scope(|s| {
        s.spawn(|| play([0, 2]));
        s.spawn(|| play([1, 3]));
    });
    assert_eq!(count.load(Relaxed), 4);
}

/// The barrier's sense is Relaxed: the one who waited reads the last one's slot as the initial 0.
pub fn barrier_sense_relaxed() {
    let (slots, arrived) = ([AtomicU64::new(0), AtomicU64::new(0)], AtomicU64::new(0));
    let sense = AtomicBool::new(false);
    let meet = |me: usize| {
        slots[me].store(1, Relaxed);
        if arrived.fetch_add(1, AcqRel) == 1 {
            sense.store(true, Relaxed);
        }
        while !sense.load(Relaxed) {
            spin_loop();
        }
        assert_eq!(slots[1 - me].load(Relaxed), 1);
    };
    thread::scope(|s| {
        s.spawn(|| meet(0));
        s.spawn(|| meet(1));
    });
}

/// The consumer reads the tail Relaxed: the tail says there is an item, its slot reads what it held before.
pub fn spsc_relaxed_tail() {
    let slots = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let (head, tail) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            for item in 0..3 {
                while item - head.load(Acquire) == slots.len() {
                    spin_loop();
                }
                slots[item % 2].store(item + 10, Relaxed);
                tail.store(item + 1, Release);
            }
        });
        let items = [0, 1, 2].map(|item| {
            while tail.load(Relaxed) == item {
                spin_loop();
            }
            let value = slots[item % 2].load(Relaxed);
            head.store(item + 1, Release);
            value
        });
        assert_eq!(items, [10, 11, 12]);
    });
}

/// No acquire fence before `seq` is read again: reads a 1, b still 0, and `seq` both times the initial 0.
pub fn seqlock_no_acquire_fence() {
    let (seq, a, b) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            seq.store(1, Relaxed);
            fence(Release);
            a.store(1, Relaxed);
            b.store(1, Relaxed);
            seq.store(2, Release);
        });
        let before = seq.load(Acquire);
        let (a, b) = (a.load(Relaxed), b.load(Relaxed));
        let after = seq.load(Relaxed);
        assert!(before % 2 == 1 || before != after || a == b);
    });
}

/// A Release store of `seq` holds back no later store: reads a 1, b still 0, `seq` twice the initial 0.
pub fn seqlock_no_release_fence() {
    let (seq, a, b) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            seq.store(1, Release);
            a.store(1, Relaxed);
            b.store(1, Relaxed);
            seq.store(2, Release);
        });
        let before = seq.load(Acquire);
        let (a, b) = (a.load(Relaxed), b.load(Relaxed));
        fence(Acquire);
        let after = seq.load(Relaxed);
        assert!(before % 2 == 1 || before != after || a == b);
    });
}

/// Counts down Relaxed: the last one reads the other's part as the initial 0.
pub fn last_sums_relaxed() {
    let (parts, left) = ([AtomicU64::new(0), AtomicU64::new(0)], AtomicU64::new(2));
    let work = |me: usize| {
        parts[me].store(5, Relaxed);
        if left.fetch_sub(1, Relaxed) == 1 {
            assert_eq!(parts.iter().map(|part| part.load(Relaxed)).sum::<u64>(), 10);
        }
    };
    thread::scope(|s| {
        s.spawn(|| work(0));
        s.spawn(|| work(1));
    });
}

/// Counts down Release, and the last one does not acquire: it reads another's part as the initial 0.
pub fn last_sums_release_only() {
    let (parts, left) = ([const { AtomicU64::new(0) }; 3], AtomicU64::new(3));
    let (parts, left) = (&parts, &left);
    thread::scope(|s| {
        for me in 0..3 {
            s.spawn(move || {
                parts[me].store(5, Relaxed);
                if left.fetch_sub(1, Release) == 1 {
                    assert_eq!(parts.iter().map(|part| part.load(Relaxed)).sum::<u64>(), 15);
                }
            });
        }
    });
}

/// Hazard flag without SeqCst: the reader reads `live` as the initial true, then the reclaimed `value` 0.
pub fn hazard_flag_acqrel() {
    let (hazard, live, value) = (AtomicBool::new(false), AtomicBool::new(true), AtomicU64::new(7));
    thread::scope(|s| {
        s.spawn(|| {
            hazard.store(true, Release);
            if live.load(Acquire) {
                assert_eq!(value.load(Relaxed), 7);
            }
            hazard.store(false, Release);
        });
        s.spawn(|| {
            live.store(false, Release);
            if !hazard.load(Acquire) {
                value.store(0, Relaxed);
            }
        });
    });
}
