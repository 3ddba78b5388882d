//! Threads as contexts: all threads of a run on one kernel thread. To hand the token over is to change the stack and the
//! thread pointer, which takes some ten nanoseconds; to wake one kernel thread and have another one wait takes a hundred
//! times as long.
//!
//! A thread's context is a *husk*: a thread that libc itself has made, with its stack, its TLS block and its descriptor,
//! of which the kernel thread has gone. It saved its registers in the start routine and ended by the bare system call,
//! so libc takes it for alive. The fork server makes some before the first run, which every run then has; one that
//! needs more, or other stacks, makes them itself.
//!
//! What belongs to kernel threads is one for all then: the signal mask, the alternate signal stack, the entry in `/proc`.
//! A program that could tell, or does what is right for kernel threads alone (`kernel_threads`), has its run ended
//! ([`leave`]) and made again with kernel threads.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use schedule::protocol::Finish;
use schedule::{MOST_THREADS, ThreadId, ThreadSet};

use crate::arch::Place;
use crate::arch::context::{can_switch, park, switch, thread_pointer};
use crate::libc::next;
use crate::{record, system};

/// A thread, and its husk where it has one.
struct Context {
    /// Where it goes on.
    place: Place,
    /// libc's `pthread_t`; 0 where there is no husk.
    handle: u64,
    /// Its kernel thread's number, which libc still has for its own.
    number: u32,
    /// Its stack, from and so many bytes.
    stack: (usize, usize),
    /// Whether a thread of the run has begun in it.
    is_used: bool,
    /// What the start routine gave back; nothing where it did not return.
    result: Option<usize>,
}

const NONE: Context = Context {
    place: Place { stack_pointer: 0, thread_pointer: 0 },
    handle: 0,
    number: 0,
    stack: (0, 0),
    is_used: false,
    result: None,
};

/// Used by the holder of the token, and by a husk in the making while its maker waits.
struct Contexts(UnsafeCell<[Context; MOST_THREADS]>);

// SAFETY: see `Contexts`.
unsafe impl Sync for Contexts {}

static CONTEXTS: Contexts = Contexts(UnsafeCell::new([NONE; MOST_THREADS]));

/// Cleared by the kernel when the kernel thread of a husk has ended.
static ALIVE: AtomicU32 = AtomicU32::new(0);

/// Whether threads are contexts in this process.
static ARE_ON: AtomicBool = AtomicBool::new(false);

/// How many husks this run has made itself.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Made before the first run: most programs have no more threads. Always as many, as what they take changes all addresses.
const PREPARED: ThreadId = 16;
/// Bytes of their stacks: std's for a thread.
const STACK: usize = 2 << 20;
/// A run that makes more has them all in memory: then kernel threads are right.
const MOST_MADE: u32 = 256;

unsafe extern "C" {
    fn pthread_self() -> u64;
    fn pthread_attr_init(attributes: *mut c_void) -> c_int;
    fn pthread_attr_destroy(attributes: *mut c_void) -> c_int;
    fn pthread_attr_setstacksize(attributes: *mut c_void, size: usize) -> c_int;
    fn pthread_attr_getstacksize(attributes: *const c_void, size: *mut usize) -> c_int;
    fn pthread_attr_getstack(attributes: *const c_void, start: *mut usize, size: *mut usize) -> c_int;
    fn pthread_attr_setstack(attributes: *mut c_void, start: usize, size: usize) -> c_int;
    fn pthread_attr_setguardsize(attributes: *mut c_void, size: usize) -> c_int;
}

/// As large as a `pthread_attr_t`, and more.
#[repr(align(16))]
struct Attributes([u64; 16]);

