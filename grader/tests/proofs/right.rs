//! Right in all orders.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::Named;
use crate::common::{three, two};

pub const ALL: &[Named] = &[
    ("right-mutex-2x1", || mutex(2, 1)),
    ("right-mutex-2x2", || mutex(2, 2)),
    ("right-mutex-3x1", || mutex(3, 1)),
    ("right-mutex-3x2", || mutex(3, 2)),
    ("right-atomic-2x2", || atomic(2, 2)),
    ("right-atomic-3x2", || atomic(3, 2)),
    ("right-atomic-2x4", || atomic(2, 4)),
    ("right-apart", apart),
    ("right-one-thread", one_thread),
    ("right-two-locks", two_locks),
    ("right-joined", joined),
    ("right-lines", lines),
    ("right-tried", tried),
    ("right-exchange", exchange),
    ("right-readers", readers),
    ("right-writer-readers", writer_readers),
    ("right-bytes", bytes),
    ("right-dining", dining),
    ("right-gate", gate),
    ("right-last-drop", last_drop),
    ("right-into-inner", into_inner),
    ("unseen-right-children", children),
    ("right-main-too", main_too),
    ("right-round-after-round", round_after_round),
    ("right-alone", alone),
    ("unseen-right-chain", chain),
    ("right-three-then-one", three_then_one),
    ("right-flags", flags),
    ("unseen-right-ids", ids),
    ("right-tried-twice", tried_twice),
    ("unseen-right-join-each-other", join_each_other),
];

/// Each of some threads takes a lock so often.
fn mutex(threads: u32, times: u32) {
    let count = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..times).for_each(|_| *count.lock().unwrap() += 1));
        }
    });
    assert_eq!(count.into_inner().unwrap(), threads * times);
}

/// Each of some threads adds so often.
fn atomic(threads: u32, times: u32) {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..times).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(count.into_inner(), threads * times);
}

/// Two threads that have nothing to do with each other.
fn apart() {
    let counts = [AtomicU32::new(0), AtomicU32::new(0)];
    thread::scope(|scope| {
        for count in &counts {
            scope.spawn(|| (0..5).for_each(|_| _ = count.fetch_add(1, SeqCst)));
        }
    });
    assert_eq!(counts.map(AtomicU32::into_inner), [5, 5]);
}

fn one_thread() {
    let count = Mutex::new(0);
    *count.lock().unwrap() += 1;
    assert_eq!(count.into_inner().unwrap(), 1);
}

/// In the same order.
fn two_locks() {
    let locks = [Mutex::new(0), Mutex::new(0)];
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut one, mut other) = (locks[0].lock().unwrap(), locks[1].lock().unwrap());
                (*one, *other) = (*other + 1, *one + 1);
            });
        }
    });
    assert_eq!(locks.map(|lock| lock.into_inner().unwrap()), [2, 2]);
}

/// By handles, with a count of references.
fn joined() {
    let count = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..2).map(|_| {
        let count = Arc::clone(&count);
        thread::spawn(move || *count.lock().unwrap() += 1)
    }).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(*count.lock().unwrap(), 2);
}

/// Each writes one.
fn lines() {
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || println!("line {number}"));
        }
    });
}

