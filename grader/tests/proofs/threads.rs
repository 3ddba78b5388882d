//! Threads that begin and end.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::{process, thread};

use crate::Named;
use crate::common::{long, two};

pub const ALL: &[Named] = &[
    ("right-joined", right_joined),
    ("unseen-right-children", unseen_right_children),
    ("unseen-right-chain", unseen_right_chain),
    ("right-flags", right_flags),
    ("unseen-right-ids", unseen_right_ids),
    ("unseen-right-join-each-other", unseen_right_join_each_other),
    ("unseen-wrong-is-finished", unseen_wrong_is_finished),
    ("wrong-not-finished", wrong_not_finished),
    ("wrong-exit", wrong_exit),
    ("wrong-scope-in-scope", wrong_scope_in_scope),
    ("wrong-joined-elsewhere", wrong_joined_elsewhere),
    ("wrong-main-waits", wrong_main_waits),
    ("wrong-guard-outlives-scope", wrong_guard_outlives_scope),
    ("wrong-main-too", wrong_main_too),
    ("unseen-wrong-children", unseen_wrong_children),
    ("unseen-wrong-children-late", unseen_wrong_children_late),
    ("unseen-wrong-handle-in-lock", unseen_wrong_handle_in_lock),
    ("wrong-join-under-lock", wrong_join_under_lock),
    ("wrong-exit-by-thread", wrong_exit_by_thread),
    ("wrong-alone-debug-lock", wrong_alone_debug_lock),
    ("wrong-nested-scope", wrong_nested_scope),
    ("unseen-wrong-detached-late", unseen_wrong_detached_late),
    ("unseen-wrong-finished-early", unseen_wrong_finished_early),
    ("unseen-wrong-ids-of-spawn", unseen_wrong_ids_of_spawn),
    ("unseen-left-behind", unseen_left_behind),
    ("unseen-exit-before", unseen_exit_before),
    ("unseen-exit-detached", unseen_exit_detached),
    ("unseen-main-ends", unseen_main_ends),
    ("unseen-spawned-ids", unseen_spawned_ids),
    ("unseen-panic-payload", unseen_panic_payload),
    ("unseen-local-locks", unseen_local_locks),
    ("unseen-local-counted", unseen_local_counted),
];

/// By handles, with a count of references.
fn right_joined() {
    let count = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let count = Arc::clone(&count);
            thread::spawn(move || *count.lock().unwrap() += 1)
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*count.lock().unwrap(), 2);
}

/// Six orders: three numbers taken by two threads and a child of one of them, which is joined before it goes on.
fn unseen_right_children() {
    let steps = Arc::new(AtomicU32::new(0));
    let adds = |steps: &Arc<AtomicU32>| {
        let steps = Arc::clone(steps);
        move || _ = steps.fetch_add(1, SeqCst)
    };
    let (child, other) = (adds(&steps), adds(&steps));
    let own = adds(&steps);
    let parent = thread::spawn(move || {
        let child = thread::spawn(child);
        own();
        child.join().unwrap();
    });
    let other = thread::spawn(other);
    parent.join().unwrap();
    other.join().unwrap();
    assert_eq!(steps.load(SeqCst), 3);
}

/// One order: each is joined by the next.
fn unseen_right_chain() {
    let count = Arc::new(AtomicU32::new(0));
    let last = (0..3).fold(None, |before: Option<thread::JoinHandle<()>>, number| {
        let count = Arc::clone(&count);
        Some(thread::spawn(move || {
            before.map(|before| before.join().unwrap());
            assert_eq!(count.fetch_add(1, SeqCst), number);
        }))
    });
    last.unwrap().join().unwrap();
}

/// Three orders: both see the other, or one does not. Reads that come last are in no order.
fn right_flags() {
    let wants = [AtomicBool::new(false), AtomicBool::new(false)];
    let look = |own: usize| {
        wants[own].store(true, SeqCst);
        wants[1 - own].load(SeqCst)
    };
    thread::scope(|scope| {
        let (one, other) = (scope.spawn(|| look(0)), scope.spawn(|| look(1)));
        assert!(one.join().unwrap() | other.join().unwrap());
    });
}

/// No two threads are the same.
fn unseen_right_ids() {
    let ids = Mutex::new(Vec::new());
    let note = || ids.lock().unwrap().push(thread::current().id());
    two(note, note);
    let ids = ids.into_inner().unwrap();
    assert_ne!(ids[0], ids[1]);
}

