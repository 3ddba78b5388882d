//! Something has a part in it that is not all seen.

use std::collections::HashMap;
use std::fmt;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, OnceLock, RwLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::Named;
use crate::common::{LAST, Marks, NUMBER, as_number, two};

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
    ("unseen-poison", poison),
    ("unseen-local-after-scope", local_after_scope),
    ("unseen-stdout-and-lock", stdout_and_lock),
    ("unseen-stderr-and-lock", stderr_and_lock),
    ("unseen-exit-before", exit_before),
    ("unseen-exit-detached", exit_detached),
    ("unseen-abort-detached", abort_detached),
    ("unseen-threads-of-threads", threads_of_threads),
    ("unseen-lost-wake", lost_wake),
    ("unseen-result-dropped", result_dropped),
    ("unseen-catch-in-thread", catch_in_thread),
    ("unseen-main-ends", main_ends),
    ("unseen-stdin-and-lock", stdin_and_lock),
    ("unseen-pipe", pipe),
    ("unseen-local-counts", local_counts),
    ("unseen-local-drop", local_drop),
    ("unseen-spawned-ids", spawned_ids),
    ("unseen-debug-lock", debug_lock),
    ("unseen-debug-locked", debug_locked),
    ("unseen-channel-order", channel_order),
    ("unseen-channel-closed", channel_closed),
    ("unseen-channel-gone", channel_gone),
    ("unseen-channel-values", channel_values),
    ("unseen-once-asked", once_asked),
    ("unseen-rwlock-tried", rwlock_tried),
    ("unseen-lazy", lazy),
    ("unseen-condvar", condvar),
    ("unseen-barrier", barrier),
    ("unseen-panic-payload", panic_payload),
    ("unseen-print-order", print_order),
    ("unseen-exit-while-locked", exit_while_locked),
    ("unseen-local-locks", local_locks),
    ("unseen-local-counted", local_counted),
    ("unseen-poison-seen", poison_seen),
    ("unseen-panics", panics),
    ("unseen-right-both-children", both_children),
    ("right-output-excludes", output_excludes),
    ("unseen-guard-results", guard_results),
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

/// One panics with the lock; another is surprised only if it comes later.
fn poison() {
    let lock = Arc::new(Mutex::new(()));
    let poisons = thread::spawn({
        let lock = Arc::clone(&lock);
        move || {
            let _guard = lock.lock().unwrap();
            panic!();
        }
    });
    let is_fine = lock.lock().is_ok();
    assert!(poisons.join().is_err() && is_fine);
}

/// A scope does not wait until values of threads are dropped.
fn local_after_scope() {
    thread_local!(static MARKS: Marks = const { Marks });
    thread::scope(|scope| {
        scope.spawn(|| {
            NUMBER.set(1);
            MARKS.with(|_| ());
        });
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

/// The one has the output and wants a lock, the other the reverse.
fn stdout_and_lock() {
    let lock = Mutex::new(0);
    two(|| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", lock.lock().unwrap()).unwrap();
    }, || {
        let number = lock.lock().unwrap();
        println!("{number}");
    });
}

fn stderr_and_lock() {
    let lock = Mutex::new(0);
    two(|| {
        let mut out = std::io::stderr().lock();
        writeln!(out, "{}", lock.lock().unwrap()).unwrap();
    }, || {
        let number = lock.lock().unwrap();
        eprintln!("{number}");
    });
}

/// Ends it well before another fails.
fn exit_before() {
    two(|| process::exit(0), || process::exit(1));
}

/// Nobody waits for it.
fn exit_detached() {
    thread::spawn(|| process::exit(4));
}

fn abort_detached() {
    drop(thread::spawn(|| process::abort()));
    println!("end");
}

fn threads_of_threads() {
    let count = AtomicU32::new(0);
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    thread::scope(|scope| {
        scope.spawn(|| {
            scope.spawn(add);
        });
        scope.spawn(add);
    });
    assert_eq!(count.into_inner(), 2);
}

/// It is not woken if it does not sleep yet.
fn lost_wake() {
    let (sleeps, sleeper) = (Arc::new(AtomicBool::new(false)), thread::current());
    let waker = thread::spawn({
        let sleeps = Arc::clone(&sleeps);
        move || if sleeps.load(SeqCst) {
            sleeper.unpark();
        }
    });
    sleeps.store(true, SeqCst);
    thread::park();
    waker.join().unwrap();
}

/// The value of a thread nobody joins is dropped by it or by who has let it go.
fn result_dropped() {
    let thread = thread::spawn(|| {
        NUMBER.set(1);
        Marks
    });
    as_number(2, || drop(thread));
    assert_ne!(LAST.load(SeqCst), 2);
}

/// It goes on after a panic.
fn catch_in_thread() {
    let (lock, turn) = (Mutex::new(0), AtomicU32::new(0));
    two(|| {
        _ = catch_unwind(AssertUnwindSafe(|| {
            let _guard = lock.lock();
            assert_eq!(turn.load(SeqCst), 0);
        }));
        turn.store(2, SeqCst);
    }, || {
        turn.store(1, SeqCst);
        if lock.is_poisoned() {
            process::exit(6);
        }
    });
}

/// What main leaves behind may still do something before the end.
fn main_ends() {
    static IS_SET: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| IS_SET.store(true, SeqCst));
    assert!(!IS_SET.load(SeqCst));
}

fn stdin_and_lock() {
    let lock = Mutex::new(0);
    two(|| {
        let _input = std::io::stdin().lock();
        *lock.lock().unwrap() += 1;
    }, || {
        let _guard = lock.lock().unwrap();
        drop(std::io::stdin().lock());
    });
}

fn pipe() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let mut other = writer.try_clone().unwrap();
    two(move || writer.write_all(b"a").unwrap(), move || other.write_all(b"b").unwrap());
    let mut bytes = [0; 2];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"ab");
}