/// Who does not get the lock goes without.
fn tried() {
    let (lock, got) = (Mutex::new(()), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if let Ok(_guard) = lock.try_lock() {
                    got.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert!(got.into_inner() > 0);
}

/// Four orders: whole after whole, or both read first and one writes first.
fn exchange() {
    let count = AtomicU32::new(0);
    let add = || {
        let mut seen = count.load(SeqCst);
        while let Err(now) = count.compare_exchange(seen, seen + 1, SeqCst, SeqCst) {
            seen = now;
        }
    };
    two(add, add);
    assert_eq!(count.into_inner(), 2);
}

/// One order: who reads only, is in nobody's way.
fn readers() {
    let value = AtomicU32::new(3);
    let reads = || assert_eq!(value.load(SeqCst) + value.load(SeqCst), 6);
    three(reads, reads, reads);
}

/// Nine orders: each of two readers before, between or after two writes.
fn writer_readers() {
    let value = AtomicU32::new(0);
    let reads = || assert!(value.load(SeqCst) < 3);
    three(|| (1..3).for_each(|number| value.store(number, SeqCst)), reads, reads);
}

/// One order: they lie side by side, but each is of one thread.
fn bytes() {
    let bytes = [AtomicU8::new(0), AtomicU8::new(0)];
    let add = |at: usize| (0..3).for_each(|_| _ = bytes[at].fetch_add(1, SeqCst));
    two(|| add(0), || add(1));
    assert_eq!(bytes.map(AtomicU8::into_inner), [3, 3]);
}

/// Six orders: of eight that three locks of two each allow, two would be cycles.
fn dining() {
    let forks = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    let eat = |one: usize, other: usize| *forks[one].lock().unwrap() += *forks[other].lock().unwrap();
    three(|| eat(0, 1), || eat(1, 2), || eat(0, 2));
}

/// Two orders: they lock against each other, but only one at once gets so far.
fn gate() {
    let [gate, a, b] = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
    two(|| {
        let _gate = gate.lock().unwrap();
        *a.lock().unwrap() += *b.lock().unwrap();
    }, || {
        let _gate = gate.lock().unwrap();
        *b.lock().unwrap() += *a.lock().unwrap();
    });
}

/// Two orders of two that let go.
fn last_drop() {
    static DROPS: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            DROPS.fetch_add(1, SeqCst);
        }
    }
    let shared = Arc::new(Counts);
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || drop(other));
    assert_eq!(DROPS.load(SeqCst), 1);
}

/// One of both gets it, whoever that is.
fn into_inner() {
    let got = AtomicU32::new(0);
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    let take = |shared| if Arc::into_inner(shared).is_some() {
        got.fetch_add(1, SeqCst);
    };
    two(|| take(shared), || take(other));
    assert_eq!(got.into_inner(), 1);
}

/// Six orders: three numbers taken by two threads and a child of one of them, which is joined before it goes on.
fn children() {
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

/// Two orders: main adds too.
fn main_too() {
    let count = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| count.fetch_add(1, SeqCst));
        count.fetch_add(1, SeqCst);
    });
    assert_eq!(count.into_inner(), 2);
}

/// Two times two orders.
fn round_after_round() {
    let count = Mutex::new(0);
    let add = || *count.lock().unwrap() += 1;
    (0..2).for_each(|_| two(add, add));
    assert_eq!(*count.lock().unwrap(), 4);
}

/// One order: each is alone while it is there.
fn alone() {
    let count = AtomicU32::new(0);
    (0..3).for_each(|_| thread::scope(|scope| _ = scope.spawn(|| count.fetch_add(1, SeqCst))));
    assert_eq!(count.into_inner(), 3);
}

/// One order: each is joined by the next.
fn chain() {
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

/// Nine orders: six of the lock all take, and in half of them either of the other.
fn three_then_one() {
    let [all, some] = [Mutex::new(0), Mutex::new(0)];
    let add = |lock: &Mutex<u32>| *lock.lock().unwrap() += 1;
    three(|| {
        add(&some);
        add(&all);
    }, || {
        add(&all);
        add(&some);
    }, || add(&all));
    assert_eq!(*all.lock().unwrap(), 3);
}

/// Three orders: both see the other, or one does not. Reads that come last are in no order.
fn flags() {
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
fn ids() {
    let ids = Mutex::new(Vec::new());
    let note = || ids.lock().unwrap().push(thread::current().id());
    two(note, note);
    let ids = ids.into_inner().unwrap();
    assert_ne!(ids[0], ids[1]);
}

/// Who tries, or gives up.
fn tried_twice() {
    let [one, other] = [Mutex::new(0), Mutex::new(0)];
    let add = |first: &Mutex<u32>, second: &Mutex<u32>| {
        let mut first = first.lock().unwrap();
        if let Ok(mut second) = second.try_lock() {
            (*first, *second) = (*first + 1, *second + 1);
        }
    };
    two(|| add(&one, &other), || add(&other, &one));
    assert_eq!(*one.lock().unwrap(), *other.lock().unwrap());
}

/// Five orders. If each has the handle of the other both wait for ever, but main waits for neither then.
fn join_each_other() {
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
