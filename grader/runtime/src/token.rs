//! The token: the right to run. One thread holds it; all others wait here.
//!
//! Each thread has a word of its own to wait on, so handing over wakes exactly one thread.

use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering, compiler_fence};

use schedule::{MOST_THREADS, ThreadId};

use crate::{contexts, system};

/// What only the token's holder uses.
pub(crate) struct Global<T>(pub(crate) UnsafeCell<T>);

// SAFETY: see `Global`; handing the token over is a release/acquire pair.
unsafe impl<T> Sync for Global<T> {}

static WORDS: [AtomicU32; MOST_THREADS] = [const { AtomicU32::new(0) }; MOST_THREADS];

/// Whether this process is under control: a child of the fork server that runs the program.
static CONTROLLED: AtomicBool = AtomicBool::new(false);

/// Who holds the token.
static HOLDER: AtomicU8 = AtomicU8::new(0);

thread_local! {
    /// Which thread of the program this is. Without a destructor and with a constant start value,
    /// so that it is a plain word of the static TLS block.
    static ME: Cell<Option<ThreadId>> = const { Cell::new(None) };
    /// Whether it is inside of the scheduler.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// See [`set_alternate_stack`].
    static ALTERNATE_STACK: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The same where threads are contexts, which have one for all: from and to.
static SHARED_STACK: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// The calling thread, where its hooks act. They do not in a signal handler that interrupts the scheduler, or a thread
/// that waits for the token: whatever it does there goes to the system.
#[inline]
pub(crate) fn me() -> Option<ThreadId> {
    if !CONTROLLED.load(Ordering::Relaxed) {
        return None;
    }
    ME.get().filter(|&me| me == HOLDER.load(Ordering::Relaxed) && !INSIDE.get())
}

/// Where the calling thread handles signals, from and to; empty where it has no stack of its own for that.
pub(crate) fn set_alternate_stack(from: usize, to: usize) {
    ALTERNATE_STACK.set((from, to));
    if contexts::are_on() {
        [from, to]
            .into_iter()
            .zip(&SHARED_STACK)
            .for_each(|(end, place)| place.store(end, Ordering::Relaxed));
    }
}

/// One alternate signal stack serves all contexts, as one runs at a time. It is not put back after a run.
pub(crate) fn share_alternate_stack() {
    const SIZE: usize = 64 << 10;
    const READ_WRITE: usize = 1 | 2;
    const SHARED_ANONYMOUS: usize = 1 | 0x20;
    // SAFETY: a fresh mapping that stays; then a valid `stack_t`, sigaltstack(2).
    unsafe {
        let place = system::call(system::MMAP, [0, SIZE, READ_WRITE, SHARED_ANONYMOUS, usize::MAX, 0]);
        if place > 0 {
            let stack = [place as usize, 0, SIZE];
            system::call(system::SIGALTSTACK, [stack.as_ptr() as usize, 0, 0, 0, 0, 0]);
            set_alternate_stack(place as usize, place as usize + SIZE);
        }
    }
}

/// The one for all contexts: from and so many bytes, none where there is none.
pub(crate) fn alternate_stack() -> (usize, usize) {
    let [from, to] = SHARED_STACK.each_ref().map(|place| place.load(Ordering::Relaxed));
    (from, to - from)
}

/// Whether the calling thread handles a signal on its alternate stack.
pub(crate) fn is_on_alternate_stack() -> bool {
    let here = 0u8;
    let (from, to) = match contexts::are_on() {
        true => SHARED_STACK.each_ref().map(|place| place.load(Ordering::Relaxed)).into(),
        false => ALTERNATE_STACK.get(),
    };
    (from..to).contains(&(&raw const here as usize))
}

/// While it lives, the calling thread is inside of the scheduler.
pub(crate) struct Inside;

impl Inside {
    pub(crate) fn new() -> Self {
        INSIDE.set(true);
        // A signal handler of this thread comes before or after.
        compiler_fence(Ordering::SeqCst);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        compiler_fence(Ordering::SeqCst);
        INSIDE.set(false);
    }
}

/// Puts the calling thread under control as `thread`; from then on the hooks act for it.
pub(crate) fn enter(thread: ThreadId) {
    ME.set(Some(thread));
    HOLDER.store(thread, Ordering::Relaxed);
    CONTROLLED.store(true, Ordering::Relaxed);
}

/// Takes the calling thread out of control: it is about to end, or to leave the run.
pub(crate) fn leave() {
    ME.set(None);
}

/// Takes a whole process out of control: a child that the program forked.
pub(crate) fn leave_process() {
    CONTROLLED.store(false, Ordering::Relaxed);
}

/// Gives the token from `me` to another thread, and waits until it comes back.
pub(crate) fn hand_over(me: ThreadId, next: ThreadId) {
    if contexts::are_on() {
        HOLDER.store(next, Ordering::Relaxed);
        contexts::hand_over(me, next);
        return;
    }
    give(next);
    wait(me);
}

/// Gives the token from `me` to another thread for good.
pub(crate) fn hand_on(me: ThreadId, next: ThreadId) {
    if contexts::are_on() {
        HOLDER.store(next, Ordering::Relaxed);
        contexts::hand_over(me, next);
    }
    give(next);
}

/// Gives the token to `thread`, which waits for it or will.
fn give(thread: ThreadId) {
    HOLDER.store(thread, Ordering::Relaxed);
    let word = &WORDS[usize::from(thread)];
    word.store(1, Ordering::Release);
    system::futex_wake(word);
}

/// Whether an address is that of a word on which a thread waits for the token.
pub(crate) fn is_word(address: usize) -> bool {
    WORDS.as_ptr_range().contains(&(address as *const AtomicU32))
}

/// Waits until somebody gives the token to `thread`, the calling one.
pub(crate) fn wait(thread: ThreadId) {
    let word = &WORDS[usize::from(thread)];
    while word.swap(0, Ordering::Acquire) == 0 {
        system::futex_wait(word, 0);
    }
}
