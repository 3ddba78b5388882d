//! References that are counted.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};
use std::thread;

use crate::Named;
use crate::common::{LAST, Marks, NUMBER, as_number, long, two};

pub const ALL: &[Named] = &[
    ("right-into-inner", right_into_inner),
    ("wrong-last-drop", wrong_last_drop),
    ("wrong-strong-count", wrong_strong_count),
    ("wrong-strong-count-cloned", wrong_strong_count_cloned),
    ("wrong-try-unwrap", wrong_try_unwrap),
    ("wrong-upgrade", wrong_upgrade),
    ("wrong-upgraded-last", wrong_upgraded_last),
    ("wrong-get-mut", wrong_get_mut),
    ("wrong-make-mut", wrong_make_mut),
    ("wrong-weak-count", wrong_weak_count),
    ("wrong-upgrade-both", wrong_upgrade_both),
    ("wrong-arc-str", wrong_arc_str),
    ("wrong-arc-in-vec", wrong_arc_in_vec),
    ("wrong-unwrap-or-clone", wrong_unwrap_or_clone),
    ("wrong-waker", wrong_waker),
    ("wrong-cyclic", wrong_cyclic),
    ("unseen-wrong-result-of-scoped", unseen_wrong_result_of_scoped),
    ("wrong-closure-dropped", wrong_closure_dropped),
    ("wrong-plain-count-early", wrong_plain_count_early),
    ("wrong-upgrade-early", wrong_upgrade_early),
    ("wrong-last-of-four", wrong_last_of_four),
    ("wrong-arc-of-thread-early", wrong_arc_of_thread_early),
    ("unseen-wrong-result-of-joined-late", unseen_wrong_result_of_joined_late),
    ("unseen-local-after-scope", unseen_local_after_scope),
    ("unseen-result-dropped", unseen_result_dropped),
    ("unseen-local-counts", unseen_local_counts),
    ("unseen-local-drop", unseen_local_drop),
];

/// One of both gets it, whoever that is.
fn right_into_inner() {
    let got = AtomicU32::new(0);
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    let take = |shared| {
        if Arc::into_inner(shared).is_some() {
            got.fetch_add(1, SeqCst);
        }
    };
    two(|| take(shared), || take(other));
    assert_eq!(got.into_inner(), 1);
}

/// Who drops it last, is not said.
fn wrong_last_drop() {
    let shared = Arc::new(Marks);
    let other = Arc::clone(&shared);
    two(move || as_number(1, || drop(shared)), move || as_number(2, || drop(other)));
    assert_ne!(LAST.load(SeqCst), 1);
}

fn wrong_strong_count() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || assert_eq!(Arc::strong_count(&other), 2));
}

/// Another has one more for a moment.
fn wrong_strong_count_cloned() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    two(move || drop(Arc::clone(&shared)), move || assert_ne!(Arc::strong_count(&other), 3));
}

/// Both may fail.
fn wrong_try_unwrap() {
    let got = AtomicU32::new(0);
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    let take = |shared| {
        if Arc::try_unwrap(shared).is_ok() {
            got.fetch_add(1, SeqCst);
        }
    };
    two(|| take(shared), || take(other));
    assert_eq!(got.into_inner(), 1);
}

fn wrong_upgrade() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(move || drop(shared), move || assert_eq!(weak.upgrade().as_deref(), Some(&1)));
}

/// Who upgrades drops it.
fn wrong_upgraded_last() {
    let shared = Arc::new(Marks);
    let weak = Arc::downgrade(&shared);
    two(move || as_number(1, || drop(shared)), move || as_number(2, || drop(weak.upgrade())));
    assert_eq!(LAST.load(SeqCst), 1);
}

fn wrong_get_mut() {
    let mut shared = Arc::new(1);
    let other = Arc::clone(&shared);
    two(move || drop(other), move || assert!(Arc::get_mut(&mut shared).is_none()));
}

/// It is copied or not.
fn wrong_make_mut() {
    let mut shared = Arc::new(1);
    let (other, place) = (Arc::clone(&shared), Arc::as_ptr(&shared) as usize);
    two(
        move || drop(other),
        move || {
            *Arc::make_mut(&mut shared) += 1;
            assert_ne!(Arc::as_ptr(&shared) as usize, place);
        },
    );
}

fn wrong_weak_count() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(move || drop(weak), move || assert_eq!(Arc::weak_count(&shared), 1));
}

/// The last goes while another asks for one more.
fn wrong_upgrade_both() {
    let shared = Arc::new(());
    let weak: Weak<()> = Arc::downgrade(&shared);
    let got = AtomicU32::new(0);
    let ask = |weak: Weak<()>| {
        if weak.upgrade().is_some() {
            got.fetch_add(1, SeqCst);
        }
    };
    let other = weak.clone();
    thread::scope(|scope| {
        scope.spawn(|| ask(weak));
        scope.spawn(|| ask(other));
        scope.spawn(|| drop(shared));
    });
    assert_ne!(got.into_inner(), 1);
}

