//! A Relaxed payload in memory that is reused, moved or written plainly, or guarded by the system; all right.

use std::io::{Read, Write, pipe, stdout};
use std::os::unix::net::UnixStream;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

/// Dropping the other Arc happens before the `try_unwrap` that finds this one alone.
pub fn arc_try_unwrap() {
    let mut arc = Arc::new(AtomicU64::new(0));
    let other = Arc::clone(&arc);
    thread::spawn(move || other.store(7, Relaxed));
    let value = loop {
        match Arc::try_unwrap(arc) {
            Ok(value) => break value,
            Err(shared) => arc = shared,
        }
        thread::yield_now();
    };
    assert_eq!(value.load(Relaxed), 7);
}

/// The `into_inner` that gives up an Arc happens before the last one, which gets the value.
pub fn arc_into_inner() {
    let arc = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let give_up = |arc: Arc<[AtomicU64; 2]>, me: usize| {
        arc[me].store(5, Relaxed);
        Arc::into_inner(arc).map(|parts| parts[0].load(Relaxed) + parts[1].load(Relaxed))
    };
    let other = Arc::clone(&arc);
    let one = thread::spawn(move || give_up(other, 0));
    let two = give_up(arc, 1);
    assert_eq!(one.join().unwrap().xor(two), Some(10));
}

/// Dropping the other Arc happens before the `get_mut` that finds this one alone.
pub fn arc_get_mut() {
    let mut arc = Arc::new(AtomicU64::new(0));
    let other = Arc::clone(&arc);
    let worker = thread::spawn(move || other.store(7, Relaxed));
    while Arc::get_mut(&mut arc).is_none() {
        thread::yield_now();
    }
    assert_eq!(arc.load(Relaxed), 7);
    worker.join().unwrap();
}

/// Each call has a new atomic, though on the same piece of stack: it starts with its own value.
pub fn stack_reused() {
    fn add_two(start: u64) -> u64 {
        let count = AtomicU64::new(start);
        thread::scope(|s| {
            s.spawn(|| assert!(count.fetch_add(1, Relaxed) >= start));
            s.spawn(|| assert!(count.load(Relaxed) >= start));
            count.fetch_add(1, Relaxed);
        });
        count.load(Relaxed)
    }
    assert_eq!([10, 0, 5, 0].map(add_two), [12, 2, 7, 2]);
}

/// Each thread has atomics of its own on its own stack, which an earlier thread may have had before.
pub fn stack_of_threads() {
    let work = |start: u64| {
        let (mine, copy) = (AtomicU64::new(start), AtomicU64::new(0));
        copy.store(mine.load(Relaxed), Relaxed);
        mine.store(start + 1, Relaxed);
        assert_eq!((copy.load(Relaxed), mine.load(Relaxed)), (start, start + 1));
    };
    for start in [3, 0, 0] {
        thread::scope(|s| {
            s.spawn(|| work(start));
            s.spawn(|| work(start + 1));
        });
    }
}

/// Each Box is a new atomic, though in a block freed before: it starts with its own value.
pub fn box_reused() {
    let work = |step: u64| {
        for start in [step, 0, step, 1] {
            let count = Box::new(AtomicU64::new(start));
            assert_eq!(count.load(Relaxed), start);
            count.store(start + 1, Relaxed);
            assert_eq!(count.load(Relaxed), start + 1);
        }
    };
    thread::scope(|s| {
        s.spawn(|| work(1));
        s.spawn(|| work(2));
    });
}

/// A Box goes through a channel and is freed by the receiver, whose own next Box may be in that block.
pub fn box_handed_over() {
    let (sender, receiver) = mpsc::channel::<Box<AtomicU64>>();
    thread::scope(|s| {
        s.spawn(move || {
            for value in [5, 0, 5] {
                let boxed = Box::new(AtomicU64::new(0));
                boxed.store(value, Relaxed);
                sender.send(boxed).unwrap();
            }
        });
        let seen: Vec<u64> = receiver.iter().map(|boxed| boxed.load(Relaxed)).collect();
        assert_eq!(seen, [5, 0, 5]);
        let next = Box::new(AtomicU64::new(9));
        assert_eq!(next.load(Relaxed), 9);
    });
}

/// Each round's Vec is new, in the block of the round before and with values that happen to be equal.
pub fn vec_reused() {
    for start in [0, 2, 2, 0] {
        let counts: Vec<AtomicU64> = (0..4).map(|_| AtomicU64::new(start)).collect();
        thread::scope(|s| {
            for half in counts.chunks(2) {
                s.spawn(move || half.iter().for_each(|count| count.store(count.load(Relaxed) + 2, Relaxed)));
            }
        });
        assert!(counts.iter().all(|count| count.load(Relaxed) == start + 2));
    }
}

