//! Sockets: each call is made with `MSG_DONTWAIT`, or once it is ready.

use core::cell::Cell;
use core::ffi::{c_int, c_void};

use schedule::protocol::Operation;

use super::parts::{Part, Parts};
use super::{Call, O_NONBLOCK, may_block, ready};
use crate::arch::entry;
use crate::scheduler::Wait;
use crate::world::sockets::{answer, is_stream, time_out};
use crate::world::{POLLIN, POLLOUT, Retried, Until, is_ready, set_status_flags, status_flags};
use crate::{system, token};

const MSG_DONTWAIT: usize = 0x40;
const MSG_PEEK: usize = 2;
const MSG_WAITALL: usize = 0x100;
const MSG_WAITFORONE: usize = 0x10000;

/// `struct msghdr`.
#[repr(C)]
pub(super) struct Message {
    name: *const c_void,
    name_length: u32,
    parts: *const Part,
    count: usize,
    control: *const c_void,
    control_length: usize,
    flags: i32,
}

/// Does a call with flags that may block: tried without blocking, and when it is ready, until `attempt` gives a result
/// or the socket's own time-out has passed. `wait` says what to wait for, where readiness would not tell.
fn blocking(
    call: Call,
    flags: usize,
    events: i16,
    wait: impl Fn(Option<u64>) -> Wait,
    mut attempt: impl FnMut(usize) -> isize,
) -> Option<isize> {
    if flags & MSG_DONTWAIT != 0 || !may_block(call.descriptor, -1) {
        return Some(call.at_once(|| attempt(flags)));
    }
    call.wait_for(
        || time_out(call.descriptor, events),
        wait,
        || Some(attempt(flags | MSG_DONTWAIT)).filter(|&result| result != -system::EAGAIN),
    )
}

/// A receiving call; `attempt` is told the flags and how much has been received before.
fn receive_by(call: Call, flags: c_int, length: usize, attempt: impl Fn(usize, usize) -> isize) -> isize {
    let flags = flags as usize;
    if token::me().is_none() {
        return system::libc_result(attempt(flags, 0));
    }
    let wants_all = flags & MSG_WAITALL != 0 && flags & MSG_PEEK == 0 && is_stream(call.descriptor);
    let mut received = 0;
    let result = blocking(call, flags, POLLIN, ready(call.descriptor, POLLIN), |flags| {
        let result = attempt(flags, received);
        if result > 0 {
            received += result as usize;
        }
        if result > 0 && wants_all && received < length { -system::EAGAIN } else { result }
    });
    system::libc_result(so_far(result, received))
}

/// What a call gives that moved `moved` bytes and then had `result`, `None` for no more time.
fn so_far(result: Option<isize>, moved: usize) -> isize {
    if moved > 0 { moved as isize } else { result.unwrap_or(-system::EAGAIN) }
}

fn receive(
    socket: c_int,
    (buffer, length): (*mut u8, usize),
    flags: c_int,
    (address, address_length): (*mut c_void, *mut u32),
    frame: *const u64,
) -> isize {
    receive_by(Call::new(Operation::Read, socket, frame), flags, length, |flags, done| {
        let (buffer, length) = (buffer.wrapping_add(done) as usize, length - done);
        let arguments = [socket as usize, buffer, length, flags, address as usize, address_length as usize];
        // SAFETY: the caller's own arguments, or what is left of the buffer.
        unsafe { system::call(system::RECVFROM, arguments) }
    })
}

const NOBODY: (*mut c_void, *mut u32) = (core::ptr::null_mut(), core::ptr::null_mut());

pub(super) extern "C" fn receive_from(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    flags: c_int,
    address: *mut c_void,
    address_length: *mut u32,
    frame: *const u64,
) -> isize {
    receive(socket, (buffer, length), flags, (address, address_length), frame)
}
entry!(recvfrom, 6, receive_from);

pub(super) extern "C" fn receive_some(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    flags: c_int,
    frame: *const u64,
) -> isize {
    receive(socket, (buffer, length), flags, NOBODY, frame)
}
entry!(recv, 4, receive_some);

pub(super) extern "C" fn receive_checked(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    _size: usize,
    flags: c_int,
    frame: *const u64,
) -> isize {
    receive(socket, (buffer, length), flags, NOBODY, frame)
}
entry!(__recv_chk, 5, receive_checked);

pub(super) extern "C" fn receive_message(
    socket: c_int,
    message: *mut c_void,
    flags: c_int,
    frame: *const u64,
) -> isize {
    let call = Call::new(Operation::Read, socket, frame);
    // For the rest of a stream the message would have to be changed, so it is not asked for.
    receive_by(call, flags, 0, |flags, _| {
        // SAFETY: the caller's own arguments.
        unsafe { system::call(system::RECVMSG, [socket as usize, message as usize, flags, 0, 0, 0]) }
    })
}
entry!(recvmsg, 3, receive_message);

/// The size of a `struct mmsghdr`.
const MESSAGE_OF_MANY: usize = 64;

