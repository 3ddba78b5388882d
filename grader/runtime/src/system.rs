//! System calls, made without libc: libc's own entry points are interposed by this library. Linux only.
//!
//! What has no number on newer architectures (open, poll, select, epoll_wait, dup2, pause) is made by the call that does
//! the same and more, everywhere.

pub(crate) use crate::arch::call;
pub(crate) use crate::arch::number::*;

// Numbers from 424 on are the same on all architectures.
pub(crate) const PIDFD_OPEN: usize = 434;
pub(crate) const CLOSE_RANGE: usize = 436;
pub(crate) const EPOLL_PWAIT2: usize = 441;
pub(crate) const FUTEX_WAITV: usize = 449;
pub(crate) const FUTEX_WAKE: usize = 454;
pub(crate) const FUTEX_WAIT: usize = 455;
pub(crate) const FUTEX_REQUEUE: usize = 456;

pub(crate) const EINTR: isize = 4;
pub(crate) const EAGAIN: isize = 11;
pub(crate) const EINVAL: isize = 22;
pub(crate) const EPIPE: isize = 32;
pub(crate) const ETIMEDOUT: isize = 110;

unsafe extern "C" {
    fn __errno_location() -> *mut i32;
}

/// Opens the file at `path`, which ends with a zero, to read it. No child inherits it.
pub(crate) fn open_to_read(path: &core::ffi::CStr) -> isize {
    const FROM_HERE: usize = -100isize as usize;
    const READ_ONLY_CLOSE_ON_EXEC: usize = 0o2_000_000;
    // SAFETY: the path ends with a zero.
    unsafe { call(OPENAT, [FROM_HERE, path.as_ptr() as usize, READ_ONLY_CLOSE_ON_EXEC, 0, 0, 0]) }
}

/// The result as libc's callers expect it: -1 and `errno` for an error.
pub(crate) fn libc_result(result: isize) -> isize {
    if (-4095..0).contains(&result) {
        // SAFETY: libc gives each thread a valid place for its errno.
        unsafe { *__errno_location() = -result as i32 };
        return -1;
    }
    result
}

/// Waits while `*word == value`, by the kernel's own futex.
pub(crate) fn futex_wait(word: &core::sync::atomic::AtomicU32, value: u32) {
    // SAFETY: the word is valid, and there is no time-out. Operation 128 is FUTEX_WAIT_PRIVATE.
    unsafe { call(FUTEX, [word.as_ptr() as usize, 128, value as usize, 0, 0, 0]) };
}

/// Wakes one waiter on `word`, by the kernel's own futex.
pub(crate) fn futex_wake(word: &core::sync::atomic::AtomicU32) {
    // SAFETY: the word is valid. Operation 129 is FUTEX_WAKE_PRIVATE.
    unsafe { call(FUTEX, [word.as_ptr() as usize, 129, 1, 0, 0, 0]) };
}

/// Ends the process at once, all threads included.
pub(crate) fn exit(code: usize) -> ! {
    loop {
        // SAFETY: exit_group takes a code and does not return.
        unsafe { call(EXIT_GROUP, [code, 0, 0, 0, 0, 0]) };
    }
}