/// The Vec grows, and moves, only between scopes, where nobody else has it.
pub fn vec_grows() {
    let mut counts = Vec::new();
    for round in 0..4 {
        counts.push(AtomicU64::new(round));
        thread::scope(|s| {
            for count in &counts {
                s.spawn(move || count.store(count.load(Relaxed) + 10, Relaxed));
            }
        });
    }
    let values: Vec<u64> = counts.iter().map(|count| count.load(Relaxed)).collect();
    assert_eq!(values, [40, 31, 22, 13]);
}

/// The atomics change places only between scopes, where nobody else has them.
pub fn vec_rotates() {
    let mut counts: Vec<AtomicU64> = [1, 2].map(AtomicU64::new).into();
    for _ in 0..3 {
        thread::scope(|s| {
            s.spawn(|| counts[0].store(counts[0].load(Relaxed) + 10, Relaxed));
            s.spawn(|| counts[1].store(counts[1].load(Relaxed) + 100, Relaxed));
        });
        counts.rotate_left(1);
    }
    assert_eq!([counts[0].load(Relaxed), counts[1].load(Relaxed)], [212, 121]);
}

/// Plain writes through `get_mut` and by assignment come between scopes, so happen before the next threads.
pub fn plain_between_phases() {
    let mut value = AtomicU64::new(1);
    for (round, plain) in [(0, 30), (1, 20), (2, 20)] {
        if round == 1 {
            value = AtomicU64::new(plain);
        } else {
            *value.get_mut() = plain;
        }
        thread::scope(|s| {
            s.spawn(|| assert!(value.load(Relaxed) >= plain));
            s.spawn(|| value.store(value.load(Relaxed) + 1, Relaxed));
        });
        assert_eq!(*value.get_mut(), plain + 1);
    }
    assert_eq!(value.into_inner(), 21);
}

/// Each thread has its own, starting at 0, though an earlier thread may have had it in the same place.
pub fn thread_locals() {
    thread_local!(static MINE: AtomicU64 = const { AtomicU64::new(0) });
    let work = |value: u64| {
        MINE.with(|mine| {
            assert_eq!(mine.load(Relaxed), 0);
            mine.store(value, Relaxed);
            assert_eq!(mine.load(Relaxed), value);
        });
    };
    for value in [1, 3] {
        thread::scope(|s| {
            s.spawn(|| work(value));
            s.spawn(|| work(value + 1));
        });
    }
}

/// Nobody joins the thread, but its send happens before the receive.
pub fn detached_thread() {
    static DETACHED_VALUE: AtomicU64 = AtomicU64::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        DETACHED_VALUE.store(7, Relaxed);
        sender.send(()).unwrap();
    });
    receiver.recv().unwrap();
    assert_eq!(DETACHED_VALUE.load(Relaxed), 7);
}

/// Sleeping orders nothing, but the mutex looked into between the sleeps does.
pub fn sleeping() {
    let (value, done) = (AtomicU64::new(0), Mutex::new(false));
    thread::scope(|s| {
        s.spawn(|| {
            value.store(7, Relaxed);
            thread::sleep(Duration::from_millis(2));
            *done.lock().unwrap() = true;
        });
        while !*done.lock().unwrap() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(value.load(Relaxed), 7);
    });
}

/// Writing to a socket comes before reading those bytes from its peer, and the answer likewise.
pub fn unix_sockets() {
    let (question, answer) = (AtomicU64::new(0), AtomicU64::new(0));
    let (mut here, mut there) = UnixStream::pair().unwrap();
    thread::scope(|s| {
        s.spawn(|| {
            there.read_exact(&mut [0]).unwrap();
            answer.store(question.load(Relaxed) + 1, Relaxed);
            there.write_all(b"!").unwrap();
        });
        question.store(7, Relaxed);
        here.write_all(b"?").unwrap();
        here.read_exact(&mut [0]).unwrap();
        assert_eq!(answer.load(Relaxed), 8);
    });
}

/// Writing to a pipe comes before reading those bytes from it.
pub fn pipes() {
    let value = AtomicU64::new(0);
    let (mut reader, mut writer) = pipe().unwrap();
    thread::scope(|s| {
        s.spawn(|| {
            value.store(7, Relaxed);
            writer.write_all(b"!").unwrap();
        });
        reader.read_exact(&mut [0]).unwrap();
        assert_eq!(value.load(Relaxed), 7);
    });
}

/// Letting go of stdout's lock happens before the next one takes it.
pub fn stdout_lock() {
    let count = AtomicU64::new(0);
    let add = || {
        let mut out = stdout().lock();
        count.store(count.load(Relaxed) + 1, Relaxed);
        writeln!(out, "{}", count.load(Relaxed)).unwrap();
    };
    thread::scope(|s| {
        s.spawn(add);
        s.spawn(add);
    });
    assert_eq!(count.load(Relaxed), 2);
}
