//! Opening named pipes: whoever opens one end waits for the other (fifo(7)).

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int};

use schedule::protocol::Operation;

use super::{Call, O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::arch::{self, O_DIRECTORY, O_NOFOLLOW, entry};
use crate::scheduler::Wait;
use crate::world::{Retried, Until, set_status_flags, status_flags};
use crate::{chance, kernel_threads, record, system, token};

const AT_FDCWD: c_int = -100;
/// `O_CREAT | O_WRONLY | O_TRUNC`, which creat(2) stands for.
const CREATE: c_int = 0o100 | 1 | 0o1000;

pub(super) extern "C" fn open_at(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mode: c_int,
    frame: *const u64,
) -> c_int {
    let call = |flags: c_int| [folder as usize, path as usize, flags as usize, mode as usize, 0, 0];
    // SAFETY: the caller's own arguments.
    let act = |flags| unsafe { system::call(system::OPENAT, call(flags)) };
    if !path.is_null() {
        // SAFETY: the path of a caller of open(2), which ends with a zero.
        let path = unsafe { CStr::from_ptr(path) };
        kernel_threads::opens(path);
        chance::opens(path);
    }
    if token::me().is_some() {
        record::get().has_varied();
    }
    if token::me().is_none() || !may_wait(flags) || !is_pipe(folder, path, flags) {
        return system::libc_result(act(flags)) as c_int;
    }
    let result = if flags & O_ACCMODE == O_RDONLY {
        open_to_read(act(flags | O_NONBLOCK), frame)
    } else {
        open_to_write(call(flags | O_NONBLOCK), frame)
    };
    if result >= 0 {
        set_status_flags(result as i32, status_flags(result as i32) & !O_NONBLOCK);
    }
    system::libc_result(result) as c_int
}
entry!(openat, 4, open_at);
entry!(openat64, 4, open_at);

pub(super) extern "C" fn open_here(
    path: *const c_char,
    flags: c_int,
    mode: c_int,
    frame: *const u64,
) -> c_int {
    open_at(AT_FDCWD, path, flags, mode, frame)
}
entry!(open, 3, open_here);
entry!(open64, 3, open_here);

pub(super) extern "C" fn create(path: *const c_char, mode: c_int, frame: *const u64) -> c_int {
    open_at(AT_FDCWD, path, CREATE, mode, frame)
}
entry!(creat, 2, create);
entry!(creat64, 2, create);

// The names that C code has where its compiler knows that no mode is given.
pub(super) extern "C" fn open_without_mode(path: *const c_char, flags: c_int, frame: *const u64) -> c_int {
    open_at(AT_FDCWD, path, flags, 0, frame)
}
entry!(__open_2, 2, open_without_mode);
entry!(__open64_2, 2, open_without_mode);

pub(super) extern "C" fn open_at_without_mode(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    frame: *const u64,
) -> c_int {
    open_at(folder, path, flags, 0, frame)
}
entry!(__openat_2, 3, open_at_without_mode);
entry!(__openat64_2, 3, open_at_without_mode);

/// Whether opening a named pipe so would wait: Linux opens one for both reading and writing at once.
fn may_wait(flags: c_int) -> bool {
    const O_PATH: c_int = 0o10_000_000;
    const CREATES_ALONE: c_int = 0o100 | 0o200;
    flags & (O_NONBLOCK | O_DIRECTORY | O_PATH) == 0
        && flags & CREATES_ALONE != CREATES_ALONE
        && matches!(flags & O_ACCMODE, O_RDONLY | O_WRONLY)
}

fn is_pipe(folder: c_int, path: *const c_char, flags: c_int) -> bool {
    const KIND: u64 = 0o170_000;
    const FIFO: u64 = 0o010_000;
    const AT_SYMLINK_NOFOLLOW: usize = 0x100;
    let follow = if flags & O_NOFOLLOW != 0 { AT_SYMLINK_NOFOLLOW } else { 0 };
    // As in `streams::kind`.
    let mut found = [0u64; 18];
    let arguments = [folder as usize, path as usize, found.as_mut_ptr() as usize, follow, 0, 0];
    // SAFETY: the caller's own path, and a place that is not smaller than a `struct stat`.
    let result = unsafe { system::call(system::NEWFSTATAT, arguments) };
    result == 0 && found[arch::MODE] & KIND == FIFO
}

/// The reading end is open at once, so that a writer can find it, and waits then.
fn open_to_read(opened: isize, frame: *const u64) -> isize {
    let descriptor = opened as i32;
    let call = Call::new(Operation::Poll, descriptor, frame);
    if opened < 0 {
        return call.at_once(|| opened);
    }
    let until = Until::Writer { descriptor };
    call.wait(Wait::Outside { until, deadline: None }, || until.has_come().then_some(opened))
}

/// The writing end can be opened only once there is a reader. Whoever looks opens it: to try and close it again would
/// be an end of file to the reader.
fn open_to_write(arguments: [usize; 6], frame: *const u64) -> isize {
    const ENXIO: isize = 6;
    let mut call = Retried { number: system::OPENAT, arguments, busy: ENXIO, result: 0 };
    let retried = &raw mut call;
    let is_tried = Cell::new(false);
    Call::new(Operation::Poll, AT_FDCWD, frame).wait(
        Wait::Outside { until: Until::Made(retried), deadline: None },
        || {
            // SAFETY: it is on this stack, and nobody else looks while this thread runs.
            let call = unsafe { &mut *retried };
            (is_tried.replace(true) || call.attempt()).then_some(call.result)
        },
    )
}
