//! What is printed, and who has the output.

use std::fmt::{Display, Formatter};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::{fmt, process, thread};

use crate::Named;
use crate::common::{long, two};

pub const ALL: &[Named] = &[
    ("right-lines", right_lines),
    ("wrong-stdout-first", wrong_stdout_first),
    ("wrong-stdout-between", wrong_stdout_between),
    ("unseen-wrong-line-before", unseen_wrong_line_before),
    ("unseen-half-lines", unseen_half_lines),
    ("unseen-stdout-and-lock", unseen_stdout_and_lock),
    ("unseen-stderr-and-lock", unseen_stderr_and_lock),
    ("unseen-abort-detached", unseen_abort_detached),
    ("unseen-stdin-and-lock", unseen_stdin_and_lock),
    ("unseen-print-order", unseen_print_order),
    ("unseen-exit-while-locked", unseen_exit_while_locked),
    ("right-output-excludes", right_output_excludes),
];

/// Shows itself only when it is its turn.
struct Turn<'a>(&'a AtomicU32, u32);

impl Display for Turn<'_> {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        assert_eq!(self.0.fetch_add(1, SeqCst), self.1);
        write!(out, "turn {}", self.1)
    }
}

/// Each writes one.
fn right_lines() {
    thread::scope(|scope| {
        for number in 0..2 {
            scope.spawn(move || println!("line {number}"));
        }
    });
}

/// What is shown says who was first.
fn wrong_stdout_first() {
    let turns = AtomicU32::new(0);
    two(|| println!("{}", Turn(&turns, 0)), || println!("{}", Turn(&turns, 1)));
}

/// The output is free between two lines.
fn wrong_stdout_between() {
    let count = AtomicU32::new(0);
    two(
        || {
            println!("{}", Turn(&count, 0));
            println!("{}", Turn(&count, 1));
        },
        || println!("{}", count.swap(0, SeqCst)),
    );
}

/// A line is made with the output locked.
fn unseen_wrong_line_before() {
    struct Sets<'a>(&'a AtomicU32);
    impl std::fmt::Display for Sets<'_> {
        fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
            self.0.store(1, SeqCst);
            self.0.store(2, SeqCst);
            write!(out, "set")
        }
    }
    let value = AtomicU32::new(0);
    two(
        || println!("{}", Sets(&value)),
        || {
            long();
            println!("text");
            assert_eq!(value.load(SeqCst), 2)
        },
    );
}

/// Which comes first, no operation tells.
fn unseen_half_lines() {
    thread::scope(|scope| {
        scope.spawn(|| print!("a"));
        scope.spawn(|| print!("b"));
    });
    println!();
}

/// The one has the output and wants a lock, the other the reverse.
fn unseen_stdout_and_lock() {
    let lock = Mutex::new(0);
    two(
        || {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{}", lock.lock().unwrap()).unwrap();
        },
        || {
            let number = lock.lock().unwrap();
            println!("{number}");
        },
    );
}

fn unseen_stderr_and_lock() {
    let lock = Mutex::new(0);
    two(
        || {
            let mut out = std::io::stderr().lock();
            writeln!(out, "{}", lock.lock().unwrap()).unwrap();
        },
        || {
            let number = lock.lock().unwrap();
            eprintln!("{number}");
        },
    );
}

fn unseen_abort_detached() {
    drop(thread::spawn(|| process::abort()));
    println!("end");
}

fn unseen_stdin_and_lock() {
    let lock = Mutex::new(0);
    two(
        || {
            let _input = std::io::stdin().lock();
            *lock.lock().unwrap() += 1;
        },
        || {
            let _guard = lock.lock().unwrap();
            drop(std::io::stdin().lock());
        },
    );
}

/// An output that is flushed says nothing, but what is done between does.
fn unseen_print_order() {
    let count = AtomicU32::new(0);
    two(
        || {
            count.fetch_add(1, SeqCst);
            print!("a");
            std::io::stdout().flush().unwrap();
            assert_ne!(count.load(SeqCst), 2);
        },
        || {
            print!("b");
            count.fetch_add(1, SeqCst);
        },
    );
}

/// At the end the output is locked.
fn unseen_exit_while_locked() {
    let is_set = AtomicBool::new(false);
    two(
        || {
            let _out = std::io::stdout().lock();
            is_set.store(true, SeqCst);
            is_set.store(false, SeqCst);
        },
        || {
            if is_set.load(SeqCst) {
                process::exit(7);
            }
        },
    );
}

/// Who writes a line has the output alone.
fn right_output_excludes() {
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
