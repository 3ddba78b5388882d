//! `syscall`: how std, parking_lot and others reach the futex. Waits and wakes are emulated, all
//! other calls go through.

use core::sync::atomic::{AtomicU32, Ordering};

use schedule::protocol::Operation;

use crate::record::Done;
use crate::scheduler::{self, Wait, Woken};
use crate::{io, system, time, token};

const WAIT: usize = 0;
const WAKE: usize = 1;
const WAIT_BITSET: usize = 9;
const WAKE_BITSET: usize = 10;
/// `FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME`: neither matters here.
const FLAGS: usize = 128 | 256;
const ALL_BITS: u32 = u32::MAX;

extern "C" fn any_call(
    number: usize,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
    frame: *const u64,
) -> isize {
    if token::me().is_some() {
        match (number, b & !FLAGS) {
            (system::FUTEX, WAIT) => return wait(a, c as u32, relative(d), ALL_BITS, frame),
            (system::FUTEX, WAIT_BITSET) => return wait(a, c as u32, absolute(d), f as u32, frame),
            (system::FUTEX, WAKE) => return wake(a, c as u32, ALL_BITS, frame),
            (system::FUTEX, WAKE_BITSET) => return wake(a, c as u32, f as u32, frame),
            (system::GETRANDOM, _) => return time::fixed_random(a as *mut u8, b),
            _ => {
                if let Some(result) = io::any_call(number, [a, b, c, d, e, f], frame) {
                    return result;
                }
            }
        }
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(number, [a, b, c, d, e, f]) })
}

fn relative(timeout: usize) -> Option<u64> {
    time::read_timespec(timeout).map(|duration| scheduler::read_clock() + duration)
}

/// Programs read virtual time, so their absolute time-outs are in it.
fn absolute(timeout: usize) -> Option<u64> {
    time::read_timespec(timeout)
}

fn wait(word: usize, value: u32, deadline: Option<u64>, bits: u32, frame: *const u64) -> isize {
    scheduler::before(word as u64, false);
    // SAFETY: the kernel would read the same word; programs pass valid ones.
    let found = unsafe { AtomicU32::from_ptr(word as *mut u32) }.load(Ordering::SeqCst);
    if found != value {
        return system::libc_result(-system::EAGAIN);
    }
    let done = |operation| Done { operation, object: word as u64, value: value.into() };
    let wait = Wait::Futex { word: word as u64, bits, deadline };
    match scheduler::block(wait, done(Operation::FutexWait), frame) {
        Woken::Done => 0,
        // To the program it looks like any other wake: for EINTR std would wait again by itself.
        Woken::Spuriously => {
            scheduler::remark(done(Operation::WakesUnasked), frame);
            0
        }
        Woken::TimedOut => {
            scheduler::remark(done(Operation::TimesOut), frame);
            system::libc_result(-system::ETIMEDOUT)
        }
    }
}

fn wake(word: usize, most: u32, bits: u32, frame: *const u64) -> isize {
    scheduler::before(word as u64, true);
    let woken = scheduler::wake_futex(word as u64, bits, most);
    let done = Done { operation: Operation::FutexWake, object: word as u64, value: woken.into() };
    scheduler::after(done, true, frame);
    woken as isize
}

/// Variadic in C; its seven integers come as for any function, the seventh on the stack. The
/// frame is passed behind them.
#[unsafe(no_mangle)]
#[unsafe(naked)]
extern "C" fn syscall() {
    core::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rbp",
        "push qword ptr [rbp + 16]",
        "call {inner}",
        "add rsp, 16",
        "pop rbp",
        "ret",
        inner = sym any_call,
    )
}
