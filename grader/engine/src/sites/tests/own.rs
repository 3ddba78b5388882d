//! A program with atomic operations of its own, in the marked lines, and of libraries.

use std::hint::black_box;
use std::ptr;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, compiler_fence, fence};
use std::sync::{Arc, Condvar, LazyLock, Mutex, Once, RwLock, mpsc};
use std::thread;

use library::Counter;

static READY: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);
static LAZY: LazyLock<u64> = LazyLock::new(|| {
    COUNT.load(SeqCst) // own
});

macro_rules! add_one {
    ($to:expr) => {
        $to.fetch_add(1, Relaxed) // own
    };
}

fn add<T: Into<u64>>(to: &AtomicU64, number: T) -> u64 {
    to.fetch_add(number.into(), AcqRel) // own
}

#[inline(always)]
fn is_ready() -> bool {
    READY.load(Acquire) // own
}

struct Guard<'a>(&'a AtomicBool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release); // own
    }
}

fn lock(flag: &AtomicBool) -> Guard<'_> {
    while flag.compare_exchange_weak(false, true, Acquire, Relaxed).is_err() { // own
        std::hint::spin_loop();
    }
    Guard(flag)
}

fn own() {
    let local = Arc::new(AtomicU64::new(7));
    let other = Arc::clone(&local);
    let thread = thread::spawn(move || {
        other.fetch_or(9, SeqCst); // own
        READY.store(true, Release); // own
    });
    while !is_ready() {
        fence(SeqCst); // own
        compiler_fence(SeqCst); // own
    }
    thread.join().unwrap();
    drop(lock(&READY));
    (0..3).for_each(|_| {
        COUNT.swap(2, SeqCst); // own
    });
    let updated = COUNT.fetch_update(AcqRel, Acquire, |old| { // own
        let limit = local.load(Relaxed); // own
        (old < limit).then_some(old + 1)
    });
    let pointer = AtomicPtr::new(ptr::null_mut::<u64>());
    black_box(pointer.swap(black_box(ptr::null_mut()), AcqRel)); // own
    black_box((updated, add(&local, 1_u8), add(&COUNT, 2_u32), add_one!(local), *LAZY));
    black_box((AtomicU64::new(3).into_inner(), Arc::try_unwrap(local)));
}

fn with(order: Ordering) -> u64 {
    COUNT.fetch_sub(1, order) // own
}

fn of_libraries() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| println!("once"));
    let (counter, lock, changed) = (Counter(AtomicU64::new(0)), Mutex::new(1), Condvar::new());
    let (sender, receiver) = mpsc::channel();
    counter.add(1);
    counter.change(|old| {
        old + COUNT.load(SeqCst) // own
    });
    thread::scope(|scope| {
        scope.spawn(|| sender.send(*lock.lock().unwrap()));
        *lock.lock().unwrap() += 1;
        changed.notify_one();
        receiver.recv().unwrap();
    });
    let table = Arc::new(RwLock::new(2));
    *Arc::clone(&table).write().unwrap() += *table.read().unwrap();
    // Called by nobody's line: the function itself.
    let load: fn(&AtomicU64, Ordering) -> u64 = AtomicU64::load;
    black_box(load)(&COUNT, SeqCst);
}

fn main() {
    own();
    of_libraries();
    black_box(with(black_box(SeqCst)));
}
