//! Time and sleep: virtual, and the same in every run.

use core::ffi::{c_int, c_void};

use schedule::mechanism::EPOCH;
use schedule::protocol::Operation;

use crate::arch::entry;
use crate::record::Done;
use crate::scheduler::{self, Wait};
use crate::{system, token};

const NANOSECONDS: u64 = 1_000_000_000;

#[repr(C)]
pub(crate) struct Timespec {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: i64,
}

#[repr(C)]
struct Timeval {
    seconds: i64,
    microseconds: i64,
}

/// The nanoseconds in a `timespec` at an address, as many as fit; `None` for no address.
pub(crate) fn read_timespec(address: usize) -> Option<u64> {
    // SAFETY: null or a valid `timespec`, as the interposed functions demand it of their callers.
    let spec = unsafe { (address as *const Timespec).as_ref() }?;
    let seconds = u64::try_from(spec.seconds).unwrap_or(0);
    Some(seconds.saturating_mul(NANOSECONDS).saturating_add(spec.nanoseconds as u64))
}

/// Whether the kernel would take this `timespec`, nanosleep(2).
fn is_valid(address: *const Timespec) -> bool {
    // SAFETY: null or a valid `timespec`, as nanosleep demands it of its callers.
    let spec = unsafe { address.as_ref() };
    spec.is_some_and(|spec| spec.seconds >= 0 && (0..NANOSECONDS as i64).contains(&spec.nanoseconds))
}

/// The time in so many nanoseconds.
pub(crate) fn deadline_in(nanoseconds: u64) -> u64 {
    scheduler::read_clock().saturating_add(nanoseconds)
}

/// All clocks that tell the time are one: they never jump and never differ. Those of processor time begin with the run.
pub(crate) fn tell(clock: c_int) -> Option<u64> {
    const CPU_TIME: [c_int; 2] = [2, 3];
    /// `CLOCK_REALTIME`, `_MONOTONIC`, their raw, coarse, boot-time and alarm forms, and `CLOCK_TAI`, clock_gettime(2).
    const TIME: [c_int; 9] = [0, 1, 4, 5, 6, 7, 8, 9, 11];
    match clock {
        _ if TIME.contains(&clock) => Some(scheduler::read_clock()),
        _ if CPU_TIME.contains(&clock) => Some(scheduler::read_clock() - EPOCH),
        _ => None,
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn clock_gettime(clock: c_int, result: *mut Timespec) -> c_int {
    if token::me().is_some()
        && let Some(now) = tell(clock)
    {
        let spec = Timespec { seconds: (now / NANOSECONDS) as i64, nanoseconds: (now % NANOSECONDS) as i64 };
        // SAFETY: the caller passes a place for the result.
        unsafe { result.write(spec) };
        return 0;
    }
    // SAFETY: the caller's own arguments.
    let done = unsafe { system::call(system::CLOCK_GETTIME, [clock as usize, result as usize, 0, 0, 0, 0]) };
    system::libc_result(done) as c_int
}

/// time(2).
#[unsafe(no_mangle)]
extern "C" fn time(result: *mut i64) -> i64 {
    let mut spec = Timespec { seconds: 0, nanoseconds: 0 };
    clock_gettime(0, &mut spec);
    if !result.is_null() {
        // SAFETY: the caller passes a place for the result, or none.
        unsafe { result.write(spec.seconds) };
    }
    spec.seconds
}

#[unsafe(no_mangle)]
extern "C" fn gettimeofday(result: *mut Timeval, _zone: *mut c_void) -> c_int {
    let mut spec = Timespec { seconds: 0, nanoseconds: 0 };
    let done = clock_gettime(0, &mut spec);
    if !result.is_null() {
        // SAFETY: the caller passes a place for the result.
        unsafe { result.write(Timeval { seconds: spec.seconds, microseconds: spec.nanoseconds / 1000 }) };
    }
    done
}

/// Sleeps until virtual time `deadline`.
fn sleep_until(deadline: u64, frame: *const u64) {
    scheduler::before(0, false);
    let doing = Done::new(Operation::Sleep, 0, deadline);
    scheduler::block(Wait::Sleep { deadline }, doing, frame);
}

extern "C" fn sleep_for(duration: *const Timespec, rest: *mut Timespec, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        let done = unsafe { system::call(system::NANOSLEEP, [duration as usize, rest as usize, 0, 0, 0, 0]) };
        return system::libc_result(done) as c_int;
    }
    if !is_valid(duration) {
        return system::libc_result(-system::EINVAL) as c_int;
    }
    sleep_until(deadline_in(read_timespec(duration as usize).unwrap_or(0)), frame);
    0
}
entry!(nanosleep, 2, sleep_for);

extern "C" fn clock_sleep(
    clock: c_int,
    flags: c_int,
    time: *const Timespec,
    rest: *mut Timespec,
    frame: *const u64,
) -> c_int {
    const ABSOLUTE: c_int = 1;
    if token::me().is_none() {
        let arguments = [clock as usize, flags as usize, time as usize, rest as usize, 0, 0];
        // SAFETY: the caller's own arguments. This function returns the error number itself.
        return -unsafe { system::call(system::CLOCK_NANOSLEEP, arguments) } as c_int;
    }
    if !is_valid(time) {
        return system::EINVAL as c_int;
    }
    let nanoseconds = read_timespec(time as usize).unwrap_or(0);
    sleep_until(if flags & ABSOLUTE != 0 { nanoseconds } else { deadline_in(nanoseconds) }, frame);
    0
}
entry!(clock_nanosleep, 4, clock_sleep);

/// sleep(3) and usleep(3) of C code; libc's own do not come by here.
extern "C" fn sleep_seconds(seconds: u32, frame: *const u64) -> u32 {
    sleep_for(&Timespec { seconds: seconds.into(), nanoseconds: 0 }, core::ptr::null_mut(), frame);
    0
}
entry!(sleep, 1, sleep_seconds);

extern "C" fn sleep_microseconds(microseconds: u32, frame: *const u64) -> c_int {
    let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
    let time = Timespec { seconds: seconds.into(), nanoseconds: i64::from(rest) * 1000 };
    sleep_for(&time, core::ptr::null_mut(), frame)
}
entry!(usleep, 1, sleep_microseconds);

extern "C" fn give_way(frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: it takes no arguments.
        return unsafe { system::call(system::SCHED_YIELD, [0; 6]) } as c_int;
    }
    scheduler::give_way(frame);
    0
}
entry!(sched_yield, 0, give_way);
