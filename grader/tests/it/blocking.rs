//! Calls that block in the kernel: two threads meet in each of them under control, or it is said which one is not.

use std::process::Command;

use grader::compile::{self, Controllable};
use grader::controlled::{Controlled, Record};
use grader::run::{Invocation, keeper};
use grader::source::Source;
use grader::workspace::Workspace;
use predicates::str::contains;
use schedule::policy::Kind;
use schedule::protocol::{Finish, Request};
use schedule::search;

use crate::support::{Program, check, even_odd, grade, root};

/// Programs in parts: each function without arguments is a row of the table in `docs/schedule-control.md`.
const PARTS: [(&str, &str); 6] = [
    ("pipes", include_str!("blocking/pipes.rs")),
    ("sockets", include_str!("blocking/sockets.rs")),
    ("tcp", include_str!("blocking/tcp.rs")),
    ("fifos", include_str!("blocking/fifos.rs")),
    ("locks", include_str!("blocking/locks.rs")),
    ("children", include_str!("blocking/children.rs")),
];

/// What the exercise asks for, once all rows are done.
const HELLO: &str = "
    let n = thread::spawn(|| for i in 1..=5 { println!(\"Number: {i}\"); });
    let l = thread::spawn(|| for c in 'a'..='e' { println!(\"Letter: {c}\"); });
    n.join().unwrap();
    l.join().unwrap();
    println!(\"Both threads have finished execution.\");
";

fn rows(part: &str) -> Vec<&str> {
    part.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {")).collect()
}

/// Grades the rows of one part as one program, under few schedules.
#[track_caller]
fn meets(name: &str, options: &[&str]) {
    let (_, part) = PARTS.iter().find(|(known, _)| *known == name).unwrap();
    let calls: String = rows(part).iter().map(|row| format!("    {row}();\n")).collect();
    let program = Program::new(&format!("{part}\nfn main() {{\n{calls}{HELLO}}}\n"));
    let path = program.path();
    let args = ["check", "hello-threads", "--format", "json", "--schedules", "20", "--source", &path];
    let assert = grade(args.into_iter().chain(options.iter().copied()));
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    for id in ["each-in-order", "own-threads", "finish-line-last", "terminates"] {
        let check = check(&report, id);
        assert_eq!(check["verdict"], "pass", "{name}: {check:#}");
    }
}

#[test]
fn threads_meet_in_pipes() {
    meets("pipes", &[]);
}

#[test]
fn threads_meet_in_sockets() {
    meets("sockets", &[]);
}

/// Landlock keeps an exercise without a network from TCP.
#[test]
fn threads_meet_in_a_network() {
    meets("tcp", &["--without", "landlock"]);
}

#[test]
fn threads_meet_in_named_pipes() {
    meets("fifos", &[]);
}

#[test]
fn threads_meet_in_file_locks() {
    meets("locks", &[]);
}

#[test]
fn threads_wait_for_children() {
    meets("children", &[]);
}

#[test]
fn the_documented_table_names_these_rows() {
    let text = std::fs::read_to_string(root().join("docs/schedule-control.md")).unwrap();
    let table = text.split("## Calls that block").nth(1).unwrap();
    for row in PARTS.iter().flat_map(|(_, part)| rows(part)) {
        assert!(table.contains(&format!("`{row}`")), "{row} is not in the table");
    }
}

/// Grades a wrong program, and holds what is said against `said`.
#[track_caller]
fn is_called(said: &str, body: &str) {
    let program = Program::new(body);
    let path = program.path();
    grade(["check", "hello-threads", "--schedules", "100", "--source", &path]).code(1).stdout(contains(said));
}

#[test]
fn who_fills_a_pipe_that_nobody_reads_is_deadlocked() {
    is_called(
        "deadlock: its only thread waits for ever",
        "use std::io::{Read, Write};
fn main() {
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[0; 200_000]).unwrap();
    reader.read_exact(&mut [0]).unwrap();
}",
    );
}

#[test]
fn two_file_locks_in_opposite_orders_are_a_deadlock() {
    is_called(
        "deadlock: all 3 threads wait for each other",
        "use std::fs::File;
use std::thread;
fn locked(first: &'static str, second: &'static str) {
    let open = |name| File::options().create(true).truncate(false).write(true).open(name).unwrap();
    let (first, second) = (open(first), open(second));
    first.lock().unwrap();
    second.lock().unwrap();
}
fn main() {
    let one = thread::spawn(|| locked(\"a\", \"b\"));
    let other = thread::spawn(|| locked(\"b\", \"a\"));
    one.join().unwrap();
    other.join().unwrap();
}",
    );
}

/// Two threads that wait for each other's bytes on two pairs of sockets.
#[test]
fn sockets_on_which_nobody_writes_are_a_deadlock() {
    is_called(
        "deadlock: all 2 threads wait for each other",
        "use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
fn main() {
    let (mut one, mut other) = UnixStream::pair().unwrap();
    let thread = std::thread::spawn(move || {
        other.read_exact(&mut [0]).unwrap();
        other.write_all(b\"x\").unwrap();
    });
    one.read_exact(&mut [0]).unwrap();
    one.write_all(b\"x\").unwrap();
    thread.join().unwrap();
}",
    );
}

/// The main thread prints the first number, a child that inherits standard output the rest but the last.
const CHILD_PRINTS: &str = "println!(\"1\");
    let last = max.saturating_sub(1);
    std::process::Command::new(\"seq\").args([\"2\", &last.to_string()]).status().unwrap();
    if max > 1 { println!(\"{max}\"); }
    if max == 0 { std::process::exit(1) }";

#[test]
fn what_a_child_prints_is_in_its_place() {
    let program = Program::new(&even_odd(CHILD_PRINTS));
    let path = program.path();
    let replay = ["replay", "even-odd", "--case", "max-7", "--schedule", "T0×1", "--format", "json"];
    let assert = grade(replay.into_iter().chain(["--source", &path]));
    let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    assert_eq!(check(&report, "alternates")["verdict"], "pass", "{report:#}");
}

#[test]
fn what_a_child_prints_is_written_by_no_thread() {
    let program = Program::new(&even_odd(
        "std::process::Command::new(\"seq\").arg(max.to_string()).status().unwrap();",
    ));
    let path = program.path();
    grade(["check", "even-odd", "--schedules", "20", "--source", &path])
        .stdout(contains("a child process writes 1"));
}

/// A program that calls what safe code cannot, as C code in a crate does. It is not graded, only run under control.
struct Native {
    _folder: tempfile::TempDir,
    server: Controlled,
}

impl Native {
    /// `declared` are functions of C. The course's own settings forbid to call them, so they have no part in the build.
    fn new(declared: &str, body: &str) -> Self {
        keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
        let workspace = Workspace::at(root());
        compile::prepare(&workspace, "hello-threads").unwrap();
        let source = Source::read(&workspace, "hello-threads", None).unwrap();
        let Controllable::Ready(control) = compile::control(&workspace, "hello-threads", &source).unwrap()
        else {
            panic!("the course's own source has errors");
        };
        let folder = tempfile::tempdir().unwrap();
        let (main, program) = (folder.path().join("main.rs"), folder.path().join("program"));
        std::fs::write(&main, format!("unsafe extern \"C\" {{ {declared} }}\n{NATIVE}\n{body}")).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "-Awarnings", "-Copt-level=1", "-Cforce-frame-pointers=yes", "-o"]);
        assert!(rustc.arg(&program).arg(&main).status().unwrap().success());
        let server = Controlled::start(Invocation::new(program, folder.path()), &control.runtime, 0).unwrap();
        Self { _folder: folder, server }
    }

    /// Runs it under some schedule.
    fn run(&mut self, seed: u64) -> Record {
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

/// Runs a native program under several schedules; all end well.
#[track_caller]
fn meets_natively(declared: &str, body: &str) {
    let mut native = Native::new(declared, body);
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
        assert_eq!(unsafe { syscall(1, number, all.as_ptr(), all.len()) }, 200_000);
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
