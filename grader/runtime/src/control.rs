//! How control begins. When the grader's socket is named in the environment, the library's constructor, which runs before
//! `main`, connects to it and becomes the fork server ([`Server`]), before the program has done anything.

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use schedule::protocol::{ALONE_VARIABLE, PROCESSOR_VARIABLE, RUNS_VARIABLE, SOCKET_VARIABLE};

use crate::server::Server;
use crate::{
    answer, contexts, inherited, orphans, post, record, runner, sites, system, threads, token, warm,
};

/// How this library gets into the program.
const PRELOAD_VARIABLE: &str = "LD_PRELOAD";

unsafe extern "C" {
    fn getenv(name: *const c_char) -> *const c_char;
    fn unsetenv(name: *const c_char) -> c_int;
}

/// Called by the dynamic linker before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = construct;

extern "C" fn construct(_count: c_int, arguments: *const *const c_char, environment: *const *const c_char) {
    let Some(path) = variable(SOCKET_VARIABLE) else { return };
    disable_address_randomization(arguments, environment);
    let mut socket_path = [0u8; 108];
    let length = path.to_bytes().len().min(107);
    socket_path[..length].copy_from_slice(&path.to_bytes()[..length]);
    if let Some(processor) = variable(PROCESSOR_VARIABLE) {
        pin_to(processor);
    }
    let alone = variable(ALONE_VARIABLE).is_some_and(|value| value == c"1");
    let wanted = variable(RUNS_VARIABLE).unwrap_or_default();
    let (wants_kernel_threads, wants_runners) = (wanted == c"threads", wanted == c"reset");
    // The program and its children must not see that the grader is there.
    [SOCKET_VARIABLE, PROCESSOR_VARIABLE, ALONE_VARIABLE, RUNS_VARIABLE, PRELOAD_VARIABLE]
        .into_iter()
        .for_each(erase);
    threads::prepare();
    record::install(shared());
    post::install(shared());
    let Some(socket) = connect(&socket_path) else { system::exit(70) };
    inherited::replace_streams();
    inherited::remember_flags();
    orphans::adopt();
    warm::prepare();
    if !wants_kernel_threads {
        contexts::prepare(threads::create_for_real);
        if contexts::are_on() {
            token::share_alternate_stack();
        }
    }
    let has_runners = wants_runners && contexts::are_on();
    if has_runners {
        runner::prepare();
    }
    sites::receive(socket, shared(), answer::executable_base());
    Server::new(socket, alone, has_runners).serve();
}

fn with_name<T>(name: &str, act: impl FnOnce(*const c_char) -> T) -> T {
    let mut text = [0u8; 64];
    text[..name.len()].copy_from_slice(name.as_bytes());
    act(text.as_ptr().cast())
}

fn variable(name: &str) -> Option<&'static CStr> {
    // SAFETY: the name ends with a zero; the value lives as long as the environment is unchanged.
    with_name(name, |name| unsafe {
        let value = getenv(name);
        (!value.is_null()).then(|| CStr::from_ptr(value))
    })
}

/// Takes a variable out of the environment, and out of the memory in which the kernel shows it (proc(5), `environ`).
fn erase(name: &str) {
    let Some(value) = variable(name) else { return };
    // SAFETY: the variable stands in the environment that this process was started with, which is writable memory of its
    // own: the name, `=`, the value and a zero. There is one thread only, and nobody else keeps a reference into it.
    unsafe {
        let start = value.as_ptr().cast_mut().sub(name.len() + 1);
        let length = name.len() + 1 + value.to_bytes().len();
        with_name(name, |name| unsetenv(name));
        start.write_bytes(0, length);
    }
}

/// Starts the program again without address space randomization, so that the same schedule meets
/// the same addresses. Where the system forbids it, runs go on with random ones.
fn disable_address_randomization(arguments: *const *const c_char, environment: *const *const c_char) {
    const ADDR_NO_RANDOMIZE: usize = 0x0004_0000;
    const ASK: usize = 0xffff_ffff;
    // SAFETY: numbers only; for execve the vectors are those that the program was started with.
    unsafe {
        let now = system::call(system::PERSONALITY, [ASK, 0, 0, 0, 0, 0]);
        if now < 0 || now as usize & ADDR_NO_RANDOMIZE != 0 {
            return;
        }
        if system::call(system::PERSONALITY, [now as usize | ADDR_NO_RANDOMIZE, 0, 0, 0, 0, 0]) >= 0 {
            let program = c"/proc/self/exe".as_ptr() as usize;
            system::call(system::EXECVE, [program, arguments as usize, environment as usize, 0, 0, 0]);
        }
    }
}

fn pin_to(processor: &CStr) {
    let digits = processor.to_bytes().iter();
    let number =
        digits.fold(0usize, |number, digit| number * 10 + usize::from(digit.wrapping_sub(b'0') % 10));
    let mut mask = [0u64; 16];
    mask[number / 64 % 16] = 1 << (number % 64);
    // SAFETY: the mask is valid; 0 names this thread.
    unsafe {
        system::call(system::SCHED_SETAFFINITY, [0, size_of_val(&mask), mask.as_ptr() as usize, 0, 0, 0])
    };
}

/// Memory that is shared with all children, zeroes at first.
fn shared<T>() -> *mut T {
    const READ_WRITE: usize = 1 | 2;
    const SHARED_ANONYMOUS: usize = 1 | 0x20;
    let arguments = [0, size_of::<T>(), READ_WRITE, SHARED_ANONYMOUS, usize::MAX, 0];
    // SAFETY: a fresh mapping, zeroed by the kernel, which both types are valid as.
    let address = unsafe { system::call(system::MMAP, arguments) };
    if address < 0 {
        system::exit(70);
    }
    ptr::with_exposed_provenance_mut(address as usize)
}

fn connect(path: &[u8; 108]) -> Option<usize> {
    const AF_UNIX: usize = 1;
    const SOCK_STREAM_CLOEXEC: usize = 1 | 0o2_000_000;
    let mut address = [0u8; 110];
    address[0] = AF_UNIX as u8;
    address[2..].copy_from_slice(path);
    // SAFETY: the address is valid for its length.
    unsafe {
        let socket = system::call(system::SOCKET, [AF_UNIX, SOCK_STREAM_CLOEXEC, 0, 0, 0, 0]);
        let connected = system::call(
            system::CONNECT,
            [socket as usize, address.as_ptr() as usize, address.len(), 0, 0, 0],
        );
        (socket >= 0 && connected == 0).then_some(socket as usize)
    }
}
