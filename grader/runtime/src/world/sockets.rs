//! What the kernel tells of a socket.

use core::ffi::{c_int, c_void};

use super::POLLIN;
use crate::system;

/// The time-out that the program has set on a socket, in nanoseconds.
pub(crate) fn time_out(descriptor: c_int, events: i16) -> Option<u64> {
    const SO_RCVTIMEO: usize = 20;
    const SO_SNDTIMEO: usize = 21;
    let option = if events == POLLIN { SO_RCVTIMEO } else { SO_SNDTIMEO };
    let mut time = [0u64; 2];
    let mut length = 16u32;
    let result = socket_option(descriptor, option, time.as_mut_ptr().cast(), &mut length);
    let nanoseconds = time[0].saturating_mul(1_000_000_000).saturating_add(time[1].saturating_mul(1000));
    (result == 0 && nanoseconds > 0).then_some(nanoseconds)
}

/// The process that connected a socket of the family `AF_UNIX`.
pub(crate) fn peer(descriptor: c_int) -> Option<u32> {
    const SO_PEERCRED: usize = 17;
    let mut credentials = [0u32; 3];
    let result = socket_option(descriptor, SO_PEERCRED, credentials.as_mut_ptr().cast(), &mut 12);
    (result == 0 && credentials[0] > 0).then_some(credentials[0])
}

/// Whether its bytes are one stream, without bounds of messages.
pub(crate) fn is_stream(descriptor: c_int) -> bool {
    const SO_TYPE: usize = 3;
    const SOCK_STREAM: u32 = 1;
    let mut kind = 0u32;
    socket_option(descriptor, SO_TYPE, (&raw mut kind).cast(), &mut 4) == 0 && kind == SOCK_STREAM
}

/// What became of a connection that was under way.
pub(crate) fn answer(socket: c_int) -> isize {
    const SO_ERROR: usize = 4;
    let mut error = 0i32;
    socket_option(socket, SO_ERROR, (&raw mut error).cast(), &mut 4);
    -error as isize
}

/// getsockopt(2). The place has `length` bytes.
fn socket_option(descriptor: c_int, option: usize, place: *mut c_void, length: &mut u32) -> isize {
    const SOL_SOCKET: usize = 1;
    let length = &raw mut *length as usize;
    let arguments = [descriptor as usize, SOL_SOCKET, option, place as usize, length, 0];
    // SAFETY: the places are as large as the options that are asked for here.
    unsafe { system::call(system::GETSOCKOPT, arguments) }
}
