//! Calls that may block in the kernel: under control each is tried without blocking, and the thread waits under the
//! scheduler for what it needs. `docs/schedule-control.md` has the list.

mod children;
mod fifos;
mod files;
mod locks;
mod parts;
mod polling;
mod raw;
mod sockets;

use core::ffi::c_int;

use schedule::protocol::Operation;

use crate::record::Done;
use crate::scheduler::{self, Wait, Woken};
use crate::system;
use crate::time::deadline_in;
use crate::world::status_flags;

pub(crate) use raw::any_call;

/// Which calls meet in the world outside is not known here: any two may, so all are on one object.
const WORLD: u64 = 3;

const O_ACCMODE: i32 = 3;
const O_RDONLY: i32 = 0;
const O_WRONLY: i32 = 1;
const O_NONBLOCK: i32 = 0o4000;

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
        Done::new(self.operation, self.descriptor as u64, result as u64)
    }

    /// Makes it where it cannot block.
    fn at_once(self, act: impl FnOnce() -> isize) -> isize {
        scheduler::before_call(WORLD, true);
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
        scheduler::before_call(WORLD, true);
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
