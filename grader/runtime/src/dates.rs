//! Dates of files, in the time that the program lives in.
//!
//! The kernel stamps files with the real date, and the program lives on another one ([`EPOCH`]). So what it is told of a
//! file is as old, for the program, as it really was when the run began; what was written since is not younger than now.

use core::ffi::{c_char, c_int, c_void};
use core::sync::atomic::{AtomicI64, Ordering};

use schedule::mechanism::EPOCH;

use crate::time::Timespec;
use crate::{scheduler, system, token};

const NANOSECONDS: i128 = 1_000_000_000;
const AT_FDCWD: usize = -100isize as usize;
const AT_SYMLINK_NOFOLLOW: c_int = 0x100;

/// When the run began, in real nanoseconds since 1970.
static BEGAN: AtomicI64 = AtomicI64::new(0);

/// Notes the real date. At the start of a run.
pub(crate) fn begin() {
    BEGAN.store(real_now(), Ordering::Relaxed);
}

fn real_now() -> i64 {
    let mut now = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: a place for the result.
    unsafe { system::call(system::CLOCK_GETTIME, [0, &raw mut now as usize, 0, 0, 0, 0]) };
    now.seconds.saturating_mul(NANOSECONDS as i64).saturating_add(now.nanoseconds)
}

/// How many nanoseconds the program's date is ahead of the real one.
fn ahead() -> i128 {
    i128::from(EPOCH) - i128::from(BEGAN.load(Ordering::Relaxed))
}

/// A date moved by so many nanoseconds.
fn moved(seconds: i64, nanoseconds: i64, by: i128) -> i128 {
    i128::from(seconds) * NANOSECONDS + i128::from(nanoseconds) + by
}

/// Seconds and nanoseconds of a date.
fn parts(date: i128) -> (i64, i64) {
    (date.div_euclid(NANOSECONDS) as i64, date.rem_euclid(NANOSECONDS) as i64)
}

/// The program's date for a real one. What lies in the program's future really does.
fn to_virtual(seconds: i64, nanoseconds: i64) -> (i64, i64) {
    let is_past = moved(seconds, nanoseconds, 0) <= real_now().into();
    let date = moved(seconds, nanoseconds, ahead());
    parts(if is_past { date.min(scheduler::read_clock().into()) } else { date })
}

/// `struct stat`: where its dates stand, in words, stat(2). On all architectures here these are the same.
const DATES: [usize; 3] = [9, 11, 13];

/// Calls one of the family of stat(2), and translates what it says.
fn stat_call(call: usize, arguments: [usize; 6], place: *mut c_void) -> c_int {
    // SAFETY: the caller's own arguments.
    let result = unsafe { system::call(call, arguments) };
    if result == 0 && token::me().is_some() {
        for word in DATES {
            // SAFETY: the kernel has filled a `struct stat`, in which seconds and nanoseconds stand there.
            unsafe {
                let date = place.cast::<i64>().add(word);
                (*date, *date.add(1)) = to_virtual(*date, *date.add(1));
            }
        }
    }
    system::libc_result(result) as c_int
}

macro_rules! stat_calls {
    ($($at:ident $fd:ident $follow:ident $link:ident),*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $at(folder: c_int, path: *const c_char, place: *mut c_void, flags: c_int) -> c_int {
            let arguments = [folder as usize, path as usize, place as usize, flags as usize, 0, 0];
            stat_call(system::NEWFSTATAT, arguments, place)
        }

        #[unsafe(no_mangle)]
        extern "C" fn $fd(file: c_int, place: *mut c_void) -> c_int {
            stat_call(system::FSTAT, [file as usize, place as usize, 0, 0, 0, 0], place)
        }

        #[unsafe(no_mangle)]
        extern "C" fn $follow(path: *const c_char, place: *mut c_void) -> c_int {
            stat_call(system::NEWFSTATAT, [AT_FDCWD, path as usize, place as usize, 0, 0, 0], place)
        }

        #[unsafe(no_mangle)]
        extern "C" fn $link(path: *const c_char, place: *mut c_void) -> c_int {
            let flags = AT_SYMLINK_NOFOLLOW as usize;
            stat_call(system::NEWFSTATAT, [AT_FDCWD, path as usize, place as usize, flags, 0, 0], place)
        }
    )*};
}

stat_calls!(fstatat fstat stat lstat, fstatat64 fstat64 stat64 lstat64);

/// A date in `struct statx`.
#[repr(C)]
struct StatxDate {
    seconds: i64,
    nanoseconds: u32,
    _padding: i32,
}

/// statx(2).
#[unsafe(no_mangle)]
extern "C" fn statx(
    folder: c_int,
    path: *const c_char,
    flags: c_int,
    mask: u32,
    place: *mut c_void,
) -> c_int {
    const DATES: usize = 64;
    const COUNT: usize = 4;
    let arguments = [folder as usize, path as usize, flags as usize, mask as usize, place as usize, 0];
    // SAFETY: the caller's own arguments.
    let result = unsafe { system::call(system::STATX, arguments) };
    if result == 0 && token::me().is_some() {
        // SAFETY: the kernel has filled a `struct statx`, in which four dates stand there.
        let dates = unsafe {
            core::slice::from_raw_parts_mut(place.cast::<u8>().add(DATES).cast::<StatxDate>(), COUNT)
        };
        for date in dates.iter_mut().filter(|date| date.seconds != 0) {
            let (seconds, nanoseconds) = to_virtual(date.seconds, date.nanoseconds.into());
            (date.seconds, date.nanoseconds) = (seconds, nanoseconds as u32);
        }
    }
    system::libc_result(result) as c_int
}

/// Sets dates that the program gives, utimensat(2): the kernel gets the real ones.
fn set_dates(folder: usize, path: *const c_char, dates: *const [Timespec; 2], flags: usize) -> c_int {
    const SPECIAL: i64 = NANOSECONDS as i64;
    // SAFETY: null or two dates, as utimensat demands it of its callers.
    let given = unsafe { dates.as_ref() }.filter(|_| token::me().is_some());
    let real = given.map(|given| {
        given.each_ref().map(|date| {
            // Nanoseconds beyond a second stand for "now" and "as it is".
            if date.nanoseconds >= SPECIAL {
                return Timespec { seconds: date.seconds, nanoseconds: date.nanoseconds };
            }
            let (seconds, nanoseconds) = parts(moved(date.seconds, date.nanoseconds, -ahead()).max(0));
            Timespec { seconds, nanoseconds }
        })
    });
    let dates = real.as_ref().map_or(dates, |real| real);
    // SAFETY: the caller's own arguments, or dates that live as long as the call.
    let result =
        unsafe { system::call(system::UTIMENSAT, [folder, path as usize, dates as usize, flags, 0, 0]) };
    system::libc_result(result) as c_int
}

#[unsafe(no_mangle)]
extern "C" fn utimensat(
    folder: c_int,
    path: *const c_char,
    dates: *const [Timespec; 2],
    flags: c_int,
) -> c_int {
    set_dates(folder as usize, path, dates, flags as usize)
}

#[unsafe(no_mangle)]
extern "C" fn futimens(file: c_int, dates: *const [Timespec; 2]) -> c_int {
    set_dates(file as usize, core::ptr::null(), dates, 0)
}
