//! Input and output: standard output and error are kept as records with their thread; other
//! descriptors are tried without blocking, and the thread waits for readiness under the scheduler.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use schedule::protocol::{Finish, Operation};

use crate::entry::entry;
use crate::record::Done;
use crate::scheduler::{self, Wait, Woken};
use crate::streams::standard_stream;
use crate::{record, system, time, token};

const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;
const MSG_DONTWAIT: usize = 0x40;
const MSG_NOSIGNAL: usize = 0x4000;
const SOCK_NONBLOCK: i32 = 0o4000;

/// `struct pollfd`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct PollDescriptor {
    descriptor: i32,
    events: i16,
    ready: i16,
}

impl PollDescriptor {
    pub(crate) const NONE: Self = Self { descriptor: -1, events: 0, ready: 0 };

    pub(crate) fn new(descriptor: i32, events: i16) -> Self {
        Self { descriptor, events, ready: 0 }
    }

    pub(crate) fn is_ready(self) -> bool {
        self.ready != 0
    }
}

/// Asks the kernel which descriptors are ready, waiting so many milliseconds.
pub(crate) fn poll_for_real(descriptors: &mut [PollDescriptor], milliseconds: i32) {
    let arguments = [descriptors.as_mut_ptr() as usize, descriptors.len(), milliseconds as usize, 0, 0, 0];
    // SAFETY: the slice is valid for the call.
    unsafe { system::call(system::POLL, arguments) };
}

fn is_ready(descriptor: i32, events: i16) -> bool {
    let mut one = [PollDescriptor::new(descriptor, events)];
    poll_for_real(&mut one, 0);
    one[0].is_ready()
}

/// Whether a child process has ended, without taking its status.
pub(crate) fn child_has_ended(process: i32) -> bool {
    const P_ALL: usize = 0;
    const P_PID: usize = 1;
    const WEXITED: usize = 4;
    const WNOHANG: usize = 1;
    const WNOWAIT: usize = 0x0100_0000;
    // `siginfo_t` is 128 bytes; the first word stays 0 when nobody has ended.
    let mut information = [0u64; 16];
    let (kind, id) = if process > 0 { (P_PID, process as usize) } else { (P_ALL, 0) };
    let place = information.as_mut_ptr() as usize;
    // SAFETY: the place is large enough for a siginfo_t.
    let result =
        unsafe { system::call(system::WAITID, [kind, id, place, WEXITED | WNOHANG | WNOWAIT, 0, 0]) };
    result < 0 || information[0] as u32 != 0
}

/// Blocks the calling thread until a descriptor is ready.
fn wait_until_ready(
    descriptor: i32,
    events: i16,
    doing: Done,
    deadline: Option<u64>,
    frame: *const u64,
) -> Woken {
    scheduler::block(Wait::Ready { descriptor, events, deadline }, doing, frame)
}

/// Does a call that may block: under control only once it will not.
fn when_ready(
    descriptor: i32,
    events: i16,
    operation: Operation,
    frame: *const u64,
    call: impl Fn() -> isize,
) -> isize {
    if token::me().is_none() {
        return system::libc_result(call());
    }
    let doing = Done { operation, object: descriptor as u64, value: 0 };
    scheduler::before(0, true);
    while !is_ready(descriptor, events) {
        if is_nonblocking(descriptor) {
            break;
        }
        wait_until_ready(descriptor, events, doing, None, frame);
    }
    let result = call();
    scheduler::after(Done { value: result as u64, ..doing }, true, frame);
    system::libc_result(result)
}

fn is_nonblocking(descriptor: i32) -> bool {
    const FCNTL: usize = 72;
    const F_GETFL: usize = 3;
    // SAFETY: it takes numbers only.
    let flags = unsafe { system::call(FCNTL, [descriptor as usize, F_GETFL, 0, 0, 0, 0]) };
    flags >= 0 && flags as i32 & SOCK_NONBLOCK != 0
}

/// `struct iovec`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    base: *const u8,
    length: usize,
}

extern "C" fn write_some(descriptor: c_int, buffer: *const u8, length: usize, frame: *const u64) -> isize {
    let part = Part { base: buffer, length };
    write_parts(descriptor, &part, 1, frame)
}
entry!(write, "rcx", write_some);

