//! Calls that may block in the kernel: under control each is tried without blocking, and the thread waits under the
//! scheduler for what it needs. `docs/schedule-control.md` has the list.

mod children;
mod fifos;
mod files;
mod inside;
mod locks;
mod polling;
mod raw;
mod sockets;
mod until;

use core::ffi::c_int;

use schedule::protocol::Operation;

use crate::record::{self, Done};
use crate::scheduler::{self, Wait, Woken};
use crate::system;
use crate::time::deadline_in;

pub(crate) use inside::{ends_inside, is_alone};
pub(crate) use locks::unlock;
pub(crate) use raw::any_call;
pub(crate) use until::Until;

/// Which calls meet in the world outside is not known here: any two may, so all are on one object.
const WORLD: u64 = 3;

const POLLIN: i16 = 1;
const POLLPRI: i16 = 2;
const POLLOUT: i16 = 4;

const O_ACCMODE: i32 = 3;
const O_RDONLY: i32 = 0;
const O_WRONLY: i32 = 1;
const O_NONBLOCK: i32 = 0o4000;

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

    pub(crate) fn descriptor(self) -> i32 {
        self.descriptor
    }

    pub(crate) fn is_ready(self) -> bool {
        self.ready != 0
    }
}

/// `struct iovec`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    base: *mut u8,
    length: usize,
}

/// Asks the kernel which descriptors are ready, waiting so many milliseconds.
pub(crate) fn poll_for_real(descriptors: &mut [PollDescriptor], milliseconds: i32) {
    // SAFETY: the slice is valid for the call.
    unsafe { poll_call(descriptors.as_mut_ptr(), descriptors.len(), milliseconds) };
}

/// poll(2), made by ppoll(2).
///
/// # Safety
/// There are so many valid descriptors.
unsafe fn poll_call(descriptors: *mut PollDescriptor, count: usize, milliseconds: c_int) -> isize {
    // The kernel writes the time that is left to it.
    let mut left = [i64::from(milliseconds) / 1000, i64::from(milliseconds) % 1000 * 1_000_000];
    let left = if milliseconds < 0 { 0 } else { left.as_mut_ptr() as usize };
    // SAFETY: the caller vouches for the descriptors, and the time is valid for the call.
    unsafe { system::call(system::PPOLL, [descriptors as usize, count, left, 0, 0, 0]) }
}

/// As [`poll_for_real`], for a run that waits for the world outside: the fork server is told that it is no call
/// without control.
pub(crate) fn wait_for_world(descriptors: &mut [PollDescriptor], milliseconds: i32) {
    record::get().waits_outside = milliseconds > 0;
    poll_for_real(descriptors, milliseconds);
    record::get().waits_outside = false;
}

fn is_ready(descriptor: i32, events: i16) -> bool {
    let mut one = [PollDescriptor::new(descriptor, events)];
    poll_for_real(&mut one, 0);
    one[0].is_ready()
}

/// The status flags of a descriptor (`F_GETFL`, fcntl(2)); negative for one that is not open.
pub(crate) fn status_flags(descriptor: i32) -> i32 {
    const F_GETFL: usize = 3;
    // SAFETY: it takes numbers only.
    unsafe { system::call(system::FCNTL, [descriptor as usize, F_GETFL, 0, 0, 0, 0]) as i32 }
}

pub(crate) fn set_status_flags(descriptor: i32, flags: i32) {
    const F_SETFL: usize = 4;
    // SAFETY: it takes numbers only.
    unsafe { system::call(system::FCNTL, [descriptor as usize, F_SETFL, flags as usize, 0, 0, 0]) };
}

/// Whether a call on the descriptor may block that needs it open in another way than `useless`.
fn may_block(descriptor: i32, useless: i32) -> bool {
    let flags = status_flags(descriptor);
    flags >= 0 && flags & O_NONBLOCK == 0 && flags & O_ACCMODE != useless
}

/// A call of the program, as pictures show it.
#[derive(Clone, Copy)]
struct Call {
    operation: Operation,
    descriptor: i32,
    frame: *const u64,
}

impl Call {
    fn new(operation: Operation, descriptor: c_int, frame: *const u64) -> Self {
        Self { operation, descriptor, frame }
    }

    fn done(self, result: isize) -> Done {
        Done { operation: self.operation, object: self.descriptor as u64, value: result as u64 }
    }

    /// Makes it where it cannot block.
    fn at_once(self, act: impl FnOnce() -> isize) -> isize {
        scheduler::before(WORLD, true);
        let result = act();
        scheduler::after(self.done(result), true, self.frame);
        result
    }

    /// Makes it where it may: `attempt` is made now, and again whenever what `wait` says has come, until it gives a
    /// result; `None` when the time of `limit`, in nanoseconds, is over.
    fn wait_for(
        self,
        limit: impl Fn() -> Option<u64>,
        wait: impl Fn(Option<u64>) -> Wait,
        mut attempt: impl FnMut() -> Option<isize>,
    ) -> Option<isize> {
        scheduler::before(WORLD, true);
        let mut deadline = None;
        loop {
            if let Some(result) = attempt() {
                scheduler::after(self.done(result), true, self.frame);
                return Some(result);
            }
            deadline = deadline.or_else(|| limit().map(deadline_in));
            let wait = wait(deadline);
            let woken = scheduler::block(wait, self.done(0), self.frame);
            // A sleep is done when its time is over.
            if woken == Woken::TimedOut || matches!(wait, Wait::Sleep { .. }) {
                return None;
            }
        }
    }

    /// As [`Call::wait_for`], without a limit.
    fn wait(self, wait: Wait, attempt: impl FnMut() -> Option<isize>) -> isize {
        self.wait_for(|| None, |_| wait, attempt).unwrap_or(-system::EAGAIN)
    }
}

/// Waiting for a descriptor, as [`Call::wait_for`] wants it.
fn ready(descriptor: i32, events: i16) -> impl Fn(Option<u64>) -> Wait {
    move |deadline| Wait::Ready { descriptor, events, deadline }
}
