//! Waiting for several descriptors at once.

use core::ffi::{c_int, c_void};

use schedule::protocol::Operation;

use super::{Call, ready};
use crate::arch::entry;
use crate::scheduler::Wait;
use crate::world::{POLLIN, POLLOUT, POLLPRI, PollDescriptor, Until, poll_call};
use crate::{system, time, token};

const MILLISECOND: u64 = 1_000_000;

/// How long a poll may take: in nanoseconds, `None` for ever.
type Limit = Option<u64>;

fn limit_of(milliseconds: c_int) -> Limit {
    (milliseconds >= 0).then_some(milliseconds as u64 * MILLISECOND)
}

/// Waits until one of `descriptors` is ready, as `look` then says for the caller: it gives the result without waiting.
fn wait_for_any(
    descriptors: &mut [PollDescriptor],
    limit: Limit,
    frame: *const u64,
    look: impl Fn() -> isize,
) -> isize {
    let first = descriptors.first().copied().unwrap_or(PollDescriptor::NONE);
    let (all, count) = (descriptors.as_mut_ptr(), descriptors.len());
    let wait = |deadline| match count {
        0 => match deadline {
            Some(deadline) => Wait::Sleep { deadline },
            None => Wait::Outside { until: Until::Never, deadline },
        },
        1 => ready(first.descriptor(), first.events())(deadline),
        _ => Wait::Outside { until: Until::AnyReady { descriptors: all, count }, deadline },
    };
    let attempt = || Some(look()).filter(|&result| result != 0 || limit == Some(0));
    let result = Call::new(Operation::Poll, first.descriptor(), frame).wait_for(|| limit, wait, attempt);
    system::libc_result(result.unwrap_or_else(look))
}

fn poll_until(descriptors: *mut PollDescriptor, count: usize, limit: Limit, frame: *const u64) -> c_int {
    let all: &mut [PollDescriptor] = if count == 0 {
        &mut []
    } else {
        // SAFETY: the caller passes so many valid descriptors.
        unsafe { core::slice::from_raw_parts_mut(descriptors, count) }
    };
    let look = || {
        // SAFETY: the caller's own arguments.
        unsafe { poll_call(descriptors, count, 0) }
    };
    wait_for_any(all, limit, frame, look) as c_int
}

pub(super) extern "C" fn poll_some(
    descriptors: *mut PollDescriptor,
    count: usize,
    milliseconds: c_int,
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        return poll_until(descriptors, count, limit_of(milliseconds), frame);
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { poll_call(descriptors, count, milliseconds) }) as c_int
}
entry!(poll, 3, poll_some);

pub(super) extern "C" fn poll_checked(
    descriptors: *mut PollDescriptor,
    count: usize,
    milliseconds: c_int,
    _size: usize,
    frame: *const u64,
) -> c_int {
    poll_some(descriptors, count, milliseconds, frame)
}
entry!(__poll_chk, 4, poll_checked);

/// The size of the kernel's signal set.
const SIGNALS: usize = 8;

/// The signal mask has no part in it under control.
pub(super) extern "C" fn poll_with_mask(
    descriptors: *mut PollDescriptor,
    count: usize,
    time: *const c_void,
    mask: *const c_void,
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        return poll_until(descriptors, count, time::read_timespec(time as usize), frame);
    }
    // The kernel writes the time that is left, libc's callers keep theirs.
    // SAFETY: null or the caller's `timespec`.
    let mut left = unsafe { time.cast::<[u64; 2]>().as_ref() }.copied();
    let left = left.as_mut().map_or(0, |left| left.as_mut_ptr() as usize);
    let arguments = [descriptors as usize, count, left, mask as usize, SIGNALS, 0];
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(system::PPOLL, arguments) }) as c_int
}
entry!(ppoll, 4, poll_with_mask);

pub(super) extern "C" fn poll_with_mask_checked(
    descriptors: *mut PollDescriptor,
    count: usize,
    time: *const c_void,
    mask: *const c_void,
    _size: usize,
    frame: *const u64,
) -> c_int {
    poll_with_mask(descriptors, count, time, mask, frame)
}
entry!(__ppoll_chk, 5, poll_with_mask_checked);

/// The most descriptors of an `fd_set`.
const MOST: usize = 1024;
/// `fd_set`: a bit a descriptor.
type Set = [u64; MOST / 64];

/// Under control a set is asked about as poll(2) would, and then as select(2) does.
fn select_until(count: c_int, sets: [*mut Set; 3], limit: Limit, frame: *const u64) -> c_int {
    const EVENTS: [i16; 3] = [POLLIN, POLLOUT, POLLPRI];
    let count = count.clamp(0, MOST as c_int);
    // SAFETY: the caller's sets, or null.
    let asked: [Option<Set>; 3] = sets.map(|set| unsafe { set.as_ref() }.copied());
    let mut descriptors = [PollDescriptor::NONE; MOST];
    let mut filled = 0;
    for descriptor in 0..count {
        let (word, bit) = (descriptor as usize / 64, descriptor % 64);
        let is_in = |set: &Option<Set>| set.is_some_and(|set| set[word] >> bit & 1 == 1);
        let events = asked.iter().zip(EVENTS).filter(|(set, _)| is_in(set)).map(|(_, event)| event);
        let events = events.fold(0, |all, event| all | event);
        if events != 0 {
            descriptors[filled] = PollDescriptor::new(descriptor, events);
            filled += 1;
        }
    }
    let look = || {
        let mut no_time = [0u64; 2];
        for (set, asked) in sets.iter().zip(&asked) {
            if let Some(asked) = asked {
                // SAFETY: as above; the call before may have changed it.
                unsafe { set.write(*asked) };
            }
        }
        let [read, write, other] = sets.map(|set| set as usize);
        // SAFETY: the caller's own arguments, and a time that is valid for the call.
        unsafe {
            system::call(
                system::PSELECT6,
                [count as usize, read, write, other, no_time.as_mut_ptr() as usize, 0],
            )
        }
    };
    wait_for_any(&mut descriptors[..filled], limit, frame, look) as c_int
}

