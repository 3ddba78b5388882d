//! Chance: the same whenever the schedule is, and otherwise never twice.
//!
//! Each draw is another number, in each thread and in each run under another schedule, as of the kernel. A replay of a
//! schedule draws what the run drew.

use core::ffi::{CStr, c_int};
use core::sync::atomic::{AtomicU64, Ordering};

use crate::{scheduler, system, token};

/// How many words this run has drawn.
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Fills a buffer under control.
pub(crate) fn fill(buffer: *mut u8, length: usize) -> isize {
    const WORD: usize = size_of::<u64>();
    for start in (0..length).step_by(WORD) {
        let word = scheduler::random(DRAWN.fetch_add(1, Ordering::Relaxed)).to_le_bytes();
        // SAFETY: the caller's buffer has that length.
        unsafe { buffer.add(start).copy_from_nonoverlapping(word.as_ptr(), WORD.min(length - start)) };
    }
    length as isize
}

/// The program opens a file: the kernel's chance, which is not the same again.
pub(crate) fn opens(path: &CStr) {
    let path = path.to_bytes();
    let is_device = path.starts_with(b"/dev/") && path != b"/dev/null";
    if token::me().is_some() && (is_device || path.starts_with(b"/proc/sys/kernel/random/")) {
        scheduler::break_prefix_off();
    }
}

#[unsafe(no_mangle)]
extern "C" fn getrandom(buffer: *mut u8, length: usize, flags: u32) -> isize {
    if token::me().is_some() {
        return fill(buffer, length);
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe {
        system::call(system::GETRANDOM, [buffer as usize, length, flags as usize, 0, 0, 0])
    })
}

/// getentropy(3): at most 256 bytes.
#[unsafe(no_mangle)]
extern "C" fn getentropy(buffer: *mut u8, length: usize) -> c_int {
    const MOST: usize = 256;
    const EIO: isize = 5;
    if length > MOST {
        return system::libc_result(-EIO) as c_int;
    }
    getrandom(buffer, length, 0).min(0) as c_int
}
