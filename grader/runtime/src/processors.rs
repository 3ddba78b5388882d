//! Processors: four, on any machine, so that programs that size themselves by it do the same everywhere.

use core::ffi::{c_int, c_long};
use core::sync::atomic::{AtomicU8, Ordering};

use schedule::MOST_THREADS;

use crate::libc::next;
use crate::{system, token};

const COUNT: usize = 4;
const ALL: u8 = (1 << COUNT) - 1;

/// Which processors each thread may use, as it sees it: 0 stands for all.
static MASKS: [AtomicU8; MOST_THREADS] = [const { AtomicU8::new(0) }; MOST_THREADS];

fn mask_of(thread: u8) -> &'static AtomicU8 {
    &MASKS[usize::from(thread) % MOST_THREADS]
}

/// A new thread may use what its creator may (sched(7)).
pub(crate) fn inherit(creator: u8, thread: u8) {
    mask_of(thread).store(mask_of(creator).load(Ordering::Relaxed), Ordering::Relaxed);
}

/// sched_getaffinity(2). libc's function clears what the kernel does not write.
#[unsafe(no_mangle)]
extern "C" fn sched_getaffinity(process: c_int, size: usize, mask: *mut u8) -> c_int {
    let Some(me) = token::me() else {
        let arguments = [process as usize, size, mask as usize, 0, 0, 0];
        // SAFETY: the caller's own arguments.
        unsafe {
            mask.write_bytes(0, size);
            return system::libc_result(system::call(system::SCHED_GETAFFINITY, arguments)).min(0) as c_int;
        }
    };
    if size == 0 {
        return system::libc_result(-system::EINVAL) as c_int;
    }
    let own = match mask_of(me).load(Ordering::Relaxed) {
        0 => ALL,
        own => own,
    };
    // SAFETY: the caller's buffer has `size` bytes.
    unsafe {
        mask.write_bytes(0, size);
        mask.write(own);
    }
    0
}

/// sched_setaffinity(2): what is asked for is remembered. Where a run really is, is the grader's.
#[unsafe(no_mangle)]
extern "C" fn sched_setaffinity(process: c_int, size: usize, mask: *const u8) -> c_int {
    let Some(me) = token::me() else {
        let arguments = [process as usize, size, mask as usize, 0, 0, 0];
        // SAFETY: the caller's own arguments.
        return system::libc_result(unsafe { system::call(system::SCHED_SETAFFINITY, arguments) }) as c_int;
    };
    // SAFETY: the caller's buffer has `size` bytes.
    let wanted = if size == 0 { 0 } else { unsafe { *mask & ALL } };
    if wanted == 0 {
        return system::libc_result(-system::EINVAL) as c_int;
    }
    mask_of(me).store(wanted, Ordering::Relaxed);
    0
}

/// The first of those that the thread may use: no thread ever moves.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn sched_getcpu() -> c_int {
    let Some(me) = token::me() else {
        let mut processor: c_int = 0;
        // SAFETY: the place is valid for the call.
        unsafe { system::call(system::GETCPU, [&raw mut processor as usize, 0, 0, 0, 0, 0]) };
        return processor;
    };
    match mask_of(me).load(Ordering::Relaxed) {
        0 => c_int::from(me) % COUNT as c_int,
        own => own.trailing_zeros() as c_int,
    }
}

/// sysconf(3): how many processors there are, and how many are on.
#[unsafe(no_mangle)]
extern "C" fn sysconf(name: c_int) -> c_long {
    const CONFIGURED: c_int = 83;
    const ONLINE: c_int = 84;
    if token::me().is_some() && matches!(name, CONFIGURED | ONLINE) {
        return COUNT as c_long;
    }
    type Sysconf = extern "C" fn(c_int) -> c_long;
    // SAFETY: every libc has a function of this type and name.
    let libc_one: Sysconf = unsafe { core::mem::transmute(next(c"sysconf")) };
    libc_one(name)
}
