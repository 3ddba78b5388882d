//! The fork server: one process a run, without the cost of starting one.
//!
//! When the grader's socket is named in the environment, the library's constructor, which runs
//! before `main`, connects to it and serves requests for runs: each is a child forked from here,
//! before the program has done anything, with the same memory layout every time. The server waits
//! for the child's end and answers with the record that it left in shared memory.

use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use schedule::protocol::{
    ALONE_VARIABLE, Event, Finish, Header, PROCESSOR_VARIABLE, RUNS_VARIABLE, Request, SOCKET_VARIABLE,
    ThreadRecord,
};

use crate::outbox::Outbox;
use crate::record::{self, Record};
use crate::{contexts, dates, inherited, orphans, scheduler, system, threads, warm, watch};

/// How this library gets into the program.
const PRELOAD_VARIABLE: &str = "LD_PRELOAD";

unsafe extern "C" {
    static environ: *const *const c_char;
    fn getenv(name: *const c_char) -> *const c_char;
    fn unsetenv(name: *const c_char) -> c_int;
    fn fork() -> c_int;
    fn getauxval(kind: u64) -> u64;
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
    let wants_kernel_threads = variable(RUNS_VARIABLE).is_some_and(|value| value == c"threads");
    // The program and its children must not see that the grader is there.
    [SOCKET_VARIABLE, PROCESSOR_VARIABLE, ALONE_VARIABLE, RUNS_VARIABLE, PRELOAD_VARIABLE]
        .into_iter()
        .for_each(erase);
    threads::prepare();
    record::install(shared_record());
    let Some(socket) = connect(&socket_path) else { system::exit(70) };
    inherited::replace_streams();
    inherited::remember_flags();
    orphans::adopt();
    warm::prepare();
    if !wants_kernel_threads {
        contexts::prepare();
    }
    serve(socket, alone);
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

fn shared_record() -> *mut Record {
    const READ_WRITE: usize = 1 | 2;
    const SHARED_ANONYMOUS: usize = 1 | 0x20;
    let arguments = [0, size_of::<Record>(), READ_WRITE, SHARED_ANONYMOUS, usize::MAX, 0];
    // SAFETY: a fresh mapping, zeroed by the kernel, which is a valid record.
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

/// Serves runs until the grader closes the socket. Returns only in a child, which is the run.
fn serve(socket: usize, alone: bool) {
    let fork_bare = contexts::bare_fork().filter(|_| contexts::are_on());
    loop {
        let mut bytes = [0; Request::SIZE];
        if !read_exactly(socket, &mut bytes) {
            system::exit(0);
        }
        let Some(request) = Request::decode(&bytes) else { system::exit(70) };
        let Some(steps) = scheduler::replay_buffer(request.replayed as usize) else { system::exit(70) };
        if !read_exactly(socket, steps) {
            system::exit(0);
        }
        record::get().reset();
        inherited::open_as_at_first();
        let before = processor_time();
        let child = match fork_bare {
            Some(bare) => bare(),
            // SAFETY: this process has one thread.
            None => unsafe { fork() },
        };
        if child == 0 {
            become_run(socket, request);
            return;
        }
        if child < 0 {
            system::exit(70);
        }
        let end = watch::wait_for(child);
        if !orphans::end(alone) {
            // They cannot be ended from here: the keeper ends them, and this process.
            system::exit(70);
        }
        inherited::take_in_rest();
        let processor = processor_time().saturating_sub(before);
        answer(socket, end, processor, request.trace);
    }
}

/// In the child: ends with the server, never computes for ever unseen, and is under control.
fn become_run(socket: usize, request: Request) {
    const PR_SET_PDEATHSIG: usize = 1;
    const SIGKILL: usize = 9;
    const ITIMER_PROF: usize = 2;
    /// Seconds of processor time: the longest budget takes a fraction of one.
    const SECONDS: u64 = 4;
    let timer: [u64; 4] = [0, 0, SECONDS, 0];
    // SAFETY: numbers, and a timer that is valid for the call. SIGPROF ends the process.
    unsafe {
        system::call(system::CLOSE, [socket, 0, 0, 0, 0, 0]);
        system::call(system::PRCTL, [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0]);
        system::call(system::SETITIMER, [ITIMER_PROF, timer.as_ptr() as usize, 0, 0, 0, 0]);
    }
    // SAFETY: the environment stands above all frames of the main thread.
    let stack_top = unsafe { *environ } as u64 & !15;
    dates::begin();
    scheduler::begin(request, stack_top);
}

/// Where the executable is loaded: its program headers say where they stand themselves.
fn executable_base() -> u64 {
    const AT_PHDR: u64 = 3;
    const PT_PHDR: u32 = 6;
    // SAFETY: the kernel passes the address of the program headers, of which the first describes
    // the table itself in every executable that has an interpreter.
    unsafe {
        let headers = getauxval(AT_PHDR);
        let first = headers as *const u32;
        if headers == 0 || *first != PT_PHDR {
            return 0;
        }
        // `p_vaddr` is the third 64-bit word of `Elf64_Phdr`.
        headers - *(headers as *const u64).add(2)
    }
}

/// Microseconds of processor time of all children that have been waited for, and theirs (getrusage(2)).
fn processor_time() -> u64 {
    const CHILDREN: usize = usize::MAX;
    let mut usage = [0u64; 18];
    // SAFETY: the place is as large as the kernel's `struct rusage`.
    unsafe { system::call(system::GETRUSAGE, [CHILDREN, usage.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    let [user_seconds, user_micros, system_seconds, system_micros, ..] = usage;
    (user_seconds + system_seconds) * 1_000_000 + user_micros + system_micros
}

fn answer(socket: usize, watch::End { status, in_time, call }: watch::End, processor: u64, trace: bool) {
    const SIGPROF: c_int = 27;
    let record = record::get();
    let unseen = !in_time || status & 0x7f == SIGPROF;
    let finish = if unseen { Finish::Unseen } else { record.finish.unwrap_or(Finish::Process) };
    let sent_steps = if trace { record.steps } else { 0 };
    let header = Header {
        status,
        finish,
        threads: record.threads as u8,
        steps: record.steps as u32,
        hash: record.hash,
        base: executable_base(),
        atomics: record.atomics,
        output: record.output as u32,
        sent_steps: sent_steps as u32,
        events: record.kept_events() as u32,
        processor: u32::try_from(processor).unwrap_or(u32::MAX),
        outside: record.outside || record.polls_outside,
        polls_outside: record.polls_outside,
        call,
    };
    let mut outbox = Outbox::new(socket);
    outbox.put(&header.encode());
    for thread in &record.thread[..record.threads] {
        outbox.put(&ThreadRecord::encode(thread));
    }
    outbox.put(&record.outputs[..record.output]);
    outbox.put(&record.step[..sent_steps]);
    for words in &record.candidates[..sent_steps] {
        words.iter().for_each(|word| outbox.put(&word.to_le_bytes()));
    }
    for event in record.last_events() {
        outbox.put(&Event::encode(event));
    }
    outbox.send();
}

fn read_exactly(socket: usize, bytes: &mut [u8]) -> bool {
    let mut filled = 0;
    while filled < bytes.len() {
        let rest = &mut bytes[filled..];
        // SAFETY: the slice is valid for the call.
        match unsafe { system::call(system::READ, [socket, rest.as_mut_ptr() as usize, rest.len(), 0, 0, 0]) }
        {
            count if count > 0 => filled += count as usize,
            error if error == -system::EINTR => {}
            _ => return false,
        }
    }
    true
}
