//! Time, sleep, chance and processors: the same in every run.

use core::ffi::{c_int, c_void};

use schedule::protocol::Operation;

use crate::entry::entry;
use crate::record::Done;
use crate::scheduler::{self, Wait};
use crate::{system, token};

const NANOSECONDS: u64 = 1_000_000_000;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

#[repr(C)]
struct Timeval {
    seconds: i64,
    microseconds: i64,
}

/// The nanoseconds in a `timespec` at an address; `None` for no address.
pub(crate) fn read_timespec(address: usize) -> Option<u64> {
    // SAFETY: null or a valid `timespec`, as the interposed functions demand it of their callers.
    let spec = unsafe { (address as *const Timespec).as_ref() }?;
    Some((spec.seconds as u64).saturating_mul(NANOSECONDS).saturating_add(spec.nanoseconds as u64))
}

/// All clocks are one: they never jump and never differ.
#[unsafe(no_mangle)]
extern "C" fn clock_gettime(clock: c_int, result: *mut Timespec) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        let done =
            unsafe { system::call(system::CLOCK_GETTIME, [clock as usize, result as usize, 0, 0, 0, 0]) };
        return system::libc_result(done) as c_int;
    }
    let now = scheduler::read_clock();
    let spec = Timespec { seconds: (now / NANOSECONDS) as i64, nanoseconds: (now % NANOSECONDS) as i64 };
    // SAFETY: the caller passes a place for the result.
    unsafe { result.write(spec) };
    0
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
    let doing = Done { operation: Operation::Sleep, object: 0, value: deadline };
    scheduler::block(Wait::Sleep { deadline }, doing, frame);
}

extern "C" fn sleep_for(duration: *const Timespec, rest: *mut Timespec, frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: the caller's own arguments.
        let done = unsafe { system::call(system::NANOSLEEP, [duration as usize, rest as usize, 0, 0, 0, 0]) };
        return system::libc_result(done) as c_int;
    }
    let nanoseconds = read_timespec(duration as usize).unwrap_or(0);
    sleep_until(scheduler::read_clock().saturating_add(nanoseconds), frame);
    0
}
entry!(nanosleep, "rdx", sleep_for);

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
    let nanoseconds = read_timespec(time as usize).unwrap_or(0);
    let from = if flags & ABSOLUTE != 0 { 0 } else { scheduler::read_clock() };
    sleep_until(from.saturating_add(nanoseconds), frame);
    0
}
entry!(clock_nanosleep, "r8", clock_sleep);

extern "C" fn give_way(frame: *const u64) -> c_int {
    if token::me().is_none() {
        // SAFETY: it takes no arguments.
        return unsafe { system::call(system::SCHED_YIELD, [0; 6]) } as c_int;
    }
    scheduler::give_way(frame);
    0
}
entry!(sched_yield, "rdi", give_way);

/// Fills a buffer with bytes that are the same in every run, so that hash maps are too.
pub(crate) fn fixed_random(buffer: *mut u8, length: usize) -> isize {
    for index in 0..length {
        // SAFETY: the caller's buffer has that length.
        unsafe { buffer.add(index).write((index as u8).wrapping_mul(37).wrapping_add(11)) };
    }
    length as isize
}

#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    if token::me().is_some() {
        return fixed_random(buffer, length);
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe {
        system::call(system::GETRANDOM, [buffer as usize, length, flags as usize, 0, 0, 0])
    })
}

/// Four processors, on any machine: programs that size themselves by it do the same everywhere.
#[unsafe(no_mangle)]
extern "C" fn sched_getaffinity(process: c_int, size: usize, mask: *mut u8) -> c_int {
    if token::me().is_none() {
        let arguments = [process as usize, size, mask as usize, 0, 0, 0];
        // SAFETY: the caller's own arguments. libc clears what the kernel does not write.
        unsafe {
            mask.write_bytes(0, size);
            return system::libc_result(system::call(system::SCHED_GETAFFINITY, arguments)).min(0) as c_int;
        }
    }
    // SAFETY: the caller's buffer has `size` bytes.
    unsafe {
        mask.write_bytes(0, size);
        mask.write(0b1111);
    }
    0
}
