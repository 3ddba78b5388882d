//! What a run does to its process that putting back its memory does not undo: the process makes no further run then
//! (`runner`).

use core::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use core::mem;

use crate::libc::next;
use crate::{record, runner, system, token};

/// Defines a function of libc's under its name, after which the process makes no further run.
macro_rules! undone {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> $result {
            if token::me().is_some() {
                runner::spoil();
            }
            type Real = extern "C" fn($($type),*) -> $result;
            let name = concat!(stringify!($name), "\0").as_bytes();
            // SAFETY: the text ends with its only zero.
            let real = next(unsafe { CStr::from_bytes_with_nul_unchecked(name) });
            // SAFETY: every libc has a function of this type and name.
            unsafe { mem::transmute::<*mut c_void, Real>(real)($($argument),*) }
        }
    )* };
}

undone! {
    fn chdir(path: *const c_char) -> c_int;
    fn fchdir(folder: c_int) -> c_int;
    fn umask(mask: c_uint) -> c_uint;
    fn setrlimit(resource: c_int, limit: *const c_void) -> c_int;
    fn setrlimit64(resource: c_int, limit: *const c_void) -> c_int;
    fn prlimit(process: c_int, resource: c_int, new: *const c_void, old: *mut c_void) -> c_int;
    fn prlimit64(process: c_int, resource: c_int, new: *const c_void, old: *mut c_void) -> c_int;
    fn setitimer(which: c_int, new: *const c_void, old: *mut c_void) -> c_int;
    fn alarm(seconds: c_uint) -> c_uint;
    fn timer_create(clock: c_int, event: *mut c_void, timer: *mut c_void) -> c_int;
    fn setpriority(which: c_int, who: c_uint, priority: c_int) -> c_int;
    fn setsid() -> c_int;
    fn setpgid(process: c_int, group: c_int) -> c_int;
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn mmap(place: *mut c_void, size: usize, rights: c_int, flags: c_int, file: c_int, from: c_long) -> *mut c_void;
    fn mmap64(place: *mut c_void, size: usize, rights: c_int, flags: c_int, file: c_int, from: c_long) -> *mut c_void;
    fn munmap(place: *mut c_void, size: usize) -> c_int;
    fn mprotect(place: *mut c_void, size: usize, rights: c_int) -> c_int;
    fn madvise(place: *mut c_void, size: usize, advice: c_int) -> c_int;
    fn brk(place: *mut c_void) -> c_int;
    fn sbrk(by: isize) -> *mut c_void;
    fn fork() -> c_int;
}

/// A call by its number (syscall(2)): what is not known to leave nothing behind is taken to leave something.
pub(crate) fn any_call(number: usize) {
    const HARMLESS: [usize; 21] = [
        system::READ,
        system::WRITE,
        system::READV,
        system::WRITEV,
        system::CLOSE,
        system::FSTAT,
        system::NEWFSTATAT,
        system::STATX,
        system::LSEEK,
        system::OPENAT,
        system::FUTEX,
        system::GETPID,
        system::GETPPID,
        system::GETTID,
        system::GETRANDOM,
        system::GETCPU,
        system::CLOCK_GETTIME,
        system::SCHED_YIELD,
        system::SCHED_GETAFFINITY,
        system::GETDENTS64,
        system::EXIT_GROUP,
    ];
    if !HARMLESS.contains(&number) {
        runner::spoil();
    }
    if number == system::EXIT_GROUP {
        record::leave(0);
    }
}

/// Ends the process without calling anybody, and so the run.
fn end(code: c_int) -> ! {
    match token::me() {
        Some(_) => record::leave(code),
        None => system::exit(code as usize & 0xff),
    }
}

#[unsafe(no_mangle)]
extern "C" fn _exit(code: c_int) -> ! {
    end(code)
}

#[unsafe(no_mangle)]
extern "C" fn _Exit(code: c_int) -> ! {
    end(code)
}
