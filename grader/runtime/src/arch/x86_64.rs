//! Linux on x86-64. Calls of functions are as in the System V ABI, AMD64 supplement ("Parameter Passing"), system calls as
//! in its appendix A.2 and syscall(2).

use core::arch::asm;
use core::ffi::c_int;

use super::Older;

pub(crate) mod context;

/// Of the tables in arch/x86/entry/syscalls/syscall_64.tbl.
pub(crate) mod number {
    pub(crate) const READ: usize = 0;
    pub(crate) const WRITE: usize = 1;
    pub(crate) const CLOSE: usize = 3;
    pub(crate) const FSTAT: usize = 5;
    pub(crate) const LSEEK: usize = 8;
    pub(crate) const MMAP: usize = 9;
    pub(crate) const MPROTECT: usize = 10;
    pub(crate) const MUNMAP: usize = 11;
    pub(crate) const BRK: usize = 12;
    pub(crate) const RT_SIGACTION: usize = 13;
    pub(crate) const RT_SIGPROCMASK: usize = 14;
    pub(crate) const PREAD64: usize = 17;
    pub(crate) const READV: usize = 19;
    pub(crate) const WRITEV: usize = 20;
    pub(crate) const SCHED_YIELD: usize = 24;
    pub(crate) const MREMAP: usize = 25;
    pub(crate) const MADVISE: usize = 28;
    pub(crate) const NANOSLEEP: usize = 35;
    pub(crate) const SETITIMER: usize = 38;
    pub(crate) const GETPID: usize = 39;
    pub(crate) const SENDFILE: usize = 40;
    pub(crate) const SOCKET: usize = 41;
    pub(crate) const CONNECT: usize = 42;
    pub(crate) const ACCEPT: usize = 43;
    pub(crate) const SENDTO: usize = 44;
    pub(crate) const RECVFROM: usize = 45;
    pub(crate) const SENDMSG: usize = 46;
    pub(crate) const RECVMSG: usize = 47;
    pub(crate) const GETSOCKOPT: usize = 55;
    pub(crate) const EXECVE: usize = 59;
    pub(crate) const EXIT: usize = 60;
    pub(crate) const WAIT4: usize = 61;
    pub(crate) const KILL: usize = 62;
    pub(crate) const FCNTL: usize = 72;
    pub(crate) const FLOCK: usize = 73;
    pub(crate) const UMASK: usize = 95;
    pub(crate) const GETRUSAGE: usize = 98;
    pub(crate) const GETPPID: usize = 110;
    pub(crate) const SIGALTSTACK: usize = 131;
    pub(crate) const PERSONALITY: usize = 135;
    pub(crate) const SCHED_SETSCHEDULER: usize = 144;
    pub(crate) const PRCTL: usize = 157;
    pub(crate) const GETTID: usize = 186;
    pub(crate) const TKILL: usize = 200;
    pub(crate) const FUTEX: usize = 202;
    pub(crate) const SCHED_SETAFFINITY: usize = 203;
    pub(crate) const SCHED_GETAFFINITY: usize = 204;
    pub(crate) const GETDENTS64: usize = 217;
    pub(crate) const CLOCK_GETTIME: usize = 228;
    pub(crate) const CLOCK_NANOSLEEP: usize = 230;
    pub(crate) const EXIT_GROUP: usize = 231;
    pub(crate) const TGKILL: usize = 234;
    pub(crate) const WAITID: usize = 247;
    pub(crate) const OPENAT: usize = 257;
    pub(crate) const NEWFSTATAT: usize = 262;
    pub(crate) const PSELECT6: usize = 270;
    pub(crate) const PPOLL: usize = 271;
    pub(crate) const SPLICE: usize = 275;
    pub(crate) const TEE: usize = 276;
    pub(crate) const UTIMENSAT: usize = 280;
    pub(crate) const EPOLL_PWAIT: usize = 281;
    pub(crate) const ACCEPT4: usize = 288;
    pub(crate) const DUP3: usize = 292;
    pub(crate) const PIPE2: usize = 293;
    pub(crate) const RECVMMSG: usize = 299;
    pub(crate) const GETCPU: usize = 309;
    pub(crate) const GETRANDOM: usize = 318;
    pub(crate) const STATX: usize = 332;
}

/// The older call that has this number.
pub(crate) fn older(number: usize) -> Option<Older> {
    match number {
        2 => Some(Older::Open),
        7 => Some(Older::Poll),
        232 => Some(Older::EpollWait),
        _ => None,
    }
}

/// Of open(2).
pub(crate) const O_DIRECTORY: c_int = 0o200_000;
/// Of open(2).
pub(crate) const O_NOFOLLOW: c_int = 0o400_000;

/// The word of `struct stat` whose lower half is `st_mode`: before it stand device, inode and number of links.
pub(crate) const MODE: usize = 3;

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

/// Defines the entry point `$name` of a function that takes `$count` arguments, seven at most, under this name for the
/// program unless it is `local`. It calls `$inner` with one more behind them: the address of a frame of its own, from which
/// the chain of frames can be followed.
macro_rules! entry {
    (local $name:ident, $count:tt, $inner:ident) => {
        $crate::arch::entry!(@registers [] $name, $count, $inner);
    };
    // Six arguments fill the registers: the frame is passed on the stack, in sixteen bytes as the stack stays aligned.
    ($name:ident, 6, $inner:ident) => {
        $crate::arch::entry!(
            @define [#[unsafe(no_mangle)]] $name, $inner, ["sub rsp, 8", "push rbp"], ["add rsp, 16"]
        );
    };
    // The seventh came on the stack, above the caller's frame pointer and the return address.
    ($name:ident, 7, $inner:ident) => {
        $crate::arch::entry!(
            @define [#[unsafe(no_mangle)]] $name, $inner, ["push rbp", "push qword ptr [rbp + 16]"], ["add rsp, 16"]
        );
    };
    ($name:ident, $count:tt, $inner:ident) => {
        $crate::arch::entry!(@registers [#[unsafe(no_mangle)]] $name, $count, $inner);
    };
    (@registers [$($attribute:tt)*] $name:ident, $count:tt, $inner:ident) => {
        $crate::arch::entry!(
            @define [$($attribute)*] $name, $inner,
            [concat!("mov ", $crate::arch::entry!(@register $count), ", rbp")], []
        );
    };
    (@register 0) => { "rdi" };
    (@register 1) => { "rsi" };
    (@register 2) => { "rdx" };
    (@register 3) => { "rcx" };
    (@register 4) => { "r8" };
    (@register 5) => { "r9" };
    (@define [$($attribute:tt)*] $name:ident, $inner:ident, [$($before:expr),*], [$($after:expr),*]) => {
        $($attribute)*
        #[unsafe(naked)]
        extern "C" fn $name() {
            core::arch::naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                $($before,)*
                "call {inner}",
                $($after,)*
                "pop rbp",
                "ret",
                inner = sym $inner,
            )
        }
    };
}
pub(crate) use entry;
