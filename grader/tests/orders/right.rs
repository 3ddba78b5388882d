//! Messages, fences, coherence and published data, each right by C++20.

use std::hint::spin_loop;
use std::sync::Mutex;
use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// The Release store of `ready` synchronizes with the Acquire load that reads it.
pub fn mp_release_acquire() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Release);
        });
        while !ready.load(Acquire) {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The release fence before the store synchronizes with the acquire fence after the load that reads it.
pub fn mp_fences() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            fence(Release);
            ready.store(true, Relaxed);
        });
        while !ready.load(Relaxed) {
            spin_loop();
        }
        fence(Acquire);
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The release fence synchronizes with the Acquire load; a fence serves every later store, so the second too.
pub fn mp_release_fence_two_stores() {
    let (data, step) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            fence(Release);
            step.store(1, Relaxed);
            step.store(2, Relaxed);
        });
        while step.load(Acquire) != 2 {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// Both Release stores synchronize with the one acquire fence after the Relaxed loads that read them.
pub fn mp_acquire_fence_two_loads() {
    let data = [AtomicU64::new(0), AtomicU64::new(0)];
    let ready = [AtomicBool::new(false), AtomicBool::new(false)];
    let write = |i: usize| {
        data[i].store(1, Relaxed);
        ready[i].store(true, Release);
    };
    thread::scope(|s| {
        s.spawn(|| write(0));
        s.spawn(|| write(1));
        while !(ready[0].load(Relaxed) && ready[1].load(Relaxed)) {
            spin_loop();
        }
        fence(Acquire);
        assert_eq!(data[0].load(Relaxed) + data[1].load(Relaxed), 2);
    });
}

/// The swap that reads true reads the writer's AcqRel swap, which released `data`.
pub fn mp_swap_acqrel() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.swap(true, AcqRel);
        });
        while !ready.swap(false, AcqRel) {
            thread::yield_now();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// Happens-before is transitive: `a` Release to Acquire, then `b` Release to Acquire.
pub fn chain_release_acquire() {
    let (data, a, b) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            a.store(true, Release);
        });
        s.spawn(|| {
            while !a.load(Acquire) {
                spin_loop();
            }
            b.store(true, Release);
        });
        while !b.load(Acquire) {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// Another thread's Relaxed RMW continues 1's release sequence, so reading 2 acquires what 1 released.
pub fn sequence_relaxed_rmw() {
    let (data, step) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            step.store(1, Release);
        });
        s.spawn(|| {
            while step.compare_exchange(1, 2, Relaxed, Relaxed).is_err() {
                spin_loop();
            }
        });
        while step.load(Acquire) != 2 {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The second Release add is in the first one's release sequence, so reading 2 acquires from both.
pub fn sequence_two_adders() {
    let (data, done) = ([AtomicU64::new(0), AtomicU64::new(0)], AtomicU64::new(0));
    let write = |i: usize| {
        data[i].store(1, Relaxed);
        done.fetch_add(1, Release);
    };
    thread::scope(|s| {
        s.spawn(|| write(0));
        s.spawn(|| write(1));
        while done.load(Acquire) != 2 {
            spin_loop();
        }
        assert_eq!(data[0].load(Relaxed) + data[1].load(Relaxed), 2);
    });
}

/// The second store is a Release as well, so reading 2 synchronizes with it.
pub fn release_twice() {
    let (data, step) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            step.store(1, Release);
            step.store(2, Release);
        });
        while step.load(Acquire) != 2 {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The exchange fails Acquire, so Err(2) synchronizes with the Release store of 2.
pub fn cas_failure_acquire() {
    let (data, state) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(7, Relaxed);
            state.store(2, Release);
        });
        if state.compare_exchange(0, 1, Relaxed, Acquire) == Err(2) {
            assert_eq!(data.load(Relaxed), 7);
        }
    });
}

/// Fast path: the Release store of `ready` to the Acquire load; slow path: the mutex, so Relaxed will do.
pub fn double_checked_acquire() {
    let (lock, ready, value) = (Mutex::new(()), AtomicBool::new(false), AtomicU64::new(0));
    let get = || {
        if !ready.load(Acquire) {
            let _guard = lock.lock().unwrap();
            if !ready.load(Relaxed) {
                assert_eq!(value.swap(7, Relaxed), 0);
                ready.store(true, Release);
            }
        }
        value.load(Relaxed)
    };
    thread::scope(|s| {
        let other = s.spawn(get);
        assert_eq!((get(), other.join().unwrap()), (7, 7));
    });
}

/// The Release store of the index synchronizes with the Acquire load that reads 1.
pub fn config_acquire_load() {
    struct Config {
        host: AtomicU64,
        port: AtomicU64,
    }
    let configs = [(1, 80), (0, 0)].map(|(h, p)| Config { host: AtomicU64::new(h), port: AtomicU64::new(p) });
    let current = AtomicUsize::new(0);
    thread::scope(|s| {
        s.spawn(|| {
            configs[1].host.store(2, Relaxed);
            configs[1].port.store(81, Relaxed);
            current.store(1, Release);
        });
        let config = &configs[current.load(Acquire)];
        assert_eq!(config.host.load(Relaxed) + 79, config.port.load(Relaxed));
    });
}

/// Every version is published by a Release store that the Acquire load of its index reads.
pub fn publish_release() {
    let versions = [const { [AtomicUsize::new(0), AtomicUsize::new(0)] }; 3];
    let current = AtomicUsize::new(0);
    thread::scope(|s| {
        s.spawn(|| {
            for (version, fields) in versions.iter().enumerate().skip(1) {
                fields[0].store(version, Relaxed);
                fields[1].store(version, Relaxed);
                current.store(version, Release);
            }
        });
        for _ in 0..2 {
            let seen = current.load(Acquire);
            assert_eq!([0, 1].map(|field| versions[seen][field].load(Relaxed)), [seen, seen]);
        }
    });
}