/// Five orders. If each has the handle of the other both wait for ever, but main waits for neither then.
fn unseen_right_join_each_other() {
    type Slot = Arc<Mutex<Option<thread::JoinHandle<()>>>>;
    let slots: [Slot; 2] = [Slot::default(), Slot::default()];
    for own in 0..2 {
        let slots_of_it = slots.clone();
        let thread = thread::spawn(move || {
            let other = slots_of_it[1 - own].lock().unwrap().take();
            if let Some(other) = other {
                other.join().unwrap();
            }
        });
        *slots[own].lock().unwrap() = Some(thread);
    }
    for slot in slots {
        let rest = slot.lock().unwrap().take();
        if let Some(rest) = rest {
            rest.join().unwrap();
        }
    }
}

fn unseen_wrong_is_finished() {
    let thread = thread::spawn(|| ());
    assert!(!thread.is_finished());
    thread.join().unwrap();
}

fn wrong_not_finished() {
    let thread = thread::spawn(|| ());
    assert!(thread.is_finished());
    thread.join().unwrap();
}

/// One ends it all.
fn wrong_exit() {
    let is_done = AtomicBool::new(false);
    two(
        || is_done.store(true, SeqCst),
        || {
            if !is_done.load(SeqCst) {
                process::exit(3);
            }
        },
    );
}

fn wrong_scope_in_scope() {
    let count = AtomicU32::new(0);
    thread::scope(|outer| {
        outer.spawn(|| {
            thread::scope(|inner| _ = inner.spawn(|| count.fetch_add(1, SeqCst)));
            assert_eq!(count.load(SeqCst), 1);
        });
        outer.spawn(|| count.fetch_add(1, SeqCst));
    });
}

/// What another thread joins need not be over here.
fn wrong_joined_elsewhere() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let first = thread::spawn(move || _ = adds.fetch_add(1, SeqCst));
    let second = thread::spawn(move || first.join().unwrap());
    let seen = count.load(SeqCst);
    second.join().unwrap();
    assert_eq!(seen, 0);
}

/// Main has a lock and joins who wants it.
fn wrong_main_waits() {
    let lock = Arc::new(Mutex::new(()));
    let wants = thread::spawn({
        let lock = Arc::clone(&lock);
        move || drop(lock.lock())
    });
    let _guard = lock.lock();
    wants.join().unwrap();
}

/// A guard outside of a scope waits for the scope.
fn wrong_guard_outlives_scope() {
    let (lock, is_set) = (Mutex::new(()), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| is_set.store(true, SeqCst));
        let _guard = lock.lock();
        if is_set.load(SeqCst) {
            thread::scope(|inner| _ = inner.spawn(|| drop(lock.lock())));
        }
    });
}

/// Main does something beside its thread.
fn wrong_main_too() {
    let count = Arc::new(AtomicU32::new(0));
    let thread = thread::spawn({
        let count = Arc::clone(&count);
        move || count.store(count.load(SeqCst) + 1, SeqCst)
    });
    count.store(count.load(SeqCst) + 1, SeqCst);
    thread.join().unwrap();
    assert_eq!(count.load(SeqCst), 2);
}

/// Which child comes first into the world says nothing about which comes first into the list.
fn unseen_wrong_children() {
    let steps = Arc::new(Mutex::new(String::new()));
    let parents = ["a", "b"].map(|name| {
        let steps = Arc::clone(&steps);
        thread::spawn(move || {
            let child = thread::spawn({
                let steps = Arc::clone(&steps);
                move || steps.lock().unwrap().push_str(name)
            });
            steps.lock().unwrap().push('p');
            child.join().unwrap();
        })
    });
    parents.into_iter().for_each(|parent| parent.join().unwrap());
    assert_ne!(*steps.lock().unwrap(), "bpap");
}

/// One has a child only if the other was there before.
fn unseen_wrong_children_late() {
    let (turn, sum) = (AtomicU32::new(0), AtomicU32::new(0));
    let parent = |weight: u32| {
        let turn = turn.fetch_add(1, SeqCst);
        thread::scope(|scope| (0..turn).for_each(|_| _ = scope.spawn(move || weight)));
        thread::scope(|scope| {
            scope.spawn(|| sum.store(sum.load(SeqCst) * 3 + weight + turn, SeqCst));
        });
    };
    two(|| parent(1), || parent(2));
    assert_ne!(sum.into_inner(), 3);
}

