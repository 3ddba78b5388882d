//! Two locks in opposite orders: some schedules are a deadlock.

use std::sync::Mutex;
use std::thread;

static ONE: Mutex<u32> = Mutex::new(0);
static OTHER: Mutex<u32> = Mutex::new(0);

fn both(first: &Mutex<u32>, second: &Mutex<u32>) {
    let mut first = first.lock().unwrap();
    *second.lock().unwrap() += *first;
    *first += 1;
}

fn main() {
    let thread = thread::spawn(|| both(&ONE, &OTHER));
    both(&OTHER, &ONE);
    thread.join().unwrap();
}
