//! Linux on AArch64. Calls of functions are as in the procedure call standard (AAPCS64, "Parameter passing" and "The Frame
//! Pointer"), system calls as in syscall(2).

use core::arch::asm;
use core::ffi::c_int;

use super::Older;

pub(crate) mod context;

/// Of the table in include/uapi/asm-generic/unistd.h, which newer architectures share.
pub(crate) mod number {
    pub(crate) const EPOLL_PWAIT: usize = 22;
    pub(crate) const DUP3: usize = 24;
    pub(crate) const FCNTL: usize = 25;
    pub(crate) const FLOCK: usize = 32;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const CLOSE: usize = 57;
    pub(crate) const PIPE2: usize = 59;
    pub(crate) const GETDENTS64: usize = 61;
    pub(crate) const LSEEK: usize = 62;
    pub(crate) const READ: usize = 63;
    pub(crate) const WRITE: usize = 64;
    pub(crate) const READV: usize = 65;
    pub(crate) const WRITEV: usize = 66;
    pub(crate) const PREAD64: usize = 67;
    pub(crate) const SENDFILE: usize = 71;
    pub(crate) const PSELECT6: usize = 72;
    pub(crate) const PPOLL: usize = 73;
    pub(crate) const SPLICE: usize = 76;
    pub(crate) const TEE: usize = 77;
    pub(crate) const NEWFSTATAT: usize = 79;
    pub(crate) const FSTAT: usize = 80;
    pub(crate) const UTIMENSAT: usize = 88;
    pub(crate) const PERSONALITY: usize = 92;
    pub(crate) const EXIT: usize = 93;
    pub(crate) const EXIT_GROUP: usize = 94;
    pub(crate) const WAITID: usize = 95;
    pub(crate) const FUTEX: usize = 98;
    pub(crate) const NANOSLEEP: usize = 101;
    pub(crate) const SETITIMER: usize = 103;
    pub(crate) const CLOCK_GETTIME: usize = 113;
    pub(crate) const CLOCK_NANOSLEEP: usize = 115;
    pub(crate) const SCHED_SETSCHEDULER: usize = 119;
    pub(crate) const SCHED_SETAFFINITY: usize = 122;
    pub(crate) const SCHED_GETAFFINITY: usize = 123;
    pub(crate) const SCHED_YIELD: usize = 124;
    pub(crate) const KILL: usize = 129;
    pub(crate) const TKILL: usize = 130;
    pub(crate) const TGKILL: usize = 131;
    pub(crate) const SIGALTSTACK: usize = 132;
    pub(crate) const RT_SIGACTION: usize = 134;
    pub(crate) const RT_SIGPROCMASK: usize = 135;
    pub(crate) const GETRUSAGE: usize = 165;
    pub(crate) const UMASK: usize = 166;
    pub(crate) const PRCTL: usize = 167;
    pub(crate) const GETCPU: usize = 168;
    pub(crate) const GETPID: usize = 172;
    pub(crate) const GETPPID: usize = 173;
    pub(crate) const GETTID: usize = 178;
    pub(crate) const SOCKET: usize = 198;
    pub(crate) const ACCEPT: usize = 202;
    pub(crate) const CONNECT: usize = 203;
    pub(crate) const SENDTO: usize = 206;
    pub(crate) const RECVFROM: usize = 207;
    pub(crate) const GETSOCKOPT: usize = 209;
    pub(crate) const SENDMSG: usize = 211;
    pub(crate) const RECVMSG: usize = 212;
    pub(crate) const BRK: usize = 214;
    pub(crate) const MUNMAP: usize = 215;
    pub(crate) const MREMAP: usize = 216;
    pub(crate) const EXECVE: usize = 221;
    pub(crate) const MMAP: usize = 222;
    pub(crate) const MPROTECT: usize = 226;
    pub(crate) const MADVISE: usize = 233;
    pub(crate) const ACCEPT4: usize = 242;
    pub(crate) const RECVMMSG: usize = 243;
    pub(crate) const WAIT4: usize = 260;
    pub(crate) const GETRANDOM: usize = 278;
    pub(crate) const STATX: usize = 291;
}

/// The older call that has this number: there are none here.
pub(crate) fn older(_number: usize) -> Option<Older> {
    None
}

/// Of open(2), arch/arm64/include/uapi/asm/fcntl.h.
pub(crate) const O_DIRECTORY: c_int = 0o40_000;
/// Of open(2), arch/arm64/include/uapi/asm/fcntl.h.
pub(crate) const O_NOFOLLOW: c_int = 0o100_000;

/// The word of `struct stat` whose lower half is `st_mode`: before it stand device and inode.
pub(crate) const MODE: usize = 2;

/// Makes a system call. The result is as the kernel gives it: negative for an error number.
///
/// # Safety
/// The arguments must be right for the call: pointers valid for what the kernel does with them.
pub(crate) unsafe fn call(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let result: isize;
    // SAFETY: the kernel changes x0 only; the caller vouches for the arguments.
    unsafe {
        asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a as isize => result,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack)
        );
    }
    result
}

/// Defines the entry point `$name` of a function that takes `$count` arguments, seven at most, under this name for the
/// program unless it is `local`. It calls `$inner` with one more behind them: the address of a frame of its own, from which
/// the chain of frames can be followed. Eight arguments go in registers, also those of functions that are variadic in C.
macro_rules! entry {
    (local $name:ident, $count:literal, $inner:ident) => {
        $crate::arch::entry!(@define [] $name, $count, $inner);
    };
    ($name:ident, $count:literal, $inner:ident) => {
        $crate::arch::entry!(@define [#[unsafe(no_mangle)]] $name, $count, $inner);
    };
    (@define [$($attribute:tt)*] $name:ident, $count:literal, $inner:ident) => {
        $($attribute)*
        #[unsafe(naked)]
        extern "C" fn $name() {
            core::arch::naked_asm!(
                // A frame record: the caller's frame pointer, then the return address, as on x86-64.
                "stp x29, x30, [sp, #-16]!",
                "mov x29, sp",
                concat!("mov x", $count, ", x29"),
                "bl {inner}",
                "ldp x29, x30, [sp], #16",
                "ret",
                inner = sym $inner,
            )
        }
    };
}
pub(crate) use entry;
