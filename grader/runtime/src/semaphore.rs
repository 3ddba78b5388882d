//! Semaphores of C code, sem_overview(7).

use core::ffi::c_int;

use crate::arch::entry;
use crate::objects::{EBUSY, Function, attempt, give_back, take};
use crate::{system, time, token};

static WAIT: Function = Function::new(c"sem_wait");
static TIMED: Function = Function::new(c"sem_timedwait");
static CLOCK: Function = Function::new(c"sem_clockwait");
static TRY: Function = Function::new(c"sem_trywait");
static POST: Function = Function::new(c"sem_post");

/// Whether other processes use it (`sem_t`: a value of 64 bits, then this).
fn is_shared_with_processes(semaphore: *const u32) -> bool {
    // SAFETY: the caller's semaphore.
    unsafe { *semaphore.add(2) != 0 }
}

fn wait_until(
    semaphore: *const u32,
    deadline: Option<u64>,
    frame: *const u64,
    real: impl Fn() -> c_int,
) -> c_int {
    if token::me().is_none() || is_shared_with_processes(semaphore) {
        return real();
    }
    let attempt = || {
        // SAFETY: the caller's semaphore. Of one that is there it says only that it is 0.
        let result = unsafe { TRY.call([semaphore as usize, 0, 0, 0]) };
        if result == 0 { 0 } else { EBUSY }
    };
    match take(semaphore as usize, deadline, frame, attempt) {
        0 => 0,
        error => system::libc_result(-(error as isize)) as c_int,
    }
}

extern "C" fn wait(semaphore: *const u32, frame: *const u64) -> c_int {
    // SAFETY: the caller's own arguments.
    wait_until(semaphore, None, frame, || unsafe { WAIT.call([semaphore as usize, 0, 0, 0]) })
}
entry!(sem_wait, 1, wait);

extern "C" fn wait_timed(semaphore: *const u32, deadline: usize, frame: *const u64) -> c_int {
    let until = time::read_timespec(deadline);
    // SAFETY: the caller's own arguments.
    wait_until(semaphore, until, frame, || unsafe { TIMED.call([semaphore as usize, deadline, 0, 0]) })
}
entry!(sem_timedwait, 2, wait_timed);

extern "C" fn wait_by_clock(
    semaphore: *const u32,
    clock: c_int,
    deadline: usize,
    frame: *const u64,
) -> c_int {
    let until = time::read_timespec(deadline);
    let arguments = [semaphore as usize, clock as usize, deadline, 0];
    // SAFETY: the caller's own arguments.
    wait_until(semaphore, until, frame, || unsafe { CLOCK.call(arguments) })
}
entry!(sem_clockwait, 3, wait_by_clock);

extern "C" fn attempt_it(semaphore: *const u32, frame: *const u64) -> c_int {
    // SAFETY: the caller's own arguments.
    let real = || unsafe { TRY.call([semaphore as usize, 0, 0, 0]) };
    if token::me().is_none() { real() } else { attempt(semaphore as usize, frame, real) }
}
entry!(sem_trywait, 1, attempt_it);

extern "C" fn post(semaphore: *const u32, frame: *const u64) -> c_int {
    // SAFETY: the caller's own arguments.
    let real = || unsafe { POST.call([semaphore as usize, 0, 0, 0]) };
    if token::me().is_none() || is_shared_with_processes(semaphore) {
        return real();
    }
    give_back(semaphore as usize, 1, frame, real)
}
entry!(sem_post, 1, post);
