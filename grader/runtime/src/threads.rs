//! Creating, ending and joining threads.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_void};
use core::mem;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use schedule::protocol::{Finish, Operation};
use schedule::{MOST_THREADS, ThreadId};

use crate::arch::entry;
use crate::libc::next;
use crate::record::Done;
use crate::scheduler::{self, Wait};
use crate::{contexts, keep, processors, runner, system, token};

type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type Create = unsafe extern "C" fn(*mut u64, *const c_void, Start, *mut c_void) -> c_int;
type Join = unsafe extern "C" fn(u64, *mut *mut c_void) -> c_int;

unsafe extern "C" {
    fn pthread_atfork(
        before: Option<extern "C" fn()>,
        parent: Option<extern "C" fn()>,
        child: Option<extern "C" fn()>,
    ) -> c_int;
    fn pthread_key_create(key: *mut u32, destructor: Option<extern "C" fn(*mut c_void)>) -> c_int;
    fn pthread_setspecific(key: u32, value: *const c_void) -> c_int;
}

static CREATE: AtomicUsize = AtomicUsize::new(0);
static JOIN: AtomicUsize = AtomicUsize::new(0);
static KEY: AtomicU32 = AtomicU32::new(u32::MAX);

/// What a new thread starts with. A slot belongs to one thread number and is written before that
/// thread exists.
struct Starts(UnsafeCell<[Option<(Start, *mut c_void)>; MOST_THREADS]>);

// SAFETY: see `Starts`; creation orders the write before the read.
unsafe impl Sync for Starts {}

static STARTS: Starts = Starts(UnsafeCell::new([None; MOST_THREADS]));

/// Finds libc's own functions and prepares to be told of threads' ends. Before the first run.
pub(crate) fn prepare() {
    CREATE.store(next(c"pthread_create") as usize, Ordering::Relaxed);
    JOIN.store(next(c"pthread_join") as usize, Ordering::Relaxed);
    // SAFETY: the key is written before use.
    unsafe {
        pthread_atfork(None, None, Some(leave_in_child));
        let mut key = 0;
        if pthread_key_create(&mut key, Some(at_thread_end)) == 0 {
            KEY.store(key, Ordering::Relaxed);
        }
    }
}

/// A child that the program forks is another process, and not under control.
extern "C" fn leave_in_child() {
    token::leave_process();
}

fn libc_create() -> Create {
    if CREATE.load(Ordering::Relaxed) == 0 {
        prepare();
    }
    // SAFETY: the address is that of libc's pthread_create.
    unsafe { mem::transmute(CREATE.load(Ordering::Relaxed)) }
}

fn libc_join() -> Join {
    if JOIN.load(Ordering::Relaxed) == 0 {
        prepare();
    }
    // SAFETY: the address is that of libc's pthread_join.
    unsafe { mem::transmute(JOIN.load(Ordering::Relaxed)) }
}

extern "C" fn create(
    handle: *mut u64,
    attributes: *const c_void,
    start: Start,
    argument: *mut c_void,
    frame: *const u64,
) -> c_int {
    let Some(me) = token::me() else {
        // SAFETY: the caller's own arguments.
        return unsafe { libc_create()(handle, attributes, start, argument) };
    };
    runner::at_first_spawn();
    scheduler::before(0, false);
    let Some(thread) = scheduler::spawn() else { scheduler::finish(Finish::TooManyThreads) };
    processors::inherit(me, thread);
    // SAFETY: this thread holds the token, and the new thread, which reads the slot, does not exist yet.
    unsafe { (*STARTS.0.get())[usize::from(thread)] = Some((start, argument)) };
    let result = if contexts::are_on() {
        // SAFETY: the caller's place for the handle.
        contexts::take(thread, attributes).map_or_else(
            |error| error,
            |husk| unsafe {
                handle.write(husk);
                0
            },
        )
    } else {
        // SAFETY: the caller's own arguments.
        unsafe { create_for_real(handle, attributes, thread) }
    };
    if result == 0 {
        // SAFETY: pthread_create has written the handle.
        scheduler::spawned(thread, unsafe { *handle });
    } else {
        scheduler::unspawn(thread);
    }
    scheduler::after(Done::new(Operation::Spawn, thread.into(), 0), false, frame);
    result
}
entry!(pthread_create, 4, create);

/// Has libc make a thread, which waits until it is handed the token.
///
/// # Safety
/// As for pthread_create(3).
pub(crate) unsafe fn create_for_real(handle: *mut u64, attributes: *const c_void, thread: ThreadId) -> c_int {
    // SAFETY: the caller's own arguments, but for the start routine, which calls theirs.
    unsafe { libc_create()(handle, attributes, begin, usize::from(thread) as *mut c_void) }
}

