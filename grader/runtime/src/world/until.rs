//! What threads wait for that no descriptor tells: it is looked at by whoever holds the token.

use super::{PollDescriptor, locks, pipes, poll_for_real};
use crate::system;

/// What has to come before a thread goes on. Pointers are to the stack of the waiting thread, which stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Some child of this kind (waitid(2)) has changed as `options` say.
    Child { kind: u32, id: i32, options: u32 },
    /// One of several descriptors is ready.
    AnyReady { descriptors: *mut PollDescriptor, count: usize },
    /// A named pipe that was opened for reading has been opened for writing.
    Writer { descriptor: i32 },
    /// A lock of flock(2) could be had.
    Unlocked { descriptor: i32, operation: i32 },
    /// A lock of a part of a file, fcntl(2), could be had.
    Unheld { descriptor: i32, command: i32, lock: *const locks::RecordLock },
    /// A system call has been made that could not be made at first.
    Made(*mut Retried),
    /// Nothing: pause(2).
    Never,
}

/// A system call that is made again by whoever looks, until it would not block.
#[derive(Debug)]
pub(crate) struct Retried {
    pub(crate) number: usize,
    pub(crate) arguments: [usize; 6],
    /// The error that says that it would block.
    pub(crate) busy: isize,
    pub(crate) result: isize,
}

impl Retried {
    /// Whether it would not block now; it is made then.
    pub(crate) fn attempt(&mut self) -> bool {
        // SAFETY: the arguments of the thread that made the call and waits in it.
        self.result = unsafe { system::call(self.number, self.arguments) };
        self.result != -self.busy
    }
}

impl Until {
    /// Whether it is so.
    pub(crate) fn has_come(self) -> bool {
        match self {
            Self::Child { kind, id, options } => child_has_changed(kind, id, options),
            Self::AnyReady { descriptors, count } => {
                // SAFETY: the waiting thread's, which does not run; the caller holds the token.
                let descriptors = unsafe { core::slice::from_raw_parts_mut(descriptors, count) };
                poll_for_real(descriptors, 0);
                descriptors.iter().any(|descriptor| descriptor.is_ready())
            }
            Self::Writer { descriptor } => pipes::has_had_writer(descriptor),
            Self::Unlocked { descriptor, operation } => locks::could_lock(descriptor, operation),
            // SAFETY: the waiting thread's, see `Until`.
            Self::Unheld { descriptor, command, lock } => unsafe {
                locks::could_hold(descriptor, command, &*lock)
            },
            // SAFETY: the waiting thread's, which does not run; the caller holds the token.
            Self::Made(call) => unsafe { (*call).attempt() },
            Self::Never => false,
        }
    }

    /// Whether it is a child that is waited for: that can take long, and comes surely.
    pub(crate) fn is_child(self) -> bool {
        matches!(self, Self::Child { .. })
    }
}

/// Whether a child process has changed, without taking its status.
fn child_has_changed(kind: u32, id: i32, options: u32) -> bool {
    const WNOHANG: u32 = 1;
    const WNOWAIT: u32 = 0x0100_0000;
    // `siginfo_t` is 128 bytes; the first word stays 0 when nobody has changed.
    let mut information = [0u64; 16];
    let place = information.as_mut_ptr() as usize;
    let options = (options | WNOHANG | WNOWAIT) as usize;
    // SAFETY: the place is large enough for a siginfo_t.
    let result = unsafe { system::call(system::WAITID, [kind as usize, id as usize, place, options, 0, 0]) };
    result < 0 || information[0] as u32 != 0
}