extern "C" fn write_parts(descriptor: c_int, parts: *const Part, count: c_int, frame: *const u64) -> isize {
    if token::me().is_some()
        && let Some(stream) = standard_stream(descriptor)
    {
        return keep_output(stream, parts, count, frame);
    }
    when_ready(descriptor, POLLOUT, Operation::Write, frame, || {
        // SAFETY: the caller's own arguments.
        unsafe {
            system::call(system::WRITEV, [descriptor as usize, parts as usize, count as usize, 0, 0, 0])
        }
    })
}
entry!(writev, "rcx", write_parts);

fn keep_output(stream: i32, parts: *const Part, count: c_int, frame: *const u64) -> isize {
    // Two writers of one stream conflict: their order can be seen.
    scheduler::before(stream as u64, true);
    let mut total = 0;
    for index in 0..count as usize {
        // SAFETY: the caller passes `count` parts, each a valid buffer.
        let bytes = unsafe {
            let part = *parts.add(index);
            if part.length == 0 { &[] } else { core::slice::from_raw_parts(part.base, part.length) }
        };
        if !bytes.is_empty() {
            scheduler::write_output(stream as u8, bytes);
        }
        total += bytes.len();
    }
    let done = Done { operation: Operation::Write, object: stream as u64, value: total as u64 };
    scheduler::after(done, true, frame);
    total as isize
}

extern "C" fn read_some(descriptor: c_int, buffer: *mut u8, length: usize, frame: *const u64) -> isize {
    when_ready(descriptor, POLLIN, Operation::Read, frame, || {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::READ, [descriptor as usize, buffer as usize, length, 0, 0, 0]) }
    })
}
entry!(read, "rcx", read_some);

extern "C" fn read_parts(descriptor: c_int, parts: *const Part, count: c_int, frame: *const u64) -> isize {
    when_ready(descriptor, POLLIN, Operation::Read, frame, || {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::READV, [descriptor as usize, parts as usize, count as usize, 0, 0, 0]) }
    })
}
entry!(readv, "rcx", read_parts);

/// A blocking call on a socket under control: tried without blocking, then when it is ready,
/// until it is done or the socket's own time-out has passed.
fn socket_call(
    descriptor: i32,
    events: i16,
    flags: i32,
    operation: Operation,
    frame: *const u64,
    call: impl Fn(usize) -> isize,
) -> isize {
    let own = flags as usize;
    if token::me().is_none() || own & MSG_DONTWAIT != 0 || is_nonblocking(descriptor) {
        if token::me().is_none() {
            return system::libc_result(call(own));
        }
        scheduler::before(0, true);
        let result = call(own);
        scheduler::after(Done { operation, object: descriptor as u64, value: result as u64 }, true, frame);
        return system::libc_result(result);
    }
    let doing = Done { operation, object: descriptor as u64, value: 0 };
    scheduler::before(0, true);
    let mut deadline = None;
    loop {
        let result = call(own | MSG_DONTWAIT);
        if result != -system::EAGAIN {
            scheduler::after(Done { value: result as u64, ..doing }, true, frame);
            return system::libc_result(result);
        }
        deadline = deadline.or_else(|| time_out(descriptor, events).map(time::deadline_in));
        if wait_until_ready(descriptor, events, doing, deadline, frame) == Woken::TimedOut {
            return system::libc_result(-system::EAGAIN);
        }
    }
}

/// The time-out that the program has set on a socket, in nanoseconds.
fn time_out(descriptor: i32, events: i16) -> Option<u64> {
    const GETSOCKOPT: usize = 55;
    const SOL_SOCKET: usize = 1;
    const SO_RCVTIMEO: usize = 20;
    const SO_SNDTIMEO: usize = 21;
    let option = if events == POLLIN { SO_RCVTIMEO } else { SO_SNDTIMEO };
    let mut time = [0u64; 2];
    let mut length = 16u32;
    let arguments =
        [descriptor as usize, SOL_SOCKET, option, time.as_mut_ptr() as usize, &raw mut length as usize, 0];
    // SAFETY: the places are as large as the option.
    let result = unsafe { system::call(GETSOCKOPT, arguments) };
    let nanoseconds = time[0].saturating_mul(1_000_000_000).saturating_add(time[1].saturating_mul(1000));
    (result == 0 && nanoseconds > 0).then_some(nanoseconds)
}

