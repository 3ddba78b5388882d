//! Reading and writing. Standard output and error are kept as records with their thread.

use core::ffi::c_int;

use schedule::protocol::Operation;

use super::parts::{Part, Parts};
use super::{Call, O_RDONLY, O_WRONLY, may_block, ready, sockets};
use crate::arch::entry;
use crate::record::Done;
use crate::streams::{Kind, kind, standard_stream};
use crate::world::sockets::time_out;
use crate::world::{POLLIN, POLLOUT, is_ready};
use crate::{inherited, scheduler, system, token};

/// `PIPE_BUF`: writes of at most so many bytes to a pipe are never torn, and a pipe that is ready has room for them.
const WHOLE: usize = 4096;

pub(super) extern "C" fn write_some(
    descriptor: c_int,
    buffer: *mut u8,
    length: usize,
    frame: *const u64,
) -> isize {
    let part = Part { base: buffer, length };
    write_parts(descriptor, &part, 1, frame)
}
entry!(write, 3, write_some);

pub(super) extern "C" fn write_parts(
    descriptor: c_int,
    parts: *const Part,
    count: c_int,
    frame: *const u64,
) -> isize {
    if token::me().is_none() {
        return system::libc_result(write_for_real(descriptor, parts, count));
    }
    let stream = standard_stream(descriptor);
    // SAFETY: the caller passes `count` parts, each a valid buffer.
    let given = unsafe { Parts::new(parts, count) };
    let result = match (stream, given) {
        (Some(stream), Some(given)) => keep_output(stream, given, frame),
        (None, Some(given)) if given.length() > 0 && may_block(descriptor, O_RDONLY) => {
            write_when_ready(descriptor, given, frame)
        }
        _ => Call::new(Operation::Write, descriptor, frame)
            .at_once(|| write_for_real(descriptor, parts, count)),
    };
    system::libc_result(result)
}
entry!(writev, 3, write_parts);

fn write_for_real(descriptor: c_int, parts: *const Part, count: c_int) -> isize {
    // SAFETY: the caller's own arguments.
    unsafe { system::call(system::WRITEV, [descriptor as usize, parts as usize, count as usize, 0, 0, 0]) }
}

fn write_when_ready(descriptor: c_int, given: Parts<'_>, frame: *const u64) -> isize {
    let call = Call::new(Operation::Write, descriptor, frame);
    let wait = ready(descriptor, POLLOUT)(None);
    match kind(descriptor) {
        Kind::Socket => sockets::send_parts(call, given),
        Kind::Pipe(..) if given.length() > WHOLE => {
            let mut written = 0;
            call.wait(wait, || write_to_pipe(descriptor, given, &mut written))
        }
        Kind::Pipe(..) | Kind::Other => call.wait(wait, || {
            let (parts, count) = (given.0.as_ptr(), given.0.len() as c_int);
            is_ready(descriptor, POLLOUT).then(|| write_for_real(descriptor, parts, count))
        }),
    }
}

/// Writes more than fits for sure, a piece each time that there is room; the result once all is written. Others may
/// write between the pieces, as pipe(7) has it.
fn write_to_pipe(descriptor: c_int, given: Parts<'_>, written: &mut usize) -> Option<isize> {
    while *written < given.length() {
        if !is_ready(descriptor, POLLOUT) {
            return None;
        }
        let (piece, length) = given.piece(*written, WHOLE);
        let arguments = [descriptor as usize, piece as usize, length, 0, 0, 0];
        // SAFETY: the piece is a part of the caller's buffers.
        match unsafe { system::call(system::WRITE, arguments) } {
            count if count > 0 => *written += count as usize,
            error => return Some(if *written > 0 { *written as isize } else { error }),
        }
    }
    Some(*written as isize)
}

fn keep_output(stream: i32, given: Parts<'_>, frame: *const u64) -> isize {
    // Two writers of one stream conflict: their order can be seen.
    scheduler::before_call(stream as u64, true);
    inherited::take_in();
    let result = if stream == 1 && !scheduler::finds_a_reader() {
        // As for a program that ignores SIGPIPE, which Rust's standard library sees to.
        -system::EPIPE
    } else {
        if given.length() > 0 {
            scheduler::write_output(stream as u8, given.slices());
        }
        given.length() as isize
    };
    let done = Done::new(Operation::Write, stream as u64, result as u64);
    scheduler::after(done, true, frame);
    result
}

pub(super) extern "C" fn read_some(
    descriptor: c_int,
    buffer: *mut u8,
    length: usize,
    frame: *const u64,
) -> isize {
    read_when_ready(descriptor, length == 0, frame, || {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::READ, [descriptor as usize, buffer as usize, length, 0, 0, 0]) }
    })
}
entry!(read, 3, read_some);
// With the size of the buffer, which the caller knows: a program that overflows it is none of ours.
entry!(__read_chk, 3, read_some);

pub(super) extern "C" fn read_parts(
    descriptor: c_int,
    parts: *const Part,
    count: c_int,
    frame: *const u64,
) -> isize {
    read_when_ready(descriptor, false, frame, || {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::READV, [descriptor as usize, parts as usize, count as usize, 0, 0, 0]) }
    })
}
entry!(readv, 3, read_parts);

fn read_when_ready(descriptor: c_int, is_empty: bool, frame: *const u64, act: impl Fn() -> isize) -> isize {
    if token::me().is_none() {
        return system::libc_result(act());
    }
    let call = Call::new(Operation::Read, descriptor, frame);
    if is_empty || !may_block(descriptor, O_WRONLY) {
        return system::libc_result(call.at_once(act));
    }
    let limit = || time_out(descriptor, POLLIN);
    let attempt = || is_ready(descriptor, POLLIN).then(&act);
    let result = call.wait_for(limit, ready(descriptor, POLLIN), attempt);
    system::libc_result(result.unwrap_or(-system::EAGAIN))
}
