//! Locks, barriers, queues and counters, each right by C++20.

use std::hint::spin_loop;
use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// The Release unlock synchronizes with the Acquire exchange that reads it.
pub fn lock_cas_acquire() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.compare_exchange(false, true, Acquire, Relaxed).is_err() {
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

/// The Release unlock synchronizes with the Acquire swap that reads it; the Relaxed peek decides nothing.
pub fn lock_swap_acquire() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.swap(true, Acquire) {
            while locked.load(Relaxed) {
                thread::yield_now();
            }
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

/// The fence after the Relaxed swap acquires from the fence before the Relaxed unlock that it read.
pub fn lock_fences() {
    let (locked, count) = (AtomicBool::new(false), AtomicU64::new(0));
    let add = || {
        while locked.swap(true, Relaxed) {
            spin_loop();
        }
        fence(Acquire);
        count.store(count.load(Relaxed) + 1, Relaxed);
        fence(Release);
        locked.store(false, Relaxed);
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}

/// The Release store of now-serving synchronizes with the Acquire load that reads one's ticket.
pub fn ticket_lock_acquire() {
    let (next, serving, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let add = || {
        let ticket = next.fetch_add(1, Relaxed);
        while serving.load(Acquire) != ticket {
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

/// The Release store of the turn synchronizes with the Acquire load that reads it.
pub fn turn_counter_release() {
    let (turn, count) = (AtomicU64::new(0), AtomicU64::new(0));
    let play = |turns: [u64; 2]| {
        for mine in turns {
            while turn.load(Acquire) != mine {
                spin_loop();
            }
            count.store(count.load(Relaxed) + 1, Relaxed);
            turn.store(mine + 1, Release);
        }
    };
    thread::scope(|s| {
        s.spawn(|| play([0, 2]));
        s.spawn(|| play([1, 3]));
    });
    assert_eq!(count.load(Relaxed), 4);
}

/// First to last by the AcqRel add that reads the other's, last to first by the Release store of the sense.
pub fn barrier_sense_release() {
    let (slots, arrived) = ([AtomicU64::new(0), AtomicU64::new(0)], AtomicU64::new(0));
    let sense = AtomicBool::new(false);
    let meet = |me: usize| {
        slots[me].store(1, Relaxed);
        if arrived.fetch_add(1, AcqRel) == 1 {
            sense.store(true, Release);
        }
        while !sense.load(Acquire) {
            spin_loop();
        }
        assert_eq!(slots[1 - me].load(Relaxed), 1);
    };
    thread::scope(|s| {
        s.spawn(|| meet(0));
        s.spawn(|| meet(1));
    });
}

/// Release store of the tail to the consumer's Acquire load, and of the head to the producer's.
pub fn spsc_acquire_tail() {
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
            while tail.load(Acquire) == item {
                spin_loop();
            }
            let value = slots[item % 2].load(Relaxed);
            head.store(item + 1, Release);
            value
        });
        assert_eq!(items, [10, 11, 12]);
    });
}

/// Reading a 1 makes the release fence synchronize with the acquire fence, so `after` is not 0 any more.
pub fn seqlock_fences() {
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
        fence(Acquire);
        let after = seq.load(Relaxed);
        assert!(before % 2 == 1 || before != after || a == b);
    });
}

/// The last AcqRel subtraction reads the earlier ones' release sequence, so acquires from all of them.
pub fn last_sums_acqrel() {
    let (parts, left) = ([const { AtomicU64::new(0) }; 3], AtomicU64::new(3));
    let (parts, left) = (&parts, &left);
    thread::scope(|s| {
        for me in 0..3 {
            s.spawn(move || {
                parts[me].store(5, Relaxed);
                if left.fetch_sub(1, AcqRel) == 1 {
                    assert_eq!(parts.iter().map(|part| part.load(Relaxed)).sum::<u64>(), 15);
                }
            });
        }
    });
}

/// As Arc does it: Release subtractions, and the last one's acquire fence synchronizes with all of them.
pub fn last_sums_fence() {
    let (parts, left) = ([AtomicU64::new(0), AtomicU64::new(0)], AtomicU64::new(2));
    let work = |me: usize| {
        parts[me].store(5, Relaxed);
        if left.fetch_sub(1, Release) == 1 {
            fence(Acquire);
            assert_eq!(parts.iter().map(|part| part.load(Relaxed)).sum::<u64>(), 10);
        }
    };
    thread::scope(|s| {
        s.spawn(|| work(0));
        s.spawn(|| work(1));
    });
}

/// The single order of hazard and `live` lets only one of the two have it; a dropped hazard is acquired.
pub fn hazard_flag_seqcst() {
    let (hazard, live, value) = (AtomicBool::new(false), AtomicBool::new(true), AtomicU64::new(7));
    thread::scope(|s| {
        s.spawn(|| {
            hazard.store(true, SeqCst);
            if live.load(SeqCst) {
                assert_eq!(value.load(Relaxed), 7);
            }
            hazard.store(false, Release);
        });
        s.spawn(|| {
            live.store(false, SeqCst);
            if !hazard.load(SeqCst) {
                value.store(0, Relaxed);
            }
        });
    });
}

/// Of the two SeqCst fences the later one's thread sees the other's store; a dropped hazard is acquired.
pub fn hazard_flag_fences() {
    let (hazard, live, value) = (AtomicBool::new(false), AtomicBool::new(true), AtomicU64::new(7));
    thread::scope(|s| {
        s.spawn(|| {
            hazard.store(true, Relaxed);
            fence(SeqCst);
            if live.load(Relaxed) {
                assert_eq!(value.load(Relaxed), 7);
            }
            hazard.store(false, Release);
        });
        s.spawn(|| {
            live.store(false, Relaxed);
            fence(SeqCst);
            if !hazard.load(Acquire) {
                value.store(0, Relaxed);
            }
        });
    });
}

/// The flag guards no data: it need only be seen some time, and the count is read after the join.
pub fn stop_flag_relaxed() {
    let (stop, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|s| {
        let worker = s.spawn(|| {
            let mut mine = 0;
            while !stop.load(Relaxed) {
                mine += 1;
                rounds.store(mine, Relaxed);
                thread::yield_now();
            }
            mine
        });
        stop.store(true, Relaxed);
        let mine = worker.join().unwrap();
        assert_eq!(rounds.load(Relaxed), mine);
    });
}

/// RMWs lose nothing whatever their order, and joining both threads comes before the load.
pub fn counter_relaxed_join() {
    let count = AtomicU64::new(0);
    thread::scope(|s| {
        let one = s.spawn(|| (0..3).for_each(|_| _ = count.fetch_add(1, Relaxed)));
        let two = s.spawn(|| count.fetch_update(Relaxed, Relaxed, |n| Some(n + 10)));
        one.join().unwrap();
        two.join().unwrap().unwrap();
        assert_eq!(count.load(Relaxed), 13);
    });
}
