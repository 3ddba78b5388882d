//! What a run does to its process that putting back its memory does not undo: the process makes no further run then
//! (`runner`).

use core::ffi::{c_char, c_int, c_long, c_uint, c_void};
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::number as calls;
use crate::libc::real;
use crate::{contexts, heap, keep, orders, record, token};

/// Defines a function of libc's under its name, after which the process makes no further run.
macro_rules! undone {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> $result {
            if token::me().is_some() {
                keep::spoil();
            }
            real!($name as extern "C" fn($($type),*) -> $result)($($argument),*)
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
    fn madvise(place: *mut c_void, size: usize, advice: c_int) -> c_int;
    fn brk(place: *mut c_void) -> c_int;
    fn sbrk(by: isize) -> *mut c_void;
    fn mlock(place: *const c_void, size: usize) -> c_int;
    fn mlock2(place: *const c_void, size: usize, flags: c_uint) -> c_int;
    fn mlockall(flags: c_int) -> c_int;
    fn shmat(segment: c_int, place: *const c_void, flags: c_int) -> *mut c_void;
    fn nice(by: c_int) -> c_int;
    fn ualarm(first: c_uint, then: c_uint) -> c_uint;
    fn setpgrp() -> c_int;
    fn unshare(flags: c_int) -> c_int;
    fn setns(file: c_int, kind: c_int) -> c_int;
    fn chroot(path: *const c_char) -> c_int;
    fn setuid(user: c_uint) -> c_int;
    fn setgid(group: c_uint) -> c_int;
    fn setresuid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    fn setresgid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    fn sched_setscheduler(process: c_int, policy: c_int, parameter: *const c_void) -> c_int;
    fn sched_setparam(process: c_int, parameter: *const c_void) -> c_int;
    fn fork() -> c_int;
    fn posix_spawn(process: *mut c_int, path: *const c_char, actions: *const c_void, attributes: *const c_void, arguments: *const c_void, environment: *const c_void) -> c_int;
    fn posix_spawnp(process: *mut c_int, file: *const c_char, actions: *const c_void, attributes: *const c_void, arguments: *const c_void, environment: *const c_void) -> c_int;
    fn system(command: *const c_char) -> c_int;
    fn popen(command: *const c_char, kind: *const c_char) -> *mut c_void;
}

/// Defines the same of functions that take memory away, or may: `size` bytes at `place`.
macro_rules! unmaps {
    ($(fn $name:ident($place:ident: *mut c_void, $size:ident: usize $(, $argument:ident: $type:ty)*) -> $result:ty;)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name($place: *mut c_void, $size: usize $(, $argument: $type)*) -> $result {
            if token::me().is_some() {
                let _inside = token::Inside::new();
                keep::spoil();
                heap::given_back($place as usize, || $size);
            }
            real!($name as extern "C" fn(*mut c_void, usize $(, $type)*) -> $result)($place, $size $(, $argument)*)
        }
    )* };
}

unmaps! {
    fn munmap(place: *mut c_void, size: usize) -> c_int;
    fn mprotect(place: *mut c_void, size: usize, rights: c_int) -> c_int;
    fn mremap(place: *mut c_void, old: usize, new: usize, flags: c_int, to: *mut c_void) -> *mut c_void;
}

macro_rules! maps {
    ($($name:ident),*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name(
            place: *mut c_void,
            size: usize,
            rights: c_int,
            flags: c_int,
            file: c_int,
            from: c_long,
        ) -> *mut c_void {
            if token::me().is_some() {
                map(place, size, flags);
            }
            type Map = extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, c_long) -> *mut c_void;
            real!($name as Map)(place, size, rights, flags, file, from)
        }
    )* };
}
maps!(mmap, mmap64);

/// Whether runs share a folder as long as it does not look changed.
static SHARES_FOLDER: AtomicBool = AtomicBool::new(false);

/// From now on, they do.
pub(crate) fn share_folder() {
    SHARES_FOLDER.store(true, Ordering::Relaxed);
}

/// A file that is written through a mapping does not look changed. So where runs share a folder the run ends, as it would for
/// want of kernel threads; it is made again where each run has a folder of its own.
fn map_file() {
    if SHARES_FOLDER.load(Ordering::Relaxed) {
        contexts::leave();
    }
}

fn map(place: *mut c_void, size: usize, flags: c_int) {
    const MAP_SHARED: c_int = 1;
    const MAP_FIXED: c_int = 0x10;
    const MAP_ANONYMOUS: c_int = 0x20;
    if flags & (MAP_SHARED | MAP_ANONYMOUS) == MAP_SHARED {
        map_file();
    }
    if flags & MAP_FIXED != 0 {
        let _inside = token::Inside::new();
        heap::given_back(place as usize, || size);
    }
    keep::spoil();
}

/// A call by its number (syscall(2)): what is not known to leave nothing behind is taken to leave something.
pub(crate) fn any_call(number: usize, argument: usize) {
    const HARMLESS: [usize; 21] = [
        calls::READ,
        calls::WRITE,
        calls::READV,
        calls::WRITEV,
        calls::CLOSE,
        calls::FSTAT,
        calls::NEWFSTATAT,
        calls::STATX,
        calls::LSEEK,
        calls::OPENAT,
        calls::FUTEX,
        calls::GETPID,
        calls::GETPPID,
        calls::GETTID,
        calls::GETRANDOM,
        calls::GETCPU,
        calls::CLOCK_GETTIME,
        calls::SCHED_YIELD,
        calls::SCHED_GETAFFINITY,
        calls::GETDENTS64,
        calls::EXIT_GROUP,
    ];
    if !HARMLESS.contains(&number) {
        keep::spoil();
    }
    if number == calls::MMAP {
        map_file();
    }
    if [calls::MMAP, calls::MUNMAP, calls::MREMAP, calls::MPROTECT].contains(&number) {
        orders::give_up();
    }
    if number == calls::EXIT_GROUP {
        record::leave(argument as c_int);
    }
}

/// Ends the process without calling anybody, and so the run.
fn end(code: c_int) -> ! {
    match token::me() {
        Some(_) => record::leave(code),
        None => crate::system::exit(code as usize & 0xff),
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