/// Of a type that others have made already.
fn wrong_arc_str() {
    let shared: Arc<str> = Arc::from("text");
    let other = Arc::clone(&shared);
    two(move || drop(shared), move || assert_eq!(Arc::strong_count(&other), 2));
}

/// It goes with what it lies in.
fn wrong_arc_in_vec() {
    let mut all = vec![Arc::new(0); 3];
    let last = all.pop().unwrap();
    two(move || drop(all), move || assert_ne!(Arc::strong_count(&last), 2));
}

/// It is cloned, or not.
fn wrong_unwrap_or_clone() {
    static CLONES: AtomicU32 = AtomicU32::new(0);
    struct Counts;
    impl Clone for Counts {
        fn clone(&self) -> Self {
            CLONES.fetch_add(1, SeqCst);
            Self
        }
    }
    let shared = Arc::new(Counts);
    let other = Arc::clone(&shared);
    two(|| drop(shared), || drop(Arc::unwrap_or_clone(other)));
    assert_eq!(CLONES.load(SeqCst), 1);
}

/// A waker is a reference too.
fn wrong_waker() {
    struct Wakes;
    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {}
    }
    let wakes = Arc::new(Wakes);
    let waker = Waker::from(Arc::clone(&wakes));
    two(move || waker.wake(), move || assert_eq!(Arc::strong_count(&wakes), 2));
}

/// Not even itself sees it before it is there.
fn wrong_cyclic() {
    struct Knows(Weak<Knows>);
    let shared = Arc::new_cyclic(|weak| Knows(weak.clone()));
    let weak = shared.0.clone();
    two(move || drop(shared), move || assert_eq!(weak.strong_count(), 1));
}

/// What a thread returns is dropped before its scope ends, by it or by who has its handle.
fn unseen_wrong_result_of_scoped() {
    thread::scope(|scope| {
        let handle = scope.spawn(|| {
            NUMBER.set(1);
            Marks
        });
        as_number(2, || drop(handle));
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

/// What a thread owns goes at its end.
fn wrong_closure_dropped() {
    let shared = Arc::new(());
    let weak = Arc::downgrade(&shared);
    let thread = thread::spawn(move || _ = &shared);
    assert!(weak.upgrade().is_some());
    thread.join().unwrap();
}

/// Whether another has let go already.
fn wrong_plain_count_early() {
    let shared = Arc::new(1);
    let other = Arc::clone(&shared);
    two(
        move || drop(shared),
        move || {
            long();
            assert_eq!(Arc::strong_count(&other), 1)
        },
    );
}

/// Whether it is gone already.
fn wrong_upgrade_early() {
    let shared = Arc::new(1);
    let weak = Arc::downgrade(&shared);
    two(
        move || drop(shared),
        move || {
            long();
            assert!(weak.upgrade().is_none())
        },
    );
}

/// The last that has begun is not always the last that ends.
fn wrong_last_of_four() {
    let shared = Arc::new(Marks);
    thread::scope(|scope| {
        for number in 1..5 {
            let shared = Arc::clone(&shared);
            scope.spawn(move || {
                as_number(number, || {
                    if number == 4 {
                        long()
                    }
                    drop(shared);
                })
            });
        }
        drop(shared);
    });
    assert_eq!(LAST.load(SeqCst), 4);
}

/// References to something of std that has to do with threads.
fn wrong_arc_of_thread_early() {
    let shared = Arc::new(thread::current().id());
    let other = Arc::clone(&shared);
    two(
        move || drop(shared),
        move || {
            long();
            assert_eq!(Arc::strong_count(&other), 1)
        },
    );
}

/// What a thread returns is a reference, which goes when it ends.
fn unseen_wrong_result_of_joined_late() {
    let shared = Arc::new(());
    let other = Arc::clone(&shared);
    thread::scope(|scope| {
        scope.spawn(move || other);
        scope.spawn(long).join().unwrap();
        assert_eq!(Arc::strong_count(&shared), 1);
    });
}

/// A scope does not wait until values of threads are dropped.
fn unseen_local_after_scope() {
    thread_local!(static MARKS: Marks = const { Marks });
    thread::scope(|scope| {
        scope.spawn(|| {
            NUMBER.set(1);
            MARKS.with(|_| ());
        });
    });
    assert_eq!(LAST.load(SeqCst), 1);
}

/// The value of a thread nobody joins is dropped by it or by who has let it go.
fn unseen_result_dropped() {
    let thread = thread::spawn(|| {
        NUMBER.set(1);
        Marks
    });
    as_number(2, || drop(thread));
    assert_ne!(LAST.load(SeqCst), 2);
}

/// A value of a thread is dropped after what the thread does, and before it is joined.
fn unseen_local_counts() {
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
fn unseen_local_drop() {
    thread_local!(static MARKS: Marks = const { Marks });
    let mark = |number| {
        move || {
            NUMBER.set(number);
            MARKS.with(|_| ());
        }
    };
    let threads = [thread::spawn(mark(1)), thread::spawn(mark(2))];
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(LAST.load(SeqCst), 2);
}