pub(super) extern "C" fn receive_messages(
    socket: c_int,
    messages: *mut u8,
    count: u32,
    flags: c_int,
    time_out: usize,
    frame: *const u64,
) -> c_int {
    let call = Call::new(Operation::Read, socket, frame);
    let act = |flags: usize, done: usize, time_out: usize| {
        let rest = messages.wrapping_add(done * MESSAGE_OF_MANY) as usize;
        let arguments = [socket as usize, rest, count as usize - done, flags, time_out, 0];
        // SAFETY: the caller's own arguments, or what is left of the messages.
        unsafe { system::call(system::RECVMMSG, arguments) }
    };
    if token::me().is_none() {
        return system::libc_result(act(flags as usize, 0, time_out)) as c_int;
    }
    let mut received = 0;
    let result = blocking(call, flags as usize, POLLIN, ready(socket, POLLIN), |flags| {
        let result = act(flags, received, 0);
        received += result.max(0) as usize;
        let is_enough = received as u32 >= count || flags & MSG_WAITFORONE != 0;
        if result > 0 && !is_enough { -system::EAGAIN } else { result }
    });
    system::libc_result(so_far(result, received)) as c_int
}
entry!(recvmmsg, 5, receive_messages);

/// A sending call: its number, its arguments, and which of them are the flags.
#[derive(Clone, Copy)]
struct Sending {
    number: usize,
    arguments: [usize; 6],
    flags_at: usize,
}

impl Sending {
    fn with(mut self, flags: usize) -> Retried {
        self.arguments[self.flags_at] = flags;
        Retried { number: self.number, arguments: self.arguments, busy: system::EAGAIN, result: 0 }
    }
}

/// Sends `given`, which `first` begins with: all of it on a stream, as a call that blocks does.
fn send_by(call: Call, flags: c_int, given: Parts<'_>, first: Sending) -> isize {
    let flags = flags as usize;
    if token::me().is_none() {
        let mut only = first.with(flags);
        only.attempt();
        return system::libc_result(only.result);
    }
    let mut sent = 0;
    let mut again = first.with(flags | MSG_DONTWAIT);
    let again = &raw mut again;
    let is_made = Cell::new(false);
    // A datagram that its receiver has no room for waits for that, while its own socket is ready.
    let wait = |deadline| {
        is_made.set(is_ready(call.descriptor, POLLOUT));
        match is_made.get() {
            true => Wait::Outside { until: Until::Made(again), deadline },
            false => ready(call.descriptor, POLLOUT)(deadline),
        }
    };
    let result = blocking(call, flags, POLLOUT, wait, |flags| {
        loop {
            let result = match sent {
                // SAFETY: it is on this stack, and nobody else looks while this thread runs.
                0 if is_made.take() => unsafe { (*again).result },
                0 => send_once(first, flags),
                _ => send_rest(call.descriptor, given, sent, flags),
            };
            sent += result.max(0) as usize;
            if result <= 0 || sent >= given.length() {
                return result;
            }
        }
    });
    system::libc_result(so_far(result, sent))
}

fn send_once(sending: Sending, flags: usize) -> isize {
    let mut call = sending.with(flags);
    call.attempt();
    call.result
}

fn send_rest(socket: c_int, given: Parts<'_>, sent: usize, flags: usize) -> isize {
    let (piece, length) = given.piece(sent, usize::MAX);
    // SAFETY: the piece is a part of the caller's buffers.
    unsafe { system::call(system::SENDTO, [socket as usize, piece as usize, length, flags, 0, 0]) }
}

/// write(2) and writev(2) on a socket.
pub(super) fn send_parts(call: Call, given: Parts<'_>) -> isize {
    let message = Message {
        name: core::ptr::null(),
        name_length: 0,
        parts: given.0.as_ptr(),
        count: given.0.len(),
        control: core::ptr::null(),
        control_length: 0,
        flags: 0,
    };
    let arguments = [call.descriptor as usize, &raw const message as usize, 0, 0, 0, 0];
    send_by(call, 0, given, Sending { number: system::SENDMSG, arguments, flags_at: 2 })
}

pub(super) extern "C" fn transmit_to(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    flags: c_int,
    address: *const c_void,
    address_length: u32,
    frame: *const u64,
) -> isize {
    let arguments = [socket as usize, buffer as usize, length, 0, address as usize, address_length as usize];
    let part = [Part { base: buffer, length }];
    let first = Sending { number: system::SENDTO, arguments, flags_at: 3 };
    send_by(Call::new(Operation::Write, socket, frame), flags, Parts(&part), first)
}
entry!(sendto, 6, transmit_to);

pub(super) extern "C" fn transmit(
    socket: c_int,
    buffer: *mut u8,
    length: usize,
    flags: c_int,
    frame: *const u64,
) -> isize {
    transmit_to(socket, buffer, length, flags, core::ptr::null(), 0, frame)
}
entry!(send, 4, transmit);

