//! What is right for kernel threads alone: a program that does it has them. Where its threads are contexts so far, the run
//! is made again (`contexts::leave`).

use core::ffi::{CStr, c_char, c_int, c_void};

use crate::libc::real;
use crate::{contexts, keep, system, token};

/// The number of the calling thread, as gettid(2) has it and libc has noted it.
pub(crate) fn own_number() -> u32 {
    match token::me() {
        Some(me) if contexts::are_on() && me != 0 => contexts::number_of(me),
        // SAFETY: it takes nothing.
        _ => unsafe { system::call(system::GETTID, [0; 6]) as u32 },
    }
}

/// Ends the run, which is made again with kernel threads, where the calling thread is a context under control.
fn leave_if_on() {
    if contexts::are_on() && token::me().is_some() {
        contexts::leave();
    }
}

/// gettid(2).
#[unsafe(no_mangle)]
extern "C" fn gettid() -> c_int {
    own_number() as c_int
}

/// The result of a call by its number (syscall(2)) that is not the kernel's; where it is about the kernel thread itself, the
/// run ends here.
pub(crate) fn any_call(number: usize) -> Option<isize> {
    use system::{EXIT, RT_SIGACTION, RT_SIGPROCMASK, SIGALTSTACK, TGKILL, TKILL};
    if number == system::GETTID {
        return Some(own_number() as isize);
    }
    let is_of_kernel_thread =
        matches!(number, EXIT | RT_SIGACTION | RT_SIGPROCMASK | SIGALTSTACK | TGKILL | TKILL);
    if is_of_kernel_thread || matches!(number, system::PRCTL | system::SCHED_SETSCHEDULER) {
        leave_if_on();
    }
    None
}

/// The program opens a file or a folder: some below `/proc` tell of the threads that the kernel knows (proc(5)).
pub(crate) fn opens(path: &CStr) {
    let path = path.to_bytes();
    if contexts::are_on() && path.starts_with(b"/proc/") && tells_of_threads(path) {
        leave_if_on();
    }
}

fn tells_of_threads(path: &[u8]) -> bool {
    let mut parts = path.split(|&byte| byte == b'/').skip(2);
    parts.any(|part| matches!(part, b"task" | b"thread-self" | b"status" | b"stat"))
}

/// Defines a function of libc's under its name, which the program calls for the sake of kernel threads.
macro_rules! for_kernel_threads {
    ($(fn $name:ident($($argument:ident: $type:ty),*) if $condition:expr;)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> c_int {
            if $condition {
                leave_if_on();
            }
            real!($name as extern "C" fn($($type),*) -> c_int)($($argument),*)
        }
    )* };
}

for_kernel_threads! {
    fn pthread_sigmask(how: c_int, new: *const c_void, old: *mut c_void) if !new.is_null();
    fn sigprocmask(how: c_int, new: *const c_void, old: *mut c_void) if !new.is_null();
    fn sigwait(set: *const c_void, signal: *mut c_int) if true;
    fn sigwaitinfo(set: *const c_void, info: *mut c_void) if true;
    fn sigtimedwait(set: *const c_void, info: *mut c_void, time: *const c_void) if true;
    fn sigaction(signal: c_int, new: *const c_void, old: *mut c_void) if changes_to_own(signal, new);
    fn pthread_kill(thread: u64, signal: c_int) if true;
    fn pthread_cancel(thread: u64) if true;
    fn pthread_tryjoin_np(thread: u64, result: *mut c_void) if true;
    fn pthread_timedjoin_np(thread: u64, result: *mut c_void, time: *const c_void) if true;
    fn pthread_clockjoin_np(thread: u64, result: *mut c_void, clock: c_int, time: *const c_void) if true;
    fn pthread_setschedparam(thread: u64, policy: c_int, parameter: *const c_void) if true;
    fn pthread_setschedprio(thread: u64, priority: c_int) if true;
    fn pthread_getschedparam(thread: u64, policy: *mut c_int, parameter: *mut c_void) if true;
    fn pthread_setaffinity_np(thread: u64, size: usize, mask: *const c_void) if true;
    fn pthread_getaffinity_np(thread: u64, size: usize, mask: *mut c_void) if true;
    fn pthread_sigqueue(thread: u64, signal: c_int, value: usize) if true;
    fn pthread_getname_np(thread: u64, name: *mut c_char, size: usize) if true;
    fn pthread_mutexattr_setrobust(attributes: *mut c_void, robust: c_int) if robust != 0;
    fn tgkill(process: c_int, thread: c_int, signal: c_int) if true;
    fn sighold(signal: c_int) if true;
    fn sigrelse(signal: c_int) if true;
    fn sigignore(signal: c_int) if true;
    fn siginterrupt(signal: c_int, interrupts: c_int) if true;
    fn prctl(option: c_int, a: usize, b: usize, c: usize, d: usize) if true;
    fn pthread_getcpuclockid(thread: u64, clock: *mut c_void) if true;
}

/// The main thread ends alone: the kernel thread would, and all others with it.
#[unsafe(no_mangle)]
extern "C-unwind" fn pthread_exit(result: *mut c_void) -> ! {
    if token::me() == Some(0) {
        leave_if_on();
    }
    real!(pthread_exit as extern "C-unwind" fn(*mut c_void) -> !)(result)
}

/// opendir(3), which libc opens without open(2).
#[unsafe(no_mangle)]
extern "C" fn opendir(path: *const c_char) -> *mut c_void {
    if !path.is_null() {
        // SAFETY: the caller's path, which ends with a zero.
        opens(unsafe { CStr::from_ptr(path) });
    }
    real!(opendir as extern "C" fn(*const c_char) -> *mut c_void)(path)
}

/// signal(2): handlers of a program's own, as for sigaction(2).
#[unsafe(no_mangle)]
extern "C" fn signal(signal: c_int, handler: usize) -> usize {
    if sets_own(signal, handler) {
        leave_if_on();
    }
    real!(signal as extern "C" fn(c_int, usize) -> usize)(signal, handler)
}

/// As [`sets_own`], for a `struct sigaction`, of which the handler is the first word, or none.
fn changes_to_own(signal: c_int, new: *const c_void) -> bool {
    // SAFETY: null or the caller's `struct sigaction`.
    !new.is_null() && sets_own(signal, unsafe { new.cast::<usize>().read() })
}

/// Notes that something else comes of a signal; whether that is a handler of the program's own.
fn sets_own(signal: c_int, handler: usize) -> bool {
    if token::me().is_some() {
        keep::handles(signal);
    }
    is_own(signal, handler)
}

/// Where the kernel delivers a signal to a process that has several threads is up to the kernel threads. Faults come in
/// the thread that makes them: std handles those of stacks that have overflowed.
fn is_own(signal: c_int, handler: usize) -> bool {
    const DEFAULT: usize = 0;
    const IGNORED: usize = 1;
    const FAULTS: [c_int; 2] = [7, 11];
    handler != DEFAULT && handler != IGNORED && !FAULTS.contains(&signal)
}

/// pthread_detach(3): a husk stays, whoever waits for it.
#[unsafe(no_mangle)]
extern "C" fn pthread_detach(thread: u64) -> c_int {
    if contexts::are_on() && token::me().is_some() {
        return 0;
    }
    real!(pthread_detach as extern "C" fn(u64) -> c_int)(thread)
}
