//! What differs from processor to processor: how a system call is made, the numbers and flags that Linux has there, the
//! layout of `struct stat`, and the few instructions of an entry point (`entry!`) and of a change of contexts. Everything else is the same on all of
//! them; both are little-endian and have words of 64 bits.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::{MODE, O_DIRECTORY, O_NOFOLLOW, call, context, entry, number, older};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::{MODE, O_DIRECTORY, O_NOFOLLOW, call, context, entry, number, older};

/// System calls that only the older tables have; newer ones have one that does the same and more. This library makes
/// none of them, but programs may, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "they are in no other table"))]
pub(crate) enum Older {
    /// open(2), for `openat`.
    Open,
    /// poll(2), for `ppoll`.
    Poll,
    /// epoll_wait(2), for `epoll_pwait`.
    EpollWait,
}

/// Where a thread goes on that does not run: what a change of contexts knows of it.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Below which its registers lie.
    pub(crate) stack_pointer: u64,
    pub(crate) thread_pointer: u64,
}