pub(super) extern "C" fn transmit_message(
    socket: c_int,
    message: *const Message,
    flags: c_int,
    frame: *const u64,
) -> isize {
    // SAFETY: the caller's own message and its parts; none where the kernel refuses it anyway.
    let given =
        unsafe { message.as_ref().and_then(|message| Parts::new(message.parts, message.count as c_int)) };
    let arguments = [socket as usize, message as usize, 0, 0, 0, 0];
    let first = Sending { number: system::SENDMSG, arguments, flags_at: 2 };
    send_by(Call::new(Operation::Write, socket, frame), flags, given.unwrap_or(Parts(&[])), first)
}
entry!(sendmsg, 3, transmit_message);

/// Sent one by one: each may wait.
pub(super) extern "C" fn transmit_messages(
    socket: c_int,
    messages: *mut u8,
    count: u32,
    flags: c_int,
    frame: *const u64,
) -> c_int {
    let mut sent = 0;
    while sent < count {
        let message = messages.wrapping_add(sent as usize * MESSAGE_OF_MANY);
        let result = transmit_message(socket, message.cast_const().cast(), flags, frame);
        if result < 0 {
            return if sent > 0 { sent as c_int } else { -1 };
        }
        // SAFETY: behind the message stands how much of it was sent.
        unsafe { message.add(MESSAGE_OF_MANY - 8).cast::<u32>().write(result as u32) };
        sent += 1;
    }
    sent as c_int
}
entry!(sendmmsg, 4, transmit_messages);

pub(super) extern "C" fn accept_one(
    socket: c_int,
    address: *mut c_void,
    length: *mut u32,
    flags: c_int,
    frame: *const u64,
) -> c_int {
    let arguments = [socket as usize, address as usize, length as usize, flags as usize, 0, 0];
    // SAFETY: the caller's own arguments.
    let act = || unsafe { system::call(system::ACCEPT4, arguments) };
    if token::me().is_none() {
        return system::libc_result(act()) as c_int;
    }
    let call = Call::new(Operation::Poll, socket, frame);
    let result = if may_block(socket, -1) {
        let attempt = || is_ready(socket, POLLIN).then(act);
        call.wait_for(|| time_out(socket, POLLIN), ready(socket, POLLIN), attempt)
    } else {
        Some(call.at_once(act))
    };
    system::libc_result(result.unwrap_or(-system::EAGAIN)) as c_int
}
entry!(accept4, 4, accept_one);

pub(super) extern "C" fn accept_plainly(
    socket: c_int,
    address: *mut c_void,
    length: *mut u32,
    frame: *const u64,
) -> c_int {
    accept_one(socket, address, length, 0, frame)
}
entry!(accept, 3, accept_plainly);

pub(super) extern "C" fn make_connection(
    socket: c_int,
    address: *const c_void,
    length: u32,
    frame: *const u64,
) -> c_int {
    let arguments = [socket as usize, address as usize, length as usize, 0, 0, 0];
    // SAFETY: the caller's own arguments.
    let act = || unsafe { system::call(system::CONNECT, arguments) };
    if token::me().is_none() {
        return system::libc_result(act()) as c_int;
    }
    let call = Call::new(Operation::Poll, socket, frame);
    let result = if may_block(socket, -1) {
        let flags = status_flags(socket);
        // It cannot be asked for otherwise. Nobody else uses a socket that is not connected yet.
        set_status_flags(socket, flags | O_NONBLOCK);
        let result = connect_when_possible(call, arguments);
        set_status_flags(socket, flags);
        result
    } else {
        call.at_once(act)
    };
    system::libc_result(result) as c_int
}
entry!(connect, 3, make_connection);

/// Connects a socket that does not block. The other side of a stream in the file system may have no room for another
/// connection (`EAGAIN`); in a network the answer may take time (`EINPROGRESS`).
fn connect_when_possible(call: Call, arguments: [usize; 6]) -> isize {
    let socket = call.descriptor;
    let mut connecting =
        Retried { number: system::CONNECT, arguments, busy: system::EAGAIN, result: -system::EAGAIN };
    let connecting = &raw mut connecting;
    let tried = Cell::new(0isize);
    let wait = |deadline| match tried.get() {
        EINPROGRESS => ready(socket, POLLOUT)(deadline),
        _ => Wait::Outside { until: Until::Made(connecting), deadline },
    };
    let attempt = || {
        // SAFETY: it is on this stack, and nobody else looks while this thread runs.
        let call = unsafe { &mut *connecting };
        if tried.get() == 0 {
            call.attempt();
        }
        tried.set(call.result);
        match call.result {
            EINPROGRESS => is_ready(socket, POLLOUT).then(|| answer(socket)),
            result => (result != -system::EAGAIN).then_some(result),
        }
    };
    call.wait_for(|| time_out(socket, POLLOUT), wait, attempt).unwrap_or(EINPROGRESS)
}

const EINPROGRESS: isize = -115;