/// A value of a thread is dropped after what the thread does, and before it is joined.
fn local_counts() {
    thread_local!(static MARKS: Marks = const { Marks });
    let thread = thread::spawn(|| {
        NUMBER.set(3);
        MARKS.with(|_| ());
    });
    let seen = LAST.load(SeqCst);
    thread.join().unwrap();
    assert_eq!(seen, 0);
}

/// Values of threads are dropped at their ends.
fn local_drop() {
    thread_local!(static MARKS: Marks = const { Marks });
    let mark = |number| move || {
        NUMBER.set(number);
        MARKS.with(|_| ());
    };
    let threads = [thread::spawn(mark(1)), thread::spawn(mark(2))];
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(LAST.load(SeqCst), 2);
}

/// Which of two threads of two threads has the lower number.
fn spawned_ids() {
    let spawn = || thread::spawn(|| ()).thread().id();
    let (one, other) = (thread::spawn(spawn), thread::spawn(spawn));
    let (one, other) = (one.join().unwrap(), other.join().unwrap());
    assert!(format!("{one:?}") < format!("{other:?}"));
}

/// To show a lock is to try it.
fn debug_lock() {
    let lock = Mutex::new(1);
    two(|| drop(lock.lock().unwrap()), || assert!(format!("{lock:?}").contains('1')));
}

/// To show a lock is to hold it for a while.
fn debug_locked() {
    let lock = Mutex::new(1);
    two(|| assert!(lock.try_lock().is_ok()), || assert!(format!("{lock:?}").contains('1')));
}

fn channel_order() {
    let (sender, receiver) = mpsc::channel();
    let other = sender.clone();
    two(move || sender.send(1).unwrap(), move || other.send(2).unwrap());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
}

/// It is only dropped.
fn channel_closed() {
    let (sender, receiver) = mpsc::channel::<u32>();
    two(move || drop(sender), move || assert_eq!(receiver.try_recv(), Err(mpsc::TryRecvError::Empty)));
}

fn channel_gone() {
    let (sender, receiver) = mpsc::channel::<u32>();
    two(move || drop(receiver), move || sender.send(1).unwrap());
}

/// Values of a channel that is dropped are dropped by the last end.
fn channel_values() {
    let (sender, receiver) = mpsc::channel();
    sender.send(Marks).unwrap();
    two(move || as_number(1, || drop(sender)), move || as_number(2, || drop(receiver)));
    assert_ne!(LAST.load(SeqCst), 2);
}

fn once_asked() {
    let cell = OnceLock::new();
    two(|| cell.set(1).unwrap(), || assert!(cell.get().is_none()));
}

fn rwlock_tried() {
    let lock = RwLock::new(0);
    two(|| drop(lock.try_read()), || assert!(lock.try_write().is_ok()));
}

/// Who is first makes it.
fn lazy() {
    static VALUE: LazyLock<u32> = LazyLock::new(|| NUMBER.get());
    two(|| as_number(1, || _ = *VALUE), || as_number(2, || _ = *VALUE));
    assert_eq!(*VALUE, 1);
}