pub(super) extern "C" fn select_some(
    count: c_int,
    read: *mut Set,
    write: *mut Set,
    other: *mut Set,
    time: *mut [u64; 2],
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        // SAFETY: null or the caller's `timeval`.
        let limit = unsafe { time.as_ref() }
            .map(|[seconds, micro]| seconds.saturating_mul(1_000_000).saturating_add(*micro));
        let limit = limit.map(|micro| micro.saturating_mul(1000));
        return select_until(count, [read, write, other], limit, frame);
    }
    // SAFETY: the caller's own arguments: sets and a `timeval`, or null.
    let result = unsafe { select_for_real(count, [read, write, other], time.cast::<[i64; 2]>().as_mut()) };
    system::libc_result(result) as c_int
}
entry!(select, 5, select_some);

/// select(2), made by pselect(2), which has nanoseconds. Linux writes the time that is left to the caller's `timeval`.
///
/// # Safety
/// The sets must be null or have room for so many descriptors.
unsafe fn select_for_real(count: c_int, sets: [*mut Set; 3], time: Option<&mut [i64; 2]>) -> isize {
    const MICROSECONDS: i64 = 1_000_000;
    let [read, write, other] = sets.map(|set| set as usize);
    let mut left = time
        .as_deref()
        .map(|&[seconds, micro]| [seconds.wrapping_add(micro / MICROSECONDS), micro % MICROSECONDS * 1000]);
    let place = left.as_mut().map_or(0, |left| left.as_mut_ptr() as usize);
    // SAFETY: the caller vouches for the sets, and the time is valid for the call.
    let result = unsafe { system::call(system::PSELECT6, [count as usize, read, write, other, place, 0]) };
    if let (Some(time), Some([seconds, nanoseconds])) = (time, left) {
        *time = [seconds, nanoseconds / 1000];
    }
    result
}

pub(super) extern "C" fn select_with_mask(
    count: c_int,
    read: *mut Set,
    write: *mut Set,
    other: *mut Set,
    time: *const c_void,
    mask: *const c_void,
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        return select_until(count, [read, write, other], time::read_timespec(time as usize), frame);
    }
    // SAFETY: null or the caller's `timespec`. As for `ppoll`.
    let mut left = unsafe { time.cast::<[u64; 2]>().as_ref() }.copied();
    let left = left.as_mut().map_or(0, |left| left.as_mut_ptr() as usize);
    let masked = [mask as usize, SIGNALS];
    let sets = [count as usize, read as usize, write as usize, other as usize];
    let arguments = [sets[0], sets[1], sets[2], sets[3], left, masked.as_ptr() as usize];
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(system::PSELECT6, arguments) }) as c_int
}
entry!(pselect, 6, select_with_mask);

/// Waits for events of an epoll descriptor, which is itself ready when one of its descriptors is.
fn epoll_until(epoll: c_int, events: *mut c_void, most: c_int, limit: Limit, frame: *const u64) -> c_int {
    let look = || {
        // SAFETY: the caller's own arguments.
        unsafe {
            system::call(system::EPOLL_PWAIT, [epoll as usize, events as usize, most as usize, 0, 0, 0])
        }
    };
    wait_for_any(&mut [PollDescriptor::new(epoll, POLLIN)], limit, frame, look) as c_int
}

pub(super) extern "C" fn epoll_some(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    milliseconds: c_int,
    frame: *const u64,
) -> c_int {
    epoll_with_mask(epoll, events, most, milliseconds, core::ptr::null(), frame)
}
entry!(epoll_wait, 4, epoll_some);

pub(super) extern "C" fn epoll_with_mask(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    milliseconds: c_int,
    mask: *const c_void,
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        return epoll_until(epoll, events, most, limit_of(milliseconds), frame);
    }
    let arguments =
        [epoll as usize, events as usize, most as usize, milliseconds as usize, mask as usize, SIGNALS];
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(system::EPOLL_PWAIT, arguments) }) as c_int
}
entry!(epoll_pwait, 5, epoll_with_mask);

pub(super) extern "C" fn epoll_precisely(
    epoll: c_int,
    events: *mut c_void,
    most: c_int,
    time: *const c_void,
    mask: *const c_void,
    frame: *const u64,
) -> c_int {
    if token::me().is_some() {
        return epoll_until(epoll, events, most, time::read_timespec(time as usize), frame);
    }
    let arguments = [epoll as usize, events as usize, most as usize, time as usize, mask as usize, SIGNALS];
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(system::EPOLL_PWAIT2, arguments) }) as c_int
}
entry!(epoll_pwait2, 5, epoll_precisely);

/// pause(2): a signal may end it, and none comes under control.
pub(super) extern "C" fn wait_for_signal(frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: no descriptors, and no end of time.
        return system::libc_result(unsafe { poll_call(core::ptr::null_mut(), 0, -1) }) as c_int;
    }
    let wait = Wait::Outside { until: Until::Never, deadline: None };
    Call::new(Operation::Poll, -1, frame).wait(wait, || None) as c_int
}
entry!(pause, 0, wait_for_signal);
