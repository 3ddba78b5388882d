//! Standard output and error under other names, and ways to them past `write`.

use core::ffi::c_int;

use crate::{arch, system, token};

/// The standard stream that `descriptor` writes to, 1 or 2: `try_clone_to_owned` and `/dev/stdout` give it other
/// numbers.
pub(crate) fn standard_stream(descriptor: i32) -> Option<i32> {
    if descriptor <= 2 {
        return (descriptor > 0).then_some(descriptor);
    }
    let own = kind(descriptor);
    let is_pipe = matches!(own, Kind::Pipe(..));
    [1, 2].into_iter().find(|&stream| is_pipe && kind(stream) == own)
}

/// What is open under a descriptor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A pipe, by device and inode. Each standard stream has one of its own (`inherited`).
    Pipe(u64, u64),
    Socket,
    Other,
}

/// Asks fstat(2).
pub(crate) fn kind(descriptor: i32) -> Kind {
    const KIND: u64 = 0o170_000;
    const FIFO: u64 = 0o010_000;
    const SOCKET: u64 = 0o140_000;
    match status(descriptor) {
        Some([device, inode, mode]) if mode & KIND == FIFO => Kind::Pipe(device, inode),
        Some([_, _, mode]) if mode & KIND == SOCKET => Kind::Socket,
        _ => Kind::Other,
    }
}

/// The number of an open file in its file system.
pub(crate) fn inode(descriptor: i32) -> Option<usize> {
    status(descriptor).map(|[_, inode, _]| inode as usize)
}

/// Of `struct stat`: device, inode, and the word in whose lower half the mode stands.
fn status(descriptor: i32) -> Option<[u64; 3]> {
    let mut found = [0u64; 18];
    let place = found.as_mut_ptr() as usize;
    // SAFETY: the place is not smaller than a `struct stat`.
    let result = unsafe { system::call(system::FSTAT, [descriptor as usize, place, 0, 0, 0, 0]) };
    let [device, inode, ..] = found;
    (result == 0).then_some([device, inode, found[arch::MODE]])
}

/// `std::io::copy` has the kernel move bytes, where nobody sees them and a wait is not the scheduler's. Told that it
/// cannot be done for these files it reads and writes.
fn move_bytes(call: usize, arguments: [usize; 6]) -> isize {
    const EINVAL: isize = 22;
    if token::me().is_some() {
        return system::libc_result(-EINVAL);
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(call, arguments) })
}

#[unsafe(no_mangle)]
extern "C" fn sendfile(to: c_int, from: c_int, offset: usize, count: usize) -> isize {
    move_bytes(system::SENDFILE, [to as usize, from as usize, offset, count, 0, 0])
}

#[unsafe(no_mangle)]
extern "C" fn sendfile64(to: c_int, from: c_int, offset: usize, count: usize) -> isize {
    sendfile(to, from, offset, count)
}

#[unsafe(no_mangle)]
extern "C" fn splice(
    from: c_int,
    from_offset: usize,
    to: c_int,
    to_offset: usize,
    count: usize,
    flags: u32,
) -> isize {
    move_bytes(system::SPLICE, [from as usize, from_offset, to as usize, to_offset, count, flags as usize])
}
