//! Programs that call what safe code cannot, as C code in a crate does. They are not graded, only run under control.

use std::path::Path;
use std::process::Command;

use confine::run::Invocation;
use engine::controlled::runs::Runs;
use engine::controlled::{Controlled, RunRecord};
use schedule::policy::Kind;
use schedule::protocol::{Finish, Request};
use schedule::search;

use crate::support::built;

/// One program, under control.
pub(crate) struct Native {
    folder: tempfile::TempDir,
    pub(crate) server: Controlled,
}

impl Native {
    /// `declared` are functions of C. The course's own settings forbid to call them, so they have no part in the build.
    fn new(declared: &str, body: &str) -> Self {
        Self::made(declared, body, Runs::Forked)
    }

    pub(crate) fn made(declared: &str, body: &str, runs: Runs) -> Self {
        let hello = built("hello-threads");
        let declared = format!(
            "unsafe extern \"C\" {{ {declared} }}\nconst WRITE: i64 = {};\nconst FUTEX: i64 = {};",
            libc::SYS_write,
            libc::SYS_futex
        );
        let folder = tempfile::tempdir().unwrap();
        let (main, program) = (folder.path().join("main.rs"), folder.path().join("program"));
        std::fs::write(&main, format!("{declared}\n{NATIVE}\n{body}")).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-Awarnings", "-Copt-level=1", "-Cforce-frame-pointers=yes", "-o"]);
        assert!(rustc.arg(&program).arg(&main).status().unwrap().success());
        let server = Controlled::start(
            Invocation::new(program, folder.path()),
            &hello.runtime,
            hello.sites(),
            0,
            runs,
        )
        .unwrap();
        Self { folder, server }
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it under some schedule.
    fn run(&mut self, seed: u64) -> RunRecord {
        let request = Request { seed, policy: Kind::RandomWalk, trace: false, ..search::replay() };
        self.server.run(&request, &[]).unwrap()
    }
}

/// What these programs have in common: memory for objects of C, and threads that use it.
const NATIVE: &str = "
use std::thread;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
static INSIDE: AtomicU32 = AtomicU32::new(0);
#[repr(align(16))]
pub struct Object([u8; 64]);
static mut OBJECT: Object = Object([0; 64]);
static mut OTHER: Object = Object([0; 64]);
fn object() -> *mut Object { &raw mut OBJECT }
fn other() -> *mut Object { &raw mut OTHER }
/// Three threads do the same.
fn three(act: fn()) {
    let all: Vec<_> = (0..3).map(|_| thread::spawn(act)).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}
/// Nobody else may be inside.
fn alone() {
    assert_eq!(INSIDE.fetch_add(1, SeqCst), 0);
    thread::yield_now();
    INSIDE.fetch_sub(1, SeqCst);
}
";

/// What nobody is called for cannot be undone, and is not seen by looking: but some runs are made both ways.
#[test]
fn what_a_run_leaves_in_its_process_is_noticed() {
    // How late timers may be, PR_GET_TIMERSLACK and PR_SET_TIMERSLACK of prctl(2).
    let slack = "fn control(what: usize, value: usize) -> usize {
    let result;
    #[cfg(target_arch = \"x86_64\")]
    unsafe { std::arch::asm!(\"syscall\", inlateout(\"rax\") 157usize => result, in(\"rdi\") what, in(\"rsi\") value, out(\"rcx\") _, out(\"r11\") _) };
    #[cfg(target_arch = \"aarch64\")]
    unsafe { std::arch::asm!(\"svc 0\", inlateout(\"x0\") what => result, in(\"x1\") value, in(\"x8\") 167usize) };
    result
}
fn main() {
    println!(\"{}\", if control(30, 0) == 77 { \"again\" } else { \"first\" });
    control(29, 77);
}";
    let mut native = Native::made("", slack, Runs::Reset);
    let runs: Vec<RunRecord> = (0..50).map(|seed| native.run(seed)).collect();
    let leaked: Vec<usize> = (0..50).filter(|&number| runs[number].header.leaked).collect();
    assert_eq!(leaked, [31]);
    // That one is what it is in a process of its own.
    let said = |number: usize| runs[number].observation().stdout.bytes.to_vec();
    assert_eq!(
        [said(0), said(30), said(31)],
        [b"first\n".to_vec(), b"again\n".to_vec(), b"first\n".to_vec()]
    );
}

/// Runs a native program under several schedules; all end well.
#[track_caller]
fn meets_natively(declared: &str, body: &str) {
    end_well(Native::new(declared, body));
}

#[track_caller]
fn end_well(mut native: Native) {
    for seed in 0..20 {
        let record = native.run(seed);
        let ended = (record.header.finish, record.header.status);
        assert_eq!(ended, (Finish::Process, 0), "seed {seed}: {:?}", record.observation().stderr);
    }
}

#[test]
fn mutexes_and_conditions_of_c() {
    meets_natively(
        "fn pthread_mutex_lock(m: *mut Object) -> i32; fn pthread_mutex_unlock(m: *mut Object) -> i32;
         fn pthread_cond_wait(c: *mut Object, m: *mut Object) -> i32; fn pthread_cond_broadcast(c: *mut Object) -> i32;",
        "static mut TURN: u32 = 0;
fn main() {
    three(|| for _ in 0..3 { unsafe { pthread_mutex_lock(object()); alone(); pthread_mutex_unlock(object()); } });
    let all: Vec<_> = (0..3).map(|own| thread::spawn(move || unsafe {
        pthread_mutex_lock(object());
        while TURN != own { pthread_cond_wait(other(), object()); }
        TURN += 1;
        pthread_cond_broadcast(other());
        pthread_mutex_unlock(object());
    })).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
}",
    );
}

#[test]
fn read_write_and_spin_locks_of_c() {
    meets_natively(
        "fn pthread_rwlock_wrlock(l: *mut Object) -> i32; fn pthread_rwlock_rdlock(l: *mut Object) -> i32;
         fn pthread_rwlock_unlock(l: *mut Object) -> i32; fn pthread_spin_lock(l: *mut Object) -> i32;
         fn pthread_spin_init(l: *mut Object, shared: i32) -> i32; fn pthread_spin_unlock(l: *mut Object) -> i32;",
        "fn main() {
    three(|| unsafe {
        pthread_rwlock_wrlock(object()); alone(); pthread_rwlock_unlock(object());
        pthread_rwlock_rdlock(object()); thread::yield_now(); pthread_rwlock_unlock(object());
    });
    unsafe { pthread_spin_init(other(), 0) };
    three(|| unsafe { pthread_spin_lock(other()); alone(); pthread_spin_unlock(other()); });
}",
    );
}

#[test]
fn barriers_semaphores_and_once_of_c() {
    meets_natively(
        "fn pthread_barrier_init(b: *mut Object, a: usize, count: u32) -> i32;
         fn pthread_barrier_wait(b: *mut Object) -> i32; fn pthread_barrier_destroy(b: *mut Object) -> i32;
         fn sem_init(s: *mut Object, shared: i32, value: u32) -> i32; fn sem_wait(s: *mut Object) -> i32;
         fn sem_post(s: *mut Object) -> i32; fn pthread_once(o: *mut Object, act: extern \"C\" fn()) -> i32;",
        "extern \"C\" fn first() { thread::yield_now(); INSIDE.fetch_add(1, SeqCst); }
fn main() {
    unsafe { pthread_barrier_init(object(), 0, 3) };
    three(|| for round in 1..4 {
        INSIDE.fetch_add(1, SeqCst);
        unsafe { pthread_barrier_wait(object()) };
        assert!(INSIDE.load(SeqCst) >= 3 * round);
        unsafe { pthread_barrier_wait(object()) };
    });
    unsafe { pthread_barrier_destroy(object()) };
    INSIDE.store(0, SeqCst);
    unsafe { sem_init(other(), 0, 1) };
    three(|| unsafe { sem_wait(other()); alone(); sem_post(other()); });
    static mut ONCE: Object = Object([0; 64]);
    three(|| { unsafe { pthread_once(&raw mut ONCE, first) }; assert_eq!(INSIDE.load(SeqCst), 1); });
}",
    );
}

/// Two mutexes of C in opposite orders: proven, as for those of std.
#[test]
fn mutexes_of_c_deadlock() {
    let mut native = Native::new(
        "fn pthread_mutex_lock(m: *mut Object) -> i32; fn pthread_mutex_unlock(m: *mut Object) -> i32;",
        "fn both(one: usize, other: usize) {
    let (one, other) = (one as *mut Object, other as *mut Object);
    unsafe { pthread_mutex_lock(one); pthread_mutex_lock(other); pthread_mutex_unlock(other); pthread_mutex_unlock(one); }
}
fn main() {
    let (one, two) = (object() as usize, other() as usize);
    let thread = thread::spawn(move || both(one, two));
    both(two, one);
    thread.join().unwrap();
}",
    );
    let finishes: Vec<Finish> = (0..60).map(|seed| native.run(seed).header.finish).collect();
    assert!(finishes.contains(&Finish::Deadlock) && finishes.contains(&Finish::Process), "{finishes:?}");
}

#[test]
fn record_locks_select_and_numbered_calls() {
    meets_natively(
        "fn lockf(f: i32, command: i32, length: i64) -> i32; fn syscall(number: i64, ...) -> i64;
         fn select(n: i32, r: *mut [u64; 16], w: usize, e: usize, t: usize) -> i32;",
        "use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
fn main() {
    let file = File::create(\"part\").unwrap();
    assert_eq!(unsafe { lockf(file.as_raw_fd(), 1, 0) }, 0);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let number = writer.as_raw_fd();
    let sends = thread::spawn(move || {
        let all = vec![1u8; 200_000];
        assert_eq!(unsafe { syscall(WRITE, number, all.as_ptr(), all.len()) }, 200_000);
        drop(writer);
    });
    let own = reader.as_raw_fd();
    let mut set = [0u64; 16];
    set[own as usize / 64] |= 1 << (own % 64);
    assert_eq!(unsafe { select(own + 1, &mut set, 0, 0, 0) }, 1);
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 200_000);
    sends.join().unwrap();
    let time = [0i64, 5_000];
    assert_eq!(unsafe { select(0, &mut set, 0, 0, time.as_ptr() as usize) }, 0, \"a sleep\");
    let cat = Command::new(\"cat\").stdin(Stdio::null()).status().unwrap();
    assert!(cat.success());
}",
    );
}

/// Waiting for a signal is nobody's business but the kernel's.
#[test]
fn a_call_without_control_is_named() {
    let mut native = Native::new(
        "fn sigsuspend(mask: *const Object) -> i32;",
        "fn main() {
    thread::spawn(|| unsafe { sigsuspend(object()) }).join().unwrap();
}",
    );
    let record = native.run(0);
    assert_eq!(record.header.finish, Finish::Unseen);
    let said = record.observation().ending().to_string();
    assert_eq!(said, "it waits in the system call rt_sigsuspend, which is not under control");
}

/// A handler of signals runs whenever the kernel wants, also in a thread that is not the one that may go on, or while
/// one is in a call of control itself. What it does there is no step, and breaks nothing. Such a program has kernel threads.
#[test]
fn handlers_of_signals_run_beside_control() {
    let [declared, body] = [
        "fn signal(number: i32, handler: extern \"C\" fn(i32)) -> usize; fn raise(number: i32) -> i32;
         fn pthread_self() -> usize; fn pthread_kill(thread: usize, number: i32) -> i32;",
        "static HANDLED: AtomicU32 = AtomicU32::new(0);
static MAIN: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
static COUNT: std::sync::Mutex<u32> = std::sync::Mutex::new(0);
extern \"C\" fn handler(_: i32) { HANDLED.fetch_add(1, SeqCst); thread::yield_now(); }
fn main() {
    unsafe { signal(10, handler) };
    MAIN.set(unsafe { pthread_self() }).unwrap();
    three(|| for _ in 0..20 {
        let mut count = COUNT.lock().unwrap();
        unsafe { pthread_kill(*MAIN.get().unwrap(), 10) };
        alone();
        *count += 1;
        unsafe { raise(10) };
    });
    assert_eq!(*COUNT.lock().unwrap(), 60);
    assert!(HANDLED.load(SeqCst) > 60);
}",
    ];
    let mut asking = Native::new(declared, body);
    assert_eq!(asking.run(0).header.finish, Finish::KernelThreads);
    end_well(Native::made(declared, body, Runs::WithKernelThreads));
}

/// futex(2): a waiter is moved from one word to another, and two words are woken at once.
#[test]
fn waiters_are_moved_between_futexes() {
    meets_natively(
        "fn syscall(number: i64, word: *const AtomicU32, operation: i32, value: u32, second: usize,
                    other: *const AtomicU32, third: u32) -> i64;",
        "static WORDS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
fn waits() { assert_eq!(unsafe { syscall(FUTEX, &WORDS[0], 128, 0, 0, &WORDS[0], 0) }, 0); }
fn main() {
    let [one, other] = &WORDS;
    for operation in [3 | 128, 4 | 128] {
        let all: Vec<_> = (0..2).map(|_| thread::spawn(waits)).collect();
        let (mut moved, mut woken) = (0, 0);
        while woken < 2 {
            // Woken and moved are counted by either call, whatever futex(2) says of the older one.
            moved += unsafe { syscall(FUTEX, one, operation, 0, 2, other, 0) };
            woken += unsafe { syscall(FUTEX, other, 129, 9, 0, other, 0) };
            assert_eq!(moved, woken);
            thread::yield_now();
        }
        all.into_iter().for_each(|thread| thread.join().unwrap());
    }
    assert_eq!(unsafe { syscall(FUTEX, one, 4 | 128, 0, 1, other, 7) }, -1, \"the word is not 7\");
    // FUTEX_WAKE_OP adds nothing to the second word, and wakes there if it was 0.
    let thread = thread::spawn(waits);
    while unsafe { syscall(FUTEX, other, 5 | 128, 1, 1, one, 1 << 28) } == 0 { thread::yield_now(); }
    thread.join().unwrap();
    // Now it sets it to 5.
    assert_eq!(unsafe { syscall(FUTEX, other, 5 | 128, 1, 1, one, 5 << 12) }, 0);
    assert_eq!(one.load(SeqCst), 5);
}",
    );
}

/// What only the kernel can judge ends the run, and proves nothing: a deadlock that is none must never be told.
#[test]
fn futexes_that_only_the_kernel_knows_prove_nothing() {
    let mut native = Native::new(
        "fn syscall(number: i64, word: *const AtomicU32, operation: i32, value: u32, time: usize) -> i64;",
        "static WORD: AtomicU32 = AtomicU32::new(0);
fn main() {
    assert_eq!(unsafe { syscall(FUTEX, &WORD, 6 | 128, 0, 0) }, 0);
    let thread = thread::spawn(|| unsafe { syscall(FUTEX, &WORD, 6 | 128, 0, 0) });
    assert_eq!(unsafe { syscall(FUTEX, &WORD, 7 | 128, 0, 0) }, 0);
    assert_eq!(thread.join().unwrap(), 0);
}",
    );
    assert_eq!(native.run(0).header.finish, Finish::Unseen);
}
