//! System calls, made without libc: libc's own entry points are interposed by this library.
//! x86-64 Linux only.

use core::arch::asm;

pub(crate) const READ: usize = 0;
pub(crate) const WRITE: usize = 1;
pub(crate) const OPEN: usize = 2;
pub(crate) const CLOSE: usize = 3;
pub(crate) const FSTAT: usize = 5;
pub(crate) const POLL: usize = 7;
pub(crate) const MMAP: usize = 9;
pub(crate) const MPROTECT: usize = 10;
pub(crate) const READV: usize = 19;
pub(crate) const WRITEV: usize = 20;
pub(crate) const SELECT: usize = 23;
pub(crate) const SCHED_YIELD: usize = 24;
pub(crate) const MADVISE: usize = 28;
pub(crate) const DUP2: usize = 33;
pub(crate) const PAUSE: usize = 34;
pub(crate) const NANOSLEEP: usize = 35;
pub(crate) const SETITIMER: usize = 38;
pub(crate) const SENDFILE: usize = 40;
pub(crate) const GETPID: usize = 39;
pub(crate) const SOCKET: usize = 41;
pub(crate) const CONNECT: usize = 42;
pub(crate) const ACCEPT: usize = 43;
pub(crate) const SENDTO: usize = 44;
pub(crate) const RECVFROM: usize = 45;
pub(crate) const SENDMSG: usize = 46;
pub(crate) const RECVMSG: usize = 47;
pub(crate) const GETSOCKOPT: usize = 55;
pub(crate) const EXECVE: usize = 59;
pub(crate) const WAIT4: usize = 61;
pub(crate) const KILL: usize = 62;
pub(crate) const FCNTL: usize = 72;
pub(crate) const FLOCK: usize = 73;
pub(crate) const GETRUSAGE: usize = 98;
pub(crate) const GETPPID: usize = 110;
pub(crate) const SIGALTSTACK: usize = 131;
pub(crate) const PERSONALITY: usize = 135;
pub(crate) const SCHED_SETSCHEDULER: usize = 144;
pub(crate) const PRCTL: usize = 157;
pub(crate) const GETTID: usize = 186;
pub(crate) const FUTEX: usize = 202;
pub(crate) const SCHED_SETAFFINITY: usize = 203;
pub(crate) const SCHED_GETAFFINITY: usize = 204;
pub(crate) const GETDENTS64: usize = 217;
pub(crate) const CLOCK_GETTIME: usize = 228;
pub(crate) const CLOCK_NANOSLEEP: usize = 230;
pub(crate) const EXIT_GROUP: usize = 231;
pub(crate) const EPOLL_WAIT: usize = 232;
pub(crate) const WAITID: usize = 247;
pub(crate) const OPENAT: usize = 257;
pub(crate) const NEWFSTATAT: usize = 262;
pub(crate) const PSELECT6: usize = 270;
pub(crate) const PPOLL: usize = 271;
pub(crate) const SPLICE: usize = 275;
pub(crate) const TEE: usize = 276;
pub(crate) const EPOLL_PWAIT: usize = 281;
pub(crate) const ACCEPT4: usize = 288;
pub(crate) const PIPE2: usize = 293;
pub(crate) const RECVMMSG: usize = 299;
pub(crate) const GETRANDOM: usize = 318;
pub(crate) const PIDFD_OPEN: usize = 434;
pub(crate) const FUTEX_WAITV: usize = 449;
pub(crate) const FUTEX_WAKE: usize = 454;
pub(crate) const FUTEX_WAIT: usize = 455;
pub(crate) const FUTEX_REQUEUE: usize = 456;

pub(crate) const UTIMENSAT: usize = 280;
pub(crate) const GETCPU: usize = 309;
pub(crate) const STATX: usize = 332;
pub(crate) const EPOLL_PWAIT2: usize = 441;

pub(crate) const EINTR: isize = 4;
pub(crate) const EAGAIN: isize = 11;
pub(crate) const EINVAL: isize = 22;
pub(crate) const ETIMEDOUT: isize = 110;

/// Makes a system call. The result is as the kernel gives it: negative for an error number.
///
/// # Safety
/// The arguments must be right for the call: pointers valid for what the kernel does with them.
pub(crate) unsafe fn call(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel changes rax, rcx and r11 only; the caller vouches for the arguments.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack)
        );
    }
    result
}

unsafe extern "C" {
    fn __errno_location() -> *mut i32;
}

/// The result as libc's callers expect it: -1 and `errno` for an error.
pub(crate) fn libc_result(result: isize) -> isize {
    if (-4095..0).contains(&result) {
        // SAFETY: libc gives each thread a valid place for its errno.
        unsafe { *__errno_location() = -result as i32 };
        return -1;
    }
    result
}

/// Waits while `*word == value`, by the kernel's own futex.
pub(crate) fn futex_wait(word: &core::sync::atomic::AtomicU32, value: u32) {
    // SAFETY: the word is valid, and there is no time-out. Operation 128 is FUTEX_WAIT_PRIVATE.
    unsafe { call(FUTEX, [word.as_ptr() as usize, 128, value as usize, 0, 0, 0]) };
}

/// Wakes one waiter on `word`, by the kernel's own futex.
pub(crate) fn futex_wake(word: &core::sync::atomic::AtomicU32) {
    // SAFETY: the word is valid. Operation 129 is FUTEX_WAKE_PRIVATE.
    unsafe { call(FUTEX, [word.as_ptr() as usize, 129, 1, 0, 0, 0]) };
}

/// Ends the process at once, all threads included.
pub(crate) fn exit(code: usize) -> ! {
    loop {
        // SAFETY: exit_group takes a code and does not return.
        unsafe { call(EXIT_GROUP, [code, 0, 0, 0, 0, 0]) };
    }
}