extern "C" fn receive(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    flags: c_int,
    frame: *const u64,
) -> isize {
    socket_call(socket, POLLIN, flags, Operation::Read, frame, |flags| {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::RECVFROM, [socket as usize, buffer as usize, length, flags, 0, 0]) }
    })
}
entry!(recv, "r8", receive);

extern "C" fn transmit(
    socket: c_int,
    buffer: *const u8,
    length: usize,
    flags: c_int,
    frame: *const u64,
) -> isize {
    socket_call(socket, POLLOUT, flags, Operation::Write, frame, |flags| {
        // SAFETY: the caller's own arguments.
        unsafe {
            system::call(
                system::SENDTO,
                [socket as usize, buffer as usize, length, flags | MSG_NOSIGNAL, 0, 0],
            )
        }
    })
}
entry!(send, "r8", transmit);

extern "C" fn receive_message(socket: c_int, message: *mut c_void, flags: c_int, frame: *const u64) -> isize {
    socket_call(socket, POLLIN, flags, Operation::Read, frame, |flags| {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::RECVMSG, [socket as usize, message as usize, flags, 0, 0, 0]) }
    })
}
entry!(recvmsg, "rcx", receive_message);

extern "C" fn transmit_message(
    socket: c_int,
    message: *const c_void,
    flags: c_int,
    frame: *const u64,
) -> isize {
    socket_call(socket, POLLOUT, flags, Operation::Write, frame, |flags| {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::SENDMSG, [socket as usize, message as usize, flags, 0, 0, 0]) }
    })
}
entry!(sendmsg, "rcx", transmit_message);

extern "C" fn accept_one(
    socket: c_int,
    address: *mut c_void,
    length: *mut u32,
    flags: c_int,
    frame: *const u64,
) -> c_int {
    when_ready(socket, POLLIN, Operation::Poll, frame, || {
        let arguments = [socket as usize, address as usize, length as usize, flags as usize, 0, 0];
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::ACCEPT4, arguments) }
    }) as c_int
}
entry!(accept4, "r8", accept_one);

/// On loopback a connection is made at once: no wait to model.
extern "C" fn make_connection(
    socket: c_int,
    address: *const c_void,
    length: u32,
    frame: *const u64,
) -> c_int {
    let controlled = token::me().is_some();
    if controlled {
        scheduler::before(0, true);
    }
    // SAFETY: the caller's own arguments.
    let result = unsafe {
        system::call(system::CONNECT, [socket as usize, address as usize, length as usize, 0, 0, 0])
    };
    if controlled {
        let done = Done { operation: Operation::Poll, object: socket as u64, value: result as u64 };
        scheduler::after(done, true, frame);
    }
    system::libc_result(result) as c_int
}
entry!(connect, "rcx", make_connection);

/// Several descriptors at once: looked at without blocking, with a step of virtual time between.
fn poll_loop(milliseconds: c_int, frame: *const u64, look: impl Fn() -> isize) -> isize {
    let doing = Done { operation: Operation::Poll, object: 0, value: 0 };
    let deadline = (milliseconds >= 0).then(|| time::deadline_in(milliseconds as u64 * 1_000_000));
    let mut real_looks = 0;
    scheduler::before(0, true);
    loop {
        let result = look();
        let late = deadline.is_some_and(|deadline| scheduler::read_clock() >= deadline);
        if result != 0 || milliseconds == 0 || late {
            scheduler::after(Done { value: result as u64, ..doing }, true, frame);
            return system::libc_result(result);
        }
        // Readiness is looked for again after a millisecond of virtual time, or a real one when
        // nobody else can go on.
        let soon = time::deadline_in(1_000_000);
        let deadline = deadline.map_or(soon, |deadline| deadline.min(soon));
        real_looks += 1;
        if real_looks > 50 {
            poll_for_real(&mut [], 1);
        }
        if real_looks > 5_000 && milliseconds < 0 {
            scheduler::finish(schedule::protocol::Finish::OutsideWait);
        }
        scheduler::block(Wait::Sleep { deadline }, doing, frame);
    }
}

