//! `syscall`: how std, parking_lot and others reach the futex. Waits and wakes are emulated. What cannot be, as the
//! futexes that lend priority and the wait for several, ends the run, which then proves nothing.

use core::ffi::c_int;
use core::sync::atomic::{AtomicU32, Ordering};

use schedule::protocol::{Finish, Operation};

use crate::arch::entry;
use crate::record::Done;
use crate::scheduler::{self, Wait, Woken};
use crate::{chance, io, kernel_threads, system, time, token, undone};

const WAIT: usize = 0;
const WAKE: usize = 1;
const REQUEUE: usize = 3;
const COMPARE_REQUEUE: usize = 4;
const WAKE_OP: usize = 5;
const WAIT_BITSET: usize = 9;
const WAKE_BITSET: usize = 10;
/// `FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME`: neither matters here.
const FLAGS: usize = 128 | 256;
const ALL_BITS: u32 = u32::MAX;
const ENOSYS: isize = 38;

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
    let arguments = [a, b, c, d, e, f];
    if token::me().is_some()
        && let Some(result) = emulated(number, arguments, frame)
    {
        return result;
    }
    // SAFETY: the caller's own arguments.
    system::libc_result(unsafe { system::call(number, arguments) })
}

/// The result of a call that does not go to the kernel.
fn emulated(number: usize, [a, b, c, d, e, f]: [usize; 6], frame: *const u64) -> Option<isize> {
    Some(match (number, b & !FLAGS) {
        (system::FUTEX, WAIT) => wait(a, c as u32, relative(d), ALL_BITS, frame),
        (system::FUTEX, WAIT_BITSET) => wait(a, c as u32, absolute(d), f as u32, frame),
        (system::FUTEX, WAKE) => wake(a, c as u32, ALL_BITS, frame),
        (system::FUTEX, WAKE_BITSET) => wake(a, c as u32, f as u32, frame),
        (system::FUTEX, REQUEUE) => requeue(a, [c as u32, d as u32], e, None, frame),
        (system::FUTEX, COMPARE_REQUEUE) => requeue(a, [c as u32, d as u32], e, Some(f as u32), frame),
        (system::FUTEX, WAKE_OP) => wake_op(a, [c as u32, d as u32], e, f as u32, frame),
        // Who waits here is not there for the kernel, nor the other way round.
        (
            system::FUTEX
            | system::FUTEX_WAITV
            | system::FUTEX_WAKE
            | system::FUTEX_WAIT
            | system::FUTEX_REQUEUE,
            _,
        ) => scheduler::finish(Finish::Unseen),
        (system::GETRANDOM, _) => chance::fill(a as *mut u8, b),
        (system::CLOCK_GETTIME, _) => time::clock_gettime(a as c_int, b as *mut time::Timespec) as isize,
        _ => {
            undone::any_call(number, a);
            let of_thread = kernel_threads::any_call(number);
            return of_thread.or_else(|| io::any_call(number, [a, b, c, d, e, f], frame));
        }
    })
}

fn relative(timeout: usize) -> Option<u64> {
    time::read_timespec(timeout).map(time::deadline_in)
}

/// Programs read virtual time, so their absolute time-outs are in it.
fn absolute(timeout: usize) -> Option<u64> {
    time::read_timespec(timeout)
}

/// Who waits for a condition of std has given its mutex back just before, and takes it again right after.
fn wait(word: usize, value: u32, deadline: Option<u64>, bits: u32, frame: *const u64) -> isize {
    let lent = scheduler::lend(frame);
    let result = wait_for_wake(word, value, deadline, bits, frame);
    if let Some(mutex) = lent {
        scheduler::take_again(mutex, frame);
    }
    result
}