/// The start routine of every controlled thread.
extern "C" fn begin(thread: *mut c_void) -> *mut c_void {
    let me = thread as usize as ThreadId;
    let top = 0u64;
    if contexts::are_on() {
        contexts::wait(me);
    } else {
        token::wait(me);
    }
    token::enter(me);
    scheduler::started(me, &raw const top as u64);
    // SAFETY: written before this thread was created. The key's value only has to be not null.
    let start = unsafe {
        pthread_setspecific(KEY.load(Ordering::Relaxed), core::ptr::without_provenance(1));
        (*STARTS.0.get())[usize::from(me)]
    };
    let Some((start, argument)) = start else { return core::ptr::null_mut() };
    let result = start(argument);
    contexts::ends_with(me, result);
    result
}

/// Destructor of the key: called after the destructors of thread-local variables, which may still
/// run atomic operations. Keys are destroyed in up to four rounds while destructors set them again;
/// the third is late enough for everyone else.
extern "C" fn at_thread_end(round: *mut c_void) {
    const ROUNDS: usize = 3;
    let Some(me) = token::me() else { return };
    let round = round as usize;
    if round < ROUNDS {
        // SAFETY: the key is valid as long as the process.
        unsafe { pthread_setspecific(KEY.load(Ordering::Relaxed), (round + 1) as *const c_void) };
        return;
    }
    scheduler::end_thread(me);
}

extern "C" fn join(handle: u64, result: *mut *mut c_void, frame: *const u64) -> c_int {
    if token::me().is_some() {
        let thread = scheduler::find(handle);
        if let Some(thread) = thread {
            scheduler::before(0, false);
            let done = Done::new(Operation::Join, thread.into(), 0);
            if scheduler::has_ended(thread) {
                scheduler::joined(Some(thread));
                scheduler::after(done, false, frame);
            } else {
                scheduler::block(Wait::Join { thread }, done, frame);
            }
        } else {
            scheduler::joined(None);
        }
        if contexts::are_on() {
            // A thread that is not found has ended: its number has another one now.
            contexts::give_result(thread, result);
            return 0;
        }
    }
    // SAFETY: the caller's own arguments. A controlled thread has ended, so this hardly waits.
    unsafe { libc_join()(handle, result) }
}
entry!(pthread_join, 2, join);

extern "C" fn set_name(_handle: u64, name: *const c_char) -> c_int {
    if token::me().is_some() && !name.is_null() {
        // SAFETY: the caller passes a C string.
        scheduler::name(unsafe { core::ffi::CStr::from_ptr(name) }.to_bytes());
    }
    0
}

#[unsafe(no_mangle)]
extern "C" fn pthread_setname_np(handle: u64, name: *const c_char) -> c_int {
    set_name(handle, name)
}

/// std asks for the main thread's stack to tell an overflow from other faults, and libc answers by
/// reading `/proc/self/maps`: a tenth of the time of a short run. Without an answer std goes on.
#[unsafe(no_mangle)]
extern "C" fn pthread_getattr_np(handle: u64, attributes: *mut c_void) -> c_int {
    const NO_SUCH_ENTRY: c_int = 2;
    match token::me() {
        Some(0) => return NO_SUCH_ENTRY,
        Some(me) if contexts::are_on() => return contexts::describe_stack(me, attributes),
        _ => {}
    }
    // SAFETY: every libc that has threads has a function of this type and name.
    let libc_one: extern "C" fn(u64, *mut c_void) -> c_int =
        unsafe { mem::transmute(next(c"pthread_getattr_np")) };
    libc_one(handle, attributes)
}

/// `stack_t`, sigaltstack(2).
#[repr(C)]
struct SignalStack {
    start: usize,
    flags: c_int,
    size: usize,
}

/// All contexts have the main thread's: it belongs to the kernel thread.
#[unsafe(no_mangle)]
extern "C" fn sigaltstack(new: *const SignalStack, old: *mut SignalStack) -> c_int {
    const DISABLED: c_int = 2;
    if contexts::are_on() && token::me().is_some_and(|me| me != 0) && token::alternate_stack().1 > 0 {
        // SAFETY: null or the caller's place.
        if let Some(old) = unsafe { old.as_mut() } {
            let (start, size) = token::alternate_stack();
            *old = SignalStack { start, flags: token::is_on_alternate_stack().into(), size };
        }
        return 0;
    }
    if token::me().is_some() && !new.is_null() {
        keep::spoil();
    }
    // SAFETY: the caller's own arguments.
    let result = unsafe { system::call(system::SIGALTSTACK, [new as usize, old as usize, 0, 0, 0, 0]) };
    // SAFETY: null or a valid `stack_t`, as sigaltstack demands it of its callers.
    let new = unsafe { new.as_ref() };
    if let Some(new) = new.filter(|_| result == 0) {
        let end = if new.flags & DISABLED != 0 { new.start } else { new.start.saturating_add(new.size) };
        token::set_alternate_stack(new.start, end);
    }
    system::libc_result(result) as c_int
}
