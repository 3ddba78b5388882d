//! What no hook sees, nor any trace: a program that calls it is not proved, whatever else it does.

mod common;

use std::panic::catch_unwind;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use common::*;

const ALL: &[(&str, fn())] = &[
    ("hidden-fetch-max", fetch_max),
    ("hidden-fetch-min-then", fetch_min_then),
    ("hidden-debug-reads", debug_reads),
    ("hidden-debug-late", debug_late),
    ("hidden-hook-dropped", hook_dropped),
    ("hidden-folder-early", folder_early),
    ("hidden-hook-order", hook_order),
    ("hidden-hook", hook),
];

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let (_, program) = ALL.iter().find(|(known, _)| *known == name).expect("no program of that name");
    program();
}

fn fetch_max() {
    let most = AtomicU32::new(1);
    two(|| _ = most.fetch_max(5, SeqCst), || assert!(most.fetch_max(3, SeqCst) < 5));
}

/// What is not changed was read nevertheless.
fn fetch_min_then() {
    let least = AtomicU32::new(5);
    two(|| least.store(9, SeqCst), || assert_eq!(least.fetch_min(100, SeqCst), 5));
}

/// To show an atomic is to read it.
fn debug_reads() {
    let value = AtomicU32::new(0);
    two(|| value.store(1, SeqCst), || assert_eq!(format!("{value:?}"), "0"));
}

/// To show an atomic is to read it.
fn debug_late() {
    let value = AtomicU32::new(0);
    two(
        || value.store(1, SeqCst),
        || {
            long();
            assert_eq!(format!("{value:?}"), "1")
        },
    );
}

/// What is to be done in panics is set by one, and taken by another.
fn hook_dropped() {
    two(
        || {
            let marks = Marks;
            std::panic::set_hook(Box::new(move |_| _ = &marks));
        },
        || {
            as_number(2, || {
                long();
                drop(std::panic::take_hook())
            })
        },
    );
    assert_eq!(LAST.load(SeqCst), 2);
}

/// There is one working folder.
fn folder_early() {
    two(
        || std::env::set_current_dir("/").unwrap(),
        || {
            long();
            assert_eq!(std::env::current_dir().unwrap().as_os_str(), "/")
        },
    );
}

/// The hook counts.
fn hook_order() {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    std::panic::set_hook(Box::new(|_| COUNT.store(COUNT.load(SeqCst) + 1, SeqCst)));
    two(|| _ = catch_unwind(|| panic!()), || _ = catch_unwind(|| panic!()));
    assert_eq!(COUNT.load(SeqCst), 2);
}

/// What a panic does, another thread has changed.
fn hook() {
    two(|| std::panic::set_hook(Box::new(|_| process::exit(5))), || _ = catch_unwind(|| panic!()));
}