fn wait_for_wake(word: usize, value: u32, deadline: Option<u64>, bits: u32, frame: *const u64) -> isize {
    scheduler::before_call(word as u64, false);
    // SAFETY: the kernel would read the same word; programs pass valid ones.
    let found = unsafe { AtomicU32::from_ptr(word as *mut u32) }.load(Ordering::SeqCst);
    let done = |operation| Done::new(operation, word as u64, value.into());
    if found != value {
        scheduler::remark(done(Operation::FutexPass), frame);
        return system::libc_result(-system::EAGAIN);
    }
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
    scheduler::before_call(word as u64, true);
    let woken = scheduler::wake_futex(word as u64, bits, most);
    let done = Done::new(Operation::FutexWake, word as u64, woken.into());
    scheduler::after(done, true, frame);
    woken as isize
}

/// `FUTEX_REQUEUE` and `FUTEX_CMP_REQUEUE`: wakes some, and has others wait for another futex.
fn requeue(
    word: usize,
    [wakes, moves]: [u32; 2],
    to: usize,
    expected: Option<u32>,
    frame: *const u64,
) -> isize {
    scheduler::before_call(word as u64, true);
    // SAFETY: the kernel would read the same word; programs pass valid ones.
    let found = unsafe { AtomicU32::from_ptr(word as *mut u32) }.load(Ordering::SeqCst);
    if expected.is_some_and(|expected| expected != found) {
        return system::libc_result(-system::EAGAIN);
    }
    let woken = scheduler::wake_futex(word as u64, ALL_BITS, wakes);
    let moved = scheduler::move_futex(word as u64, moves, to as u64);
    scheduler::pass(to as u64);
    let done = Done::new(Operation::FutexWake, word as u64, woken.into());
    scheduler::after(done, true, frame);
    // Both are counted by either call, whatever futex(2) says of the older one.
    (woken + moved) as isize
}

/// `FUTEX_WAKE_OP`: changes a second word, wakes some on the first, and some on the second if it was as expected.
fn wake_op(
    word: usize,
    [wakes, second_wakes]: [u32; 2],
    second: usize,
    code: u32,
    frame: *const u64,
) -> isize {
    scheduler::before_call(word as u64, true);
    // SAFETY: the kernel would change the same word; programs pass valid ones.
    let second_word = unsafe { AtomicU32::from_ptr(second as *mut u32) };
    let found = second_word.load(Ordering::SeqCst);
    let Some((value, wakes_second)) = wake_op_of(code, found) else {
        return system::libc_result(-ENOSYS);
    };
    second_word.store(value, Ordering::SeqCst);
    let mut woken = scheduler::wake_futex(word as u64, ALL_BITS, wakes);
    scheduler::pass(second as u64);
    if wakes_second {
        woken += scheduler::wake_futex(second as u64, ALL_BITS, second_wakes);
    }
    let done = Done::new(Operation::FutexWake, word as u64, woken.into());
    scheduler::after(done, true, frame);
    woken as isize
}

/// What `FUTEX_WAKE_OP` makes of a word, and whether it wakes its waiters (futex(2)).
fn wake_op_of(code: u32, found: u32) -> Option<(u32, bool)> {
    const SHIFTED: u32 = 8;
    // Twelve bits, signed.
    let signed = |bits: u32| (bits << 20) as i32 >> 20;
    let (operation, comparison) = (code >> 28, code >> 24 & 0xf);
    let (argument, against) = (signed(code >> 12 & 0xfff) as u32, signed(code & 0xfff));
    let argument = if operation & SHIFTED != 0 { 1u32.wrapping_shl(argument) } else { argument };
    let value = match operation & !SHIFTED {
        0 => argument,
        1 => found.wrapping_add(argument),
        2 => found | argument,
        3 => found & !argument,
        4 => found ^ argument,
        _ => return None,
    };
    let found = found as i32;
    let wakes = match comparison {
        0 => found == against,
        1 => found != against,
        2 => found < against,
        3 => found <= against,
        4 => found > against,
        5 => found >= against,
        _ => return None,
    };
    Some((value, wakes))
}

// Variadic in C; its seven integers come as for any function.
entry!(syscall, 7, any_call);
