//! Locks of files, tried: flock(2), and of parts of them, fcntl(2).

use core::ffi::{c_int, c_void};

use crate::system;

pub(crate) const LOCK_NB: c_int = 4;
pub(crate) const LOCK_UN: c_int = 8;
pub(crate) const F_UNLCK: i16 = 2;

/// `struct flock`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RecordLock {
    pub(crate) kind: i16,
    pub(crate) whence: i16,
    pub(crate) start: i64,
    pub(crate) length: i64,
    pub(crate) process: i32,
}

/// flock(2).
pub(crate) fn flock_for_real(descriptor: c_int, operation: c_int) -> isize {
    // SAFETY: it takes numbers only.
    unsafe { system::call(system::FLOCK, [descriptor as usize, operation as usize, 0, 0, 0, 0]) }
}

/// Gives up a lock of flock(2), as far as there is one.
pub(crate) fn unlock(descriptor: c_int) {
    flock_for_real(descriptor, LOCK_UN);
}

/// The result of trying to lock; `None` while others hold what is in the way.
pub(crate) fn unless_busy(result: isize) -> Option<isize> {
    const EACCES: isize = 13;
    (result != -system::EAGAIN && result != -EACCES).then_some(result)
}

/// Whether the lock could be had now; who gets it is chosen then. What the waiting thread had of this file it has lost,
/// as by a call that blocks.
pub(crate) fn could_lock(descriptor: c_int, operation: c_int) -> bool {
    match flock_for_real(descriptor, operation | LOCK_NB) {
        0 => flock_for_real(descriptor, LOCK_UN) == 0,
        error => unless_busy(error).is_some(),
    }
}

/// fcntl(2), with an argument that is a place or a number.
pub(crate) fn fcntl_for_real(descriptor: c_int, command: c_int, argument: *const c_void) -> isize {
    let arguments = [descriptor as usize, command as usize, argument as usize, 0, 0, 0];
    // SAFETY: the caller's own arguments.
    unsafe { system::call(system::FCNTL, arguments) }
}

/// Whether the lock could be had now.
pub(crate) fn could_hold(descriptor: c_int, command: c_int, lock: &RecordLock) -> bool {
    let mut found = *lock;
    let result = fcntl_for_real(descriptor, command, (&raw mut found).cast());
    result != 0 || found.kind == F_UNLCK
}