impl Attributes {
    fn place(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

fn of(thread: ThreadId) -> *mut Context {
    // SAFETY: the number is one of the array's.
    unsafe { CONTEXTS.0.get().cast::<Context>().add(usize::from(thread) % MOST_THREADS) }
}

/// The main thread's thread pointer.
pub(crate) fn main_thread_pointer() -> u64 {
    // SAFETY: written before the first run, and never again.
    unsafe { (*of(0)).place.thread_pointer }
}

/// The stack of a husk.
pub(crate) struct HuskStack {
    /// The thread that has it.
    pub(crate) thread: ThreadId,
    /// It is in use from there.
    pub(crate) in_use: usize,
    /// To there.
    pub(crate) end: usize,
}

/// The husks' stacks that lie in this memory, while no run is on.
pub(crate) fn stacks(start: usize, end: usize) -> impl Iterator<Item = HuskStack> {
    // SAFETY: the caller holds the token, or is the fork server.
    let husks = (1..=PREPARED).map(|thread| (thread, unsafe { &*of(thread) }));
    let here = husks.filter(move |(_, husk)| husk.handle != 0 && (start..end).contains(&husk.stack.0));
    here.map(|(thread, husk)| HuskStack {
        thread,
        in_use: husk.place.stack_pointer as usize,
        end: husk.stack.0 + husk.stack.1,
    })
}

/// The stack of a thread that is a context: from and so many bytes.
pub(crate) fn stack(thread: ThreadId) -> (usize, usize) {
    // SAFETY: the caller holds the token.
    unsafe { (*of(thread)).stack }
}

/// The threads that have begun in a husk in this run. Nobody knows of the other husks' stacks.
pub(crate) fn used() -> ThreadSet {
    let mut used = ThreadSet::EMPTY;
    // SAFETY: the caller holds the token.
    (1..=PREPARED).filter(|&thread| unsafe { (*of(thread)).is_used }).for_each(|thread| used.insert(thread));
    used
}

/// Whether threads are contexts.
#[inline]
pub(crate) fn are_on() -> bool {
    ARE_ON.load(Ordering::Relaxed)
}

/// `fork` without what libc does for threads that it believes to be left behind: husks are not.
pub(crate) fn bare_fork() -> Option<extern "C" fn() -> c_int> {
    let found = next(c"_Fork");
    // SAFETY: a function of this type, where libc has it (glibc 2.34, POSIX.1-2024).
    (!found.is_null())
        .then(|| unsafe { core::mem::transmute::<*mut c_void, extern "C" fn() -> c_int>(found) })
}

/// Has libc make a thread of this number, whose start routine calls [`wait`]; as pthread_create(3).
pub(crate) type Create = unsafe fn(*mut u64, *const c_void, ThreadId) -> c_int;

/// The one that is used.
static CREATE: AtomicUsize = AtomicUsize::new(0);

/// Makes the first husks, where the system can have them. Before the first run.
pub(crate) fn prepare(create: Create) {
    CREATE.store(create as usize, Ordering::Relaxed);
    if !can_switch() || bare_fork().is_none() {
        return;
    }
    // SAFETY: nobody else runs.
    unsafe { (*of(0)).place.thread_pointer = thread_pointer() };
    ARE_ON.store(true, Ordering::Relaxed);
    let mut attributes = Attributes([0; 16]);
    // SAFETY: a place for attributes, which are then valid.
    let is_made = unsafe {
        pthread_attr_init(attributes.place()) == 0
            && pthread_attr_setstacksize(attributes.place(), STACK) == 0
            && (1..=PREPARED).all(|thread| make(thread, attributes.place()) == 0)
    };
    if !is_made {
        system::exit(70);
    }
}

/// Makes the husk of `thread`; an error number as pthread_create(3) gives it.
fn make(thread: ThreadId, attributes: *const c_void) -> c_int {
    ALIVE.store(1, Ordering::Relaxed);
    let mut handle = 0;
    // SAFETY: stored by `prepare`; attributes of the caller, or none; the thread only parks.
    let error = unsafe {
        let create = core::mem::transmute::<usize, Create>(CREATE.load(Ordering::Relaxed));
        create(&mut handle, attributes, thread)
    };
    if error != 0 {
        return error;
    }
    while ALIVE.load(Ordering::Acquire) != 0 {
        // The kernel wakes it as a futex that processes share.
        // SAFETY: a word that stays.
        unsafe { system::call(system::FUTEX, [ALIVE.as_ptr() as usize, 0, 1, 0, 0, 0]) };
    }
    // SAFETY: the husk has written what it knows, and runs no more.
    let context = unsafe { &mut *of(thread) };
    (context.handle, context.is_used, context.result) = (handle, false, None);
    0
}

/// In a husk's start routine: ends its kernel thread. Returns when a run changes to it.
pub(crate) fn wait(me: ThreadId) {
    let context = of(me);
    let mut attributes = Attributes([0; 16]);
    let real = next(c"pthread_getattr_np");
    // SAFETY: every libc with threads has a function of this type and name. The maker waits, so the context is this
    // thread's alone; the thread is never joined through libc.
    unsafe {
        let real: extern "C" fn(u64, *mut c_void) -> c_int = core::mem::transmute(real);
        if real(pthread_self(), attributes.place()) == 0 {
            let (start, size) = (&raw mut (*context).stack.0, &raw mut (*context).stack.1);
            pthread_attr_getstack(attributes.place(), start, size);
            pthread_attr_destroy(attributes.place());
        }
        (*context).number = system::call(system::GETTID, [0; 6]) as u32;
        park(&raw mut (*context).place, ALIVE.as_ptr());
    }
}

/// The handle of a husk for the new thread, which has a stack as `attributes` say.
///
/// # Errors
/// As pthread_create(3).
pub(crate) fn take(thread: ThreadId, attributes: *const c_void) -> Result<u64, c_int> {
    // SAFETY: the caller holds the token, and the thread is new: nobody else uses its context.
    let context = unsafe { &mut *of(thread) };
    if context.handle == 0 || context.is_used || !fits(context, attributes) {
        if MADE.fetch_add(1, Ordering::Relaxed) >= MOST_MADE {
            leave();
        }
        match make(thread, attributes) {
            0 => {}
            error => return Err(error),
        }
    }
    // SAFETY: as above; `make` has returned.
    let context = unsafe { &mut *of(thread) };
    context.is_used = true;
    Ok(context.handle)
}

/// Whether the husk has the stack that is asked for.
fn fits(context: &Context, attributes: *const c_void) -> bool {
    let mut size = 0;
    // SAFETY: attributes of the caller of pthread_create.
    let is_known = !attributes.is_null() && unsafe { pthread_attr_getstacksize(attributes, &mut size) } == 0;
    // libc rounds up to pages.
    is_known && size <= context.stack.1 && context.stack.1 - size < 1 << 16
}

/// Goes on as `next`. Returns when `me` goes on.
pub(crate) fn hand_over(me: ThreadId, next: ThreadId) {
    // SAFETY: `me` runs and `next` does not: it has been parked, or has handed over itself. Stacks of husks stay.
    unsafe { switch(&raw mut (*of(me)).place, &raw const (*of(next)).place) }
}

/// What the start routine of the calling thread gave back.
pub(crate) fn ends_with(me: ThreadId, result: *mut c_void) {
    // SAFETY: the context of the calling thread, which holds the token.
    unsafe { (*of(me)).result = Some(result.expose_provenance()) };
}

/// Writes what a thread that has ended gave back, where it is asked for.
pub(crate) fn give_result(thread: Option<ThreadId>, place: *mut *mut c_void) {
    if place.is_null() {
        return;
    }
    // SAFETY: the caller holds the token, and the thread has ended.
    let result = thread.and_then(|thread| unsafe { (*of(thread)).result });
    // It ended by pthread_exit, or its number has another thread now.
    let Some(result) = result else { leave() };
    // SAFETY: the place of the caller of pthread_join.
    unsafe { place.write(ptr::with_exposed_provenance_mut(result)) };
}

/// The number of a thread, as gettid(2) has it and libc has noted it.
pub(crate) fn number_of(thread: ThreadId) -> u32 {
    // SAFETY: the caller holds the token.
    unsafe { (*of(thread)).number }
}

/// Describes the calling thread's stack, as pthread_getattr_np(3): libc would ask the kernel for the kernel thread.
pub(crate) fn describe_stack(me: ThreadId, attributes: *mut c_void) -> c_int {
    const GUARD: usize = 4096;
    // SAFETY: the context of the calling thread, and the place of the caller of pthread_getattr_np.
    unsafe {
        let (start, size) = (*of(me)).stack;
        pthread_attr_init(attributes)
            | pthread_attr_setstack(attributes, start, size)
            | pthread_attr_setguardsize(attributes, GUARD)
    }
}

/// Ends the run, which is made again in another way: the program does what is right for kernel threads alone, or maps a file
/// where runs share a folder.
pub(crate) fn leave() -> ! {
    record::end(Finish::KernelThreads)
}
