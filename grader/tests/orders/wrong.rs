//! Messages, fences and published data, each wrong by its memory orders alone.

use std::hint::spin_loop;
use std::sync::Mutex;
use std::sync::atomic::Ordering::*;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, fence};
use std::thread;

/// Neither side orders anything: `ready` reads true, `data` still the initial 0.
pub fn mp_relaxed() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Relaxed);
        });
        while !ready.load(Relaxed) {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The reader does not acquire: `ready` reads true, `data` still the initial 0.
pub fn mp_release_only() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Release);
        });
        while !ready.load(Relaxed) {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The writer does not release: `ready` reads true, `data` still the initial 0.
pub fn mp_acquire_only() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Relaxed);
        });
        s.spawn(|| {
            if ready.load(Acquire) {
                assert_eq!(data.load(Relaxed), 1);
            }
        });
    });
}

/// The middle thread stores `b` Relaxed: the last one reads `b` true, `data` still the initial 0.
pub fn chain_relaxed_store() {
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
            b.store(true, Relaxed);
        });
        s.spawn(|| {
            while !b.load(Acquire) {
                spin_loop();
            }
            assert_eq!(data.load(Relaxed), 1);
        });
    });
}

/// The middle thread loads `a` Relaxed, so passes nothing on: `b` reads true, `data` still the initial 0.
pub fn chain_relaxed_load() {
    let (data, a, b) = (AtomicU64::new(0), AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            a.store(true, Release);
        });
        s.spawn(|| {
            if a.load(Relaxed) {
                b.store(true, Release);
            }
        });
        s.spawn(|| {
            if b.load(Acquire) {
                assert_eq!(data.load(Relaxed), 1);
            }
        });
    });
}

/// A release fence whose flag is read without acquire: `ready` reads true, `data` still the initial 0.
pub fn fence_writer_only() {
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
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// An acquire fence, but the flag is stored without release: `ready` reads true, `data` the initial 0.
pub fn fence_reader_only() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Relaxed);
        });
        while !ready.load(Relaxed) {
            spin_loop();
        }
        fence(Acquire);
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The release fence comes after the flag's store, so orders nothing: `ready` reads true, `data` still 0.
pub fn fence_after_flag() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            ready.store(true, Relaxed);
            fence(Release);
        });
        while !ready.load(Relaxed) {
            spin_loop();
        }
        fence(Acquire);
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// The acquire fence comes before the flag's load, so orders nothing: `ready` reads true, `data` still 0.
pub fn fence_before_flag() {
    let (data, ready) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            fence(Release);
            ready.store(true, Relaxed);
        });
        fence(Acquire);
        while !ready.load(Relaxed) {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// Another thread's plain store of 2 is not in 1's release sequence: `step` reads 2, `data` the initial 0.
pub fn sequence_broken_by_other() {
    let (data, step) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            step.store(1, Release);
        });
        s.spawn(|| {
            while step.load(Relaxed) != 1 {
                spin_loop();
            }
            step.store(2, Relaxed);
        });
        s.spawn(|| {
            if step.load(Acquire) == 2 {
                assert_eq!(data.load(Relaxed), 1);
            }
        });
    });
}

/// Since C++20 the same thread's Relaxed store ends the sequence: `step` reads 2, `data` the initial 0.
pub fn sequence_broken_by_same() {
    let (data, step) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(1, Relaxed);
            step.store(1, Release);
            step.store(2, Relaxed);
        });
        while step.load(Acquire) != 2 {
            spin_loop();
        }
        assert_eq!(data.load(Relaxed), 1);
    });
}

/// A failed exchange counts as "it is there", but fails Relaxed: `state` reads 2, `data` the initial 0.
pub fn cas_failure_relaxed() {
    let (data, state) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|s| {
        s.spawn(|| {
            data.store(7, Relaxed);
            state.store(2, Release);
        });
        if state.compare_exchange(0, 1, AcqRel, Relaxed) == Err(2) {
            assert_eq!(data.load(Relaxed), 7);
        }
    });
}

/// Double-checked initialisation with a Relaxed fast path: `ready` reads true, `value` the initial 0.
pub fn double_checked_relaxed() {
    let (lock, ready, value) = (Mutex::new(()), AtomicBool::new(false), AtomicU64::new(0));
    let get = || {
        if !ready.load(Relaxed) {
            let _guard = lock.lock().unwrap();
            if !ready.load(Relaxed) {
                value.store(7, Relaxed);
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

/// The index is read Relaxed, and dependencies order nothing: `current` reads 1, its port the initial 0.
pub fn config_relaxed_load() {
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
        let config = &configs[current.load(Relaxed)];
        assert_eq!(config.host.load(Relaxed) + 79, config.port.load(Relaxed));
    });
}

/// The index of a new version is published Relaxed: `current` reads 2, a field of version 2 still 0.
pub fn publish_relaxed() {
    let versions = [const { [AtomicUsize::new(0), AtomicUsize::new(0)] }; 3];
    let current = AtomicUsize::new(0);
    thread::scope(|s| {
        s.spawn(|| {
            for (version, fields) in versions.iter().enumerate().skip(1) {
                fields[0].store(version, Relaxed);
                fields[1].store(version, Relaxed);
                current.store(version, Relaxed);
            }
        });
        for _ in 0..2 {
            let seen = current.load(Acquire);
            assert_eq!([0, 1].map(|field| versions[seen][field].load(Relaxed)), [seen, seen]);
        }
    });
}
