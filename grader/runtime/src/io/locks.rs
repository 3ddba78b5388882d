//! Locks of files: flock(2), and of parts of them, fcntl(2).

use core::ffi::{c_int, c_void};

use schedule::protocol::Operation;

use super::{Call, Until};
use crate::arch::entry;
use crate::scheduler::Wait;
use crate::{system, token};

const LOCK_NB: c_int = 4;
const LOCK_UN: c_int = 8;

const F_GETLK: c_int = 5;
const F_SETLK: c_int = 6;
const F_SETLKW: c_int = 7;
const F_OFD_GETLK: c_int = 36;
const F_OFD_SETLK: c_int = 37;
const F_OFD_SETLKW: c_int = 38;
const F_WRLCK: i16 = 1;
const F_UNLCK: i16 = 2;

/// `struct flock`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RecordLock {
    kind: i16,
    whence: i16,
    start: i64,
    length: i64,
    process: i32,
}

pub(super) extern "C" fn lock_file(descriptor: c_int, operation: c_int, frame: *const u64) -> c_int {
    if token::me().is_none() {
        return system::libc_result(flock_for_real(descriptor, operation)) as c_int;
    }
    let call = Call::new(Operation::Poll, descriptor, frame);
    let result = if operation & (LOCK_NB | LOCK_UN) != 0 {
        call.at_once(|| flock_for_real(descriptor, operation))
    } else {
        let until = Until::Unlocked { descriptor, operation };
        call.wait(Wait::Outside { until, deadline: None }, || {
            unless_busy(flock_for_real(descriptor, operation | LOCK_NB))
        })
    };
    system::libc_result(result) as c_int
}
entry!(flock, 2, lock_file);

fn flock_for_real(descriptor: c_int, operation: c_int) -> isize {
    // SAFETY: it takes numbers only.
    unsafe { system::call(system::FLOCK, [descriptor as usize, operation as usize, 0, 0, 0, 0]) }
}

/// Gives up a lock of flock(2), as far as there is one.
pub(crate) fn unlock(descriptor: c_int) {
    flock_for_real(descriptor, LOCK_UN);
}

fn unless_busy(result: isize) -> Option<isize> {
    const EACCES: isize = 13;
    (result != -system::EAGAIN && result != -EACCES).then_some(result)
}

/// Whether the lock could be had now; who gets it is chosen then. What the waiting thread had of this file it has lost,
/// as by a call that blocks.
pub(super) fn could_lock(descriptor: c_int, operation: c_int) -> bool {
    match flock_for_real(descriptor, operation | LOCK_NB) {
        0 => flock_for_real(descriptor, LOCK_UN) == 0,
        error => unless_busy(error).is_some(),
    }
}

/// Variadic in C; the third comes as for any function. Others than those that wait go through, as libc has them.
pub(super) extern "C" fn control_file(
    descriptor: c_int,
    command: c_int,
    argument: *mut c_void,
    frame: *const u64,
) -> c_int {
    let (try_it, test) = match command {
        F_SETLKW => (F_SETLK, F_GETLK),
        F_OFD_SETLKW => (F_OFD_SETLK, F_OFD_GETLK),
        _ => return libc_control(descriptor, command, argument),
    };
    if token::me().is_none() {
        return libc_control(descriptor, command, argument);
    }
    let until = Until::Unheld { descriptor, command: test, lock: argument.cast_const().cast() };
    let result = Call::new(Operation::Poll, descriptor, frame)
        .wait(Wait::Outside { until, deadline: None }, || {
            unless_busy(fcntl_for_real(descriptor, try_it, argument))
        });
    system::libc_result(result) as c_int
}
entry!(fcntl, 3, control_file);
entry!(fcntl64, 3, control_file);

fn fcntl_for_real(descriptor: c_int, command: c_int, argument: *const c_void) -> isize {
    let arguments = [descriptor as usize, command as usize, argument as usize, 0, 0, 0];
    // SAFETY: the caller's own arguments.
    unsafe { system::call(system::FCNTL, arguments) }
}

/// fcntl(2) as libc has it: only of `F_GETOWN` it makes something else than the system call.
fn libc_control(descriptor: c_int, command: c_int, argument: *const c_void) -> c_int {
    const F_GETOWN: c_int = 9;
    const F_GETOWN_EX: c_int = 16;
    const GROUP: i32 = 2;
    if command != F_GETOWN {
        return system::libc_result(fcntl_for_real(descriptor, command, argument)) as c_int;
    }
    let mut owner = [0i32; 2];
    match fcntl_for_real(descriptor, F_GETOWN_EX, owner.as_mut_ptr().cast()) {
        0 if owner[0] == GROUP => -owner[1],
        0 => owner[1],
        error => system::libc_result(error) as c_int,
    }
}

/// Whether the lock could be had now.
pub(super) fn could_hold(descriptor: c_int, command: c_int, lock: &RecordLock) -> bool {
    let mut found = *lock;
    let result = fcntl_for_real(descriptor, command, (&raw mut found).cast());
    result != 0 || found.kind == F_UNLCK
}

/// lockf(3): of the file from where it stands.
pub(super) extern "C" fn lock_from_here(
    descriptor: c_int,
    command: c_int,
    length: i64,
    frame: *const u64,
) -> c_int {
    const F_ULOCK: c_int = 0;
    const F_LOCK: c_int = 1;
    const F_TEST: c_int = 3;
    const SEEK_CUR: i16 = 1;
    let kind = if command == F_ULOCK { F_UNLCK } else { F_WRLCK };
    let mut lock = RecordLock { kind, whence: SEEK_CUR, start: 0, length, process: 0 };
    let control = match command {
        F_LOCK => F_SETLKW,
        F_TEST => F_GETLK,
        _ => F_SETLK,
    };
    let result = control_file(descriptor, control, (&raw mut lock).cast(), frame);
    if command == F_TEST && result == 0 && lock.kind != F_UNLCK {
        return system::libc_result(-system::EAGAIN) as c_int;
    }
    result
}
entry!(lockf, 3, lock_from_here);
entry!(lockf64, 3, lock_from_here);