/// Woken before it waits.
fn condvar() {
    let (lock, signal) = (Mutex::new(()), Condvar::new());
    two(|| drop(signal.wait(lock.lock().unwrap())), || signal.notify_one());
}

fn barrier() {
    let barrier = Barrier::new(2);
    two(|| assert!(barrier.wait().is_leader()), || _ = barrier.wait());
}

/// Who panics first, says the number.
fn panic_payload() {
    let next = AtomicU32::new(0);
    let payload = thread::scope(|scope| {
        let panics = || -> () { std::panic::panic_any(next.fetch_add(1, SeqCst)) };
        let (one, other) = (scope.spawn(panics), scope.spawn(panics));
        _ = other.join();
        one.join().unwrap_err()
    });
    assert_eq!(payload.downcast_ref(), Some(&0_u32));
}

/// An output that is flushed says nothing, but what is done between does.
fn print_order() {
    let count = AtomicU32::new(0);
    two(|| {
        count.fetch_add(1, SeqCst);
        print!("a");
        std::io::stdout().flush().unwrap();
        assert_ne!(count.load(SeqCst), 2);
    }, || {
        print!("b");
        count.fetch_add(1, SeqCst);
    });
}

/// At the end the output is locked.
fn exit_while_locked() {
    let is_set = AtomicBool::new(false);
    two(|| {
        let _out = std::io::stdout().lock();
        is_set.store(true, SeqCst);
        is_set.store(false, SeqCst);
    }, || if is_set.load(SeqCst) {
        process::exit(7);
    });
}

/// A value of a thread takes a lock when it goes.
fn local_locks() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    struct Locks;
    impl Drop for Locks {
        fn drop(&mut self) {
            *LOCK.lock().unwrap() += 1;
        }
    }
    thread_local!(static LOCKS: Locks = const { Locks });
    let thread = thread::spawn(|| LOCKS.with(|_| ()));
    let guard = LOCK.lock().unwrap();
    if *guard == 0 {
        thread.join().unwrap();
    }
}

/// Two orders: values of threads add when they go.
fn local_counted() {
    static DROPS: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            DROPS.fetch_add(1, SeqCst);
        }
    }
    thread_local!(static COUNTS: Counts = const { Counts });
    let threads = [(); 2].map(|()| thread::spawn(|| COUNTS.with(|_| ())));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(DROPS.load(SeqCst), 2);
}

/// Two orders: it is poisoned before or after.
fn poison_seen() {
    let lock = Mutex::new(0);
    two(|| _ = catch_unwind(AssertUnwindSafe(|| {
        let _guard = lock.lock().unwrap();
        panic!();
    })), || match lock.lock() {
        Ok(mut value) => *value = 1,
        Err(poison) => *poison.into_inner() = 1,
    });
    assert!(lock.is_poisoned());
}

/// Two threads that panic with what they have.
fn panics() {
    let count = Arc::new(AtomicU32::new(0));
    let threads = [(); 2].map(|()| {
        let count = Arc::clone(&count);
        thread::spawn(move || -> u32 { panic!("{}", count.fetch_add(1, SeqCst)) })
    });
    assert!(threads.into_iter().all(|thread| thread.join().is_err()));
    assert_eq!(count.load(SeqCst), 2);
}

/// Of three orders each of two parents and their child: a child after its parent's step, 4! / (2 * 2).
fn both_children() {
    let steps = Mutex::new(0);
    let step = || *steps.lock().unwrap() += 1;
    let parent = || {
        step();
        thread::scope(|scope| _ = scope.spawn(step));
    };
    two(parent, parent);
    assert_eq!(*steps.lock().unwrap(), 4);
}

/// Who writes a line has the output alone.
fn output_excludes() {
    struct Adds<'a>(&'a AtomicU32);
    impl fmt::Display for Adds<'_> {
        fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
            let seen = self.0.load(SeqCst);
            self.0.store(seen + 1, SeqCst);
            write!(out, "added")
        }
    }
    let count = AtomicU32::new(0);
    let adds = || println!("{}", Adds(&count));
    two(adds, adds);
    assert_eq!(count.into_inner(), 2);
}

/// A guard in its result is a guard too.
fn guard_results() {
    let (lock, count) = (Mutex::new(()), AtomicU32::new(0));
    let add = || {
        let _guard = lock.lock();
        count.store(count.load(SeqCst) + 1, SeqCst);
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}
