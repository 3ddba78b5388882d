//! Locks of files: flock(2), and of parts of them, fcntl(2).

use core::ffi::{c_int, c_void};

use schedule::protocol::Operation;

use super::Call;
use crate::arch::entry;
use crate::scheduler::Wait;
use crate::world::Until;
use crate::world::locks::{
    F_UNLCK, LOCK_NB, LOCK_UN, RecordLock, fcntl_for_real, flock_for_real, unless_busy,
};
use crate::{keep, system, token};

const F_GETLK: c_int = 5;
const F_SETLK: c_int = 6;
const F_SETLKW: c_int = 7;
const F_OFD_GETLK: c_int = 36;
const F_OFD_SETLK: c_int = 37;
const F_OFD_SETLKW: c_int = 38;
const F_WRLCK: i16 = 1;

pub(super) extern "C" fn lock_file(descriptor: c_int, operation: c_int, frame: *const u64) -> c_int {
    if token::me().is_none() {
        return system::libc_result(flock_for_real(descriptor, operation)) as c_int;
    }
    // The open file may be one that all runs share.
    keep::spoil();
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