/// Who finds the handle joins.
fn unseen_wrong_handle_in_lock() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let handle = Mutex::new(Some(thread::spawn(move || _ = adds.fetch_add(1, SeqCst))));
    let joins = || {
        let handle = handle.lock().unwrap().take();
        if let Some(handle) = handle {
            handle.join().unwrap();
        }
        assert_eq!(count.load(SeqCst), 1);
    };
    two(joins, joins);
}

/// A thread is joined with a lock held that it needs.
fn wrong_join_under_lock() {
    let lock = Arc::new(Mutex::new(()));
    let needs = Arc::clone(&lock);
    let first = thread::spawn(move || drop(needs.lock().unwrap()));
    let other = Arc::clone(&lock);
    let second = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        first.join().unwrap();
    });
    second.join().unwrap();
}

/// A thread ends it all, main has waited for another.
fn wrong_exit_by_thread() {
    let count = Arc::new(AtomicU32::new(0));
    let adds = Arc::clone(&count);
    let first = thread::spawn(move || _ = adds.fetch_add(1, SeqCst));
    let second = thread::spawn(move || process::exit(count.load(SeqCst) as i32));
    first.join().unwrap();
    second.join().unwrap();
}

/// Who is alone shows a lock.
fn wrong_alone_debug_lock() {
    let lock = Arc::new(Mutex::new(0));
    let adds = Arc::clone(&lock);
    let first = thread::spawn(move || *adds.lock().unwrap() += 1);
    thread::spawn(long).join().unwrap();
    let text = format!("{lock:?}");
    first.join().unwrap();
    assert!(text.contains('1'));
}

/// A scope in a scope does not wait for the outer one's thread.
fn wrong_nested_scope() {
    let value = AtomicU32::new(0);
    thread::scope(|outer| {
        outer.spawn(|| value.store(1, SeqCst));
        thread::scope(|inner| _ = inner.spawn(long));
        assert_eq!(value.load(SeqCst), 1);
    });
}

/// A scope does not wait for a thread that is not its own.
fn unseen_wrong_detached_late() {
    static IS_DONE: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| {
        if IS_DONE.load(SeqCst) {
            process::exit(3)
        }
    });
    thread::scope(|scope| _ = scope.spawn(long));
    IS_DONE.store(true, SeqCst);
}

/// It might be over already.
fn unseen_wrong_finished_early() {
    let thread = thread::spawn(long);
    let is_finished = thread.is_finished();
    thread.join().unwrap();
    assert!(!is_finished);
}

/// Who comes first has the lower number.
fn unseen_wrong_ids_of_spawn() {
    let child = || {
        let child = thread::spawn(|| ());
        let id = child.thread().id();
        child.join().unwrap();
        format!("{id:?}")
    };
    let (one, other) = (
        thread::spawn(child),
        thread::spawn(move || {
            long();
            child()
        }),
    );
    assert!(one.join().unwrap() < other.join().unwrap());
}

fn unseen_left_behind() {
    static COUNT: Mutex<u32> = Mutex::new(0);
    thread::spawn(|| *COUNT.lock().unwrap() += 1);
    assert!(*COUNT.lock().unwrap() < 2);
}

/// Ends it well before another fails.
fn unseen_exit_before() {
    two(|| process::exit(0), || process::exit(1));
}

/// Nobody waits for it.
fn unseen_exit_detached() {
    thread::spawn(|| process::exit(4));
}

/// What main leaves behind may still do something before the end.
fn unseen_main_ends() {
    static IS_SET: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| IS_SET.store(true, SeqCst));
    assert!(!IS_SET.load(SeqCst));
}

/// Which of two threads of two threads has the lower number.
fn unseen_spawned_ids() {
    let spawn = || thread::spawn(|| ()).thread().id();
    let (one, other) = (thread::spawn(spawn), thread::spawn(spawn));
    let (one, other) = (one.join().unwrap(), other.join().unwrap());
    assert!(format!("{one:?}") < format!("{other:?}"));
}

/// Who panics first, says the number.
fn unseen_panic_payload() {
    let next = AtomicU32::new(0);
    let payload = thread::scope(|scope| {
        let panics = || -> () { std::panic::panic_any(next.fetch_add(1, SeqCst)) };
        let (one, other) = (scope.spawn(panics), scope.spawn(panics));
        _ = other.join();
        one.join().unwrap_err()
    });
    assert_eq!(payload.downcast_ref(), Some(&0_u32));
}

/// A value of a thread takes a lock when it goes.
fn unseen_local_locks() {
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
fn unseen_local_counted() {
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
