//! `disk_info` keeps a list in a global variable of its C code, and frees it twice where two threads ask at once. Fixed
//! in 0.8.0 (RUSTSEC-2020-0100).
//!
//! Asks for: the process lives. The C code takes no step that the scheduler sees, so no other thread comes in between.

use std::thread;

#[test]
fn two_threads_ask() {
    let other = thread::spawn(|| sys_info::disk_info().is_ok());
    let _ = (sys_info::disk_info().is_ok(), other.join().unwrap());
}