extern "C" fn poll_some(
    descriptors: *mut PollDescriptor,
    count: usize,
    milliseconds: c_int,
    frame: *const u64,
) -> c_int {
    let look = |wait: c_int| {
        let arguments = [descriptors as usize, count, wait as usize, 0, 0, 0];
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::POLL, arguments) }
    };
    if token::me().is_none() {
        return system::libc_result(look(milliseconds)) as c_int;
    }
    if count == 1 && milliseconds != 0 {
        // SAFETY: the caller passes one valid pollfd.
        let one = unsafe { *descriptors };
        let deadline = (milliseconds > 0).then(|| time::deadline_in(milliseconds as u64 * 1_000_000));
        let doing = Done { operation: Operation::Poll, object: one.descriptor as u64, value: 0 };
        scheduler::before(0, true);
        if look(0) == 0 {
            wait_until_ready(one.descriptor, one.events, doing, deadline, frame);
        }
        return system::libc_result(look(0)) as c_int;
    }
    poll_loop(milliseconds, frame, || look(0)) as c_int
}
entry!(poll, "rcx", poll_some);

extern "C" fn epoll_some(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    milliseconds: c_int,
    frame: *const u64,
) -> c_int {
    let look = |wait: c_int| {
        let arguments = [epoll as usize, events as usize, most as usize, wait as usize, 0, 0];
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::EPOLL_WAIT, arguments) }
    };
    if token::me().is_none() {
        return system::libc_result(look(milliseconds)) as c_int;
    }
    let doing = Done { operation: Operation::Poll, object: epoll as u64, value: 0 };
    scheduler::before(0, true);
    if milliseconds != 0 && !is_ready(epoll, POLLIN) {
        let deadline = (milliseconds > 0).then(|| time::deadline_in(milliseconds as u64 * 1_000_000));
        // An epoll descriptor is itself ready when one of its descriptors is.
        wait_until_ready(epoll, POLLIN, doing, deadline, frame);
    }
    let result = look(0);
    scheduler::after(Done { value: result as u64, ..doing }, true, frame);
    system::libc_result(result) as c_int
}
entry!(epoll_wait, "r8", epoll_some);

/// What looking at a child that has not ended takes of real time.
const MILLISECONDS_A_LOOK: i32 = 1;
/// Who has looked at children so often in a row without finding one ended waits for ever.
const MOST_LOOKS: u32 = 5_000;
static LOOKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn wait_child(process: c_int, status: *mut c_int, options: c_int, frame: *const u64) -> c_int {
    const WNOHANG: c_int = 1;
    let controlled = token::me().is_some();
    if controlled && options & WNOHANG == 0 {
        let doing = Done { operation: Operation::WaitChild, object: process as u64, value: 0 };
        scheduler::before(0, true);
        while !child_has_ended(process) {
            scheduler::block(Wait::Child { process }, doing, frame);
        }
    }
    let arguments = [process as usize, status as usize, options as usize, 0, 0, 0];
    // SAFETY: the caller's own arguments.
    let result = unsafe { system::call(system::WAIT4, arguments) };
    match result {
        0 if controlled => look_in_vain(frame),
        1.. if controlled => LOOKS.store(0, Ordering::Relaxed),
        _ => {}
    }
    system::libc_result(result) as c_int
}
entry!(waitpid, "rcx", wait_child);

/// Steps alone do not bring a child to its end: whoever looks again and again must not run out of them first, nor keep
/// others from what the child waits for.
fn look_in_vain(frame: *const u64) {
    poll_for_real(&mut [], MILLISECONDS_A_LOOK);
    record::get().polls_outside = true;
    if LOOKS.fetch_add(1, Ordering::Relaxed) == MOST_LOOKS {
        scheduler::finish(Finish::OutsideWait);
    }
    // A look is a step only where it matters: how many there are is up to the child.
    if !scheduler::is_alone() {
        scheduler::give_way(frame);
    }
}
