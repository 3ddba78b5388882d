//! Open descriptors: which are ready, and their status flags.

use core::ffi::c_int;

use crate::{record, system};

pub(crate) const POLLIN: i16 = 1;
pub(crate) const POLLPRI: i16 = 2;
pub(crate) const POLLOUT: i16 = 4;

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

    pub(crate) fn events(self) -> i16 {
        self.events
    }

    pub(crate) fn is_ready(self) -> bool {
        self.ready != 0
    }
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
pub(crate) unsafe fn poll_call(descriptors: *mut PollDescriptor, count: usize, milliseconds: c_int) -> isize {
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

/// Whether one descriptor is ready now.
pub(crate) fn is_ready(descriptor: i32, events: i16) -> bool {
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
