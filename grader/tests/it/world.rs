//! The world that a program lives in under control: what a right program may rely on holds, and what it may not does
//! not hold in some schedule. docs/schedule-control.md has the promises.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{Program, check, grade};

/// The program of hello-threads, with `items` beside `main`, and code at the start and the end of each thread.
struct Hello {
    items: &'static str,
    main: &'static str,
    numbers: &'static str,
    letters: &'static str,
    end: &'static str,
}

const HELLO: Hello = Hello { items: "", main: "", numbers: "", letters: "", end: "" };

impl Hello {
    fn program(&self) -> Program {
        let Self { items, main, numbers, letters, end } = self;
        Program::new(&format!(
            "#![allow(unused_imports)]
use std::sync::{{Arc, Condvar, Mutex, OnceLock, mpsc}};
use std::sync::atomic::{{AtomicBool, AtomicU32, Ordering::SeqCst}};
use std::time::{{Duration, Instant, SystemTime}};
use std::{{env, fs, process, thread}};

{items}

fn main() {{
    {main}
    let numbers = thread::spawn(move || {{
        {numbers}
        for number in 1..=5 {{ println!(\"Number: {{number}}\"); }}
    }});
    let letters = thread::spawn(move || {{
        {letters}
        for letter in 'a'..='e' {{ println!(\"Letter: {{letter}}\"); }}
    }});
    numbers.join().unwrap();
    letters.join().unwrap();
    {end}
    println!(\"Both threads have finished execution.\");
}}
"
        ))
    }

    #[track_caller]
    fn passes(&self) {
        let program = self.program();
        grade(["check", "hello-threads", "--schedules", "240", "--source", &program.path()]).success();
    }

    /// Fails for the promise that every schedule must keep.
    #[track_caller]
    fn fails(&self, id: &str, words: &str) {
        let (code, report) = self.program().grade_as("hello-threads");
        let found = check(&report, id);
        assert_eq!((code, &found["verdict"]), (1, &"fail".into()), "{report:#}");
        assert!(found["message"].as_str().unwrap().contains(words), "{found:#}");
    }
}

#[test]
fn time_goes_on_and_files_are_not_of_the_future() {
    Hello {
        main: "
            let start = (Instant::now(), SystemTime::now());
            fs::write(\"log\", \"begun\").unwrap();
            let written = fs::metadata(\"log\").unwrap().modified().unwrap();
            assert!(written.elapsed().unwrap() < Duration::from_secs(3600), \"it was just written\");
            assert!(fs::metadata(\"/\").unwrap().modified().unwrap() < start.1);
            thread::sleep(Duration::from_millis(1500));
            assert!(start.0.elapsed() >= Duration::from_millis(1500));
            assert!(start.1.elapsed().unwrap() >= Duration::from_millis(1500));
            let day = Duration::from_secs(86_400);
            let log = fs::File::options().write(true).open(\"log\").unwrap();
            log.set_modified(start.1 - day).unwrap();
            assert_eq!(log.metadata().unwrap().modified().unwrap(), start.1 - day);
            log.set_modified(start.1 + day).unwrap();
            assert_eq!(log.metadata().unwrap().modified().unwrap(), start.1 + day);
            thread::spawn(|| loop { thread::sleep(Duration::MAX) });",
        numbers: "let then = Instant::now();",
        letters: "thread::sleep(Duration::from_secs(3)); let then = SystemTime::now();",
        end: "assert!(start.1.elapsed().unwrap() >= Duration::from_millis(4500));",
        ..HELLO
    }
    .passes();
}

#[test]
fn who_waits_for_minutes_is_not_let_down() {
    Hello {
        items: "static DONE: AtomicBool = AtomicBool::new(false);",
        main: "
            thread::spawn(|| while !DONE.load(SeqCst) { thread::sleep(Duration::from_secs(20)); });
            thread::spawn(|| while !DONE.load(SeqCst) { thread::sleep(Duration::from_millis(100)); });
            thread::spawn(|| { thread::sleep(Duration::from_secs(30)); process::exit(1) });
            let deadline = Instant::now() + Duration::from_secs(60);
            let (sender, receiver) = mpsc::channel();
            let other = sender.clone();",
        numbers: "sender.send(()).unwrap();",
        letters: "thread::sleep(Duration::from_secs(2)); other.send(()).unwrap();",
        end: "
            for _ in 0..2 {
                let left = deadline.saturating_duration_since(Instant::now());
                receiver.recv_timeout(left).expect(\"a minute is more than enough\");
            }
            DONE.store(true, SeqCst);",
    }
    .passes();
}

const TOKENS: &str = "
use std::hash::{BuildHasher, Hasher, RandomState};
fn token() -> u64 { RandomState::new().build_hasher().finish() }";

#[test]
fn chance_is_another_one_in_each_thread() {
    Hello {
        items: TOKENS,
        numbers: "static FIRST: OnceLock<u64> = OnceLock::new(); FIRST.set(token()).unwrap();",
        letters: "static SECOND: OnceLock<u64> = OnceLock::new(); SECOND.set(token()).unwrap();
            let mut all: Vec<u64> = (0..9).map(|_| thread::spawn(token).join().unwrap()).collect();
            all.push(token());
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 10);",
        ..HELLO
    }
    .passes();
}

/// In half of the runs of real life both threads draw the same order.
#[test]
fn locks_in_an_order_that_each_thread_draws_meet_in_some_schedule() {
    Hello {
        items: "
            static LOCKS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];
            fn lock_all() {
                let order: std::collections::HashSet<usize> = [0, 1].into();
                let _held: Vec<_> = order.iter().map(|&lock| LOCKS[lock].lock().unwrap()).collect();
            }",
        numbers: "lock_all();",
        letters: "lock_all();",
        ..HELLO
    }
    .fails("terminates", "deadlock");
}

#[test]
fn nothing_says_that_the_grader_is_there() {
    Hello {
        main: "
            let is_ours = |text: &str| text.contains(\"PRELOAD\") || text.contains(\"LOCKSTEP\");
            assert!(env::vars().all(|(name, value)| !is_ours(&name) && !is_ours(&value)));
            let memory = fs::read(\"/proc/self/environ\").unwrap();
            assert!(!is_ours(&String::from_utf8_lossy(&memory)));
            let child = process::Command::new(\"env\").output().unwrap();
            assert!(child.status.success() && !is_ours(&String::from_utf8_lossy(&child.stdout)));
            let parent = process::Command::new(\"sh\").args([\"-c\", \"echo $PPID\"]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&parent.stdout).trim(), process::id().to_string());
            assert_ne!(process::id(), std::os::unix::process::parent_id());
            let processors = thread::available_parallelism().unwrap();
            assert!(processors.get() > 1 && processors == thread::available_parallelism().unwrap());",
        ..HELLO
    }
    .passes();
}

/// The child is a program like any other: nobody controls it, and it sees nothing of who controls its parent.
#[test]
fn a_program_may_start_itself() {
    Hello {
        main: "
            if env::args().nth(1).as_deref() == Some(\"child\") {
                let memory = fs::read(\"/proc/self/environ\").unwrap();
                let is_seen = String::from_utf8_lossy(&memory).contains(\"PRELOAD\");
                let sum = Mutex::new(20);
                thread::scope(|scope| { scope.spawn(|| *sum.lock().unwrap() += 22); });
                print!(\"{is_seen} {:?} {}\", env::var_os(\"LD_PRELOAD\"), sum.into_inner().unwrap());
                return;
            }
            let itself = env::current_exe().unwrap();
            let mut by_fork = process::Command::new(&itself);
            std::os::unix::process::CommandExt::process_group(by_fork.env_clear(), 0);
            for mut child in [process::Command::new(&itself), by_fork] {
                let output = child.arg(\"child\").output().unwrap();
                assert_eq!(String::from_utf8_lossy(&output.stdout), \"false None 42\", \"{output:?}\");
            }",
        ..HELLO
    }
    .passes();
}

#[test]
fn a_hundred_threads_may_live_one_after_the_other() {
    Hello {
        main: "
            let total = Arc::new(AtomicU32::new(0));
            for _ in 0..40 {
                let five: Vec<_> = (0..5).map(|_| {
                    let total = Arc::clone(&total);
                    thread::spawn(move || total.fetch_add(1, SeqCst))
                }).collect();
                five.into_iter().for_each(|one| _ = one.join().unwrap());
            }
            assert_eq!(total.load(SeqCst), 200);",
        ..HELLO
    }
    .grades_without_own_threads();
}

impl Hello {
    /// It starts more threads than the exercise asks for, so only how it ends is looked at.
    #[track_caller]
    fn grades_without_own_threads(&self) {
        let program = self.program();
        let source = ["--source", &program.path(), "--format", "json"];
        let assert = grade(["check", "hello-threads", "--schedules", "40"].into_iter().chain(source));
        let report: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
        for id in ["terminates", "each-in-order", "finish-line-last"] {
            assert_eq!(check(&report, id)["verdict"], "pass", "{report:#}");
        }
    }
}

#[test]
fn who_polls_for_a_thread_that_is_kept_back_gets_on() {
    Hello {
        items: "static FLAGS: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];",
        main: "let (sender, receiver) = mpsc::channel();",
        numbers: "FLAGS[0].store(true, SeqCst);",
        letters: "sender.send(()).unwrap();",
        end: "",
    }
    .passes();
    Hello {
        items: "static FLAGS: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
            fn wait(flag: usize) { while !FLAGS[flag].swap(false, SeqCst) { std::hint::spin_loop(); } }",
        main: "
            let (sender, receiver) = mpsc::channel();
            let polls = thread::spawn(move || while receiver.try_recv().is_err() {});
            thread::spawn(move || sender.send(()).unwrap());
            polls.join().unwrap();
            thread::spawn(|| FLAGS[0].store(true, SeqCst));
            wait(0);",
        ..HELLO
    }
    .passes();
}

const X: &str = "static X: AtomicU32 = AtomicU32::new(0);";
const TORN: &str = "if X.load(SeqCst) != X.load(SeqCst) { println!(\"torn\"); }";

#[test]
fn who_gives_way_or_looks_often_goes_on_in_the_middle_of_another() {
    let yields = "thread::yield_now(); X.store(1, SeqCst);";
    Hello { items: X, numbers: TORN, letters: yields, ..HELLO }.fails("each-in-order", "torn");
    let looks =
        "for _ in 0..std::hint::black_box(40) { if X.load(SeqCst) > 1 { return; } } X.store(1, SeqCst);";
    Hello { items: X, numbers: TORN, letters: looks, ..HELLO }.fails("each-in-order", "torn");
}

#[test]
fn sleep_is_no_synchronisation() {
    Hello {
        items: X,
        numbers: "X.store(1, SeqCst);",
        letters: "thread::sleep(Duration::from_secs(2)); if X.load(SeqCst) == 0 { println!(\"early\"); }",
        ..HELLO
    }
    .fails("each-in-order", "early");
}

#[test]
fn a_livelock_is_told_from_work_that_takes_long() {
    Hello {
        items: "static NEVER: AtomicBool = AtomicBool::new(false);",
        numbers: "while !NEVER.swap(false, SeqCst) { thread::yield_now(); }",
        ..HELLO
    }
    .fails("terminates", "livelock");
    let works = Hello {
        items: "
            static COUNT: parking_lot::Mutex<u32> = parking_lot::Mutex::new(0);
            fn work() { for _ in 0..150 { *COUNT.lock() += 1; } }",
        main: "let more: Vec<_> = (0..4).map(|_| thread::spawn(work)).collect();",
        numbers: "work();",
        letters: "work();",
        end: "
            more.into_iter().for_each(|one| one.join().unwrap());
            assert_eq!(*COUNT.lock(), 900);",
    };
    let program = works.program();
    grade(["check", "hello-threads", "--schedules", "20", "--source", &program.path()])
        .stdout(contains("livelock").not().and(contains("steps").not()));
}

/// However long a run was, its picture shows how it ended.
#[test]
fn the_picture_of_a_long_run_has_its_end() {
    let long = Hello {
        items: "
            static COUNT: AtomicU32 = AtomicU32::new(0);
            static NEVER: AtomicBool = AtomicBool::new(false);",
        main: "for _ in 0..20_000 { COUNT.fetch_add(1, SeqCst); }",
        end: "while !NEVER.swap(false, SeqCst) { thread::yield_now(); }",
        ..HELLO
    };
    let program = long.program();
    let path = program.path();
    let args = [
        "check",
        "hello-threads",
        "--schedules",
        "10",
        "--limit",
        "cpu=1",
        "--format",
        "json",
        "--source",
        &path,
    ];
    let report = serde_json::from_slice(&grade(args).get_output().stdout).unwrap();
    let trace = check(&report, "terminates")["failure"]["trace"].to_string();
    assert!(trace.contains("AtomicBool#1 swap"), "{trace}");
}

#[test]
fn a_stack_overflow_in_a_thread_is_a_crash() {
    let overflows = Hello {
        items: "fn deep(n: u64) -> u64 { if n == 0 { 0 } else { std::hint::black_box(deep(n - 1)) + n } }",
        numbers: "std::hint::black_box(deep(u64::MAX));",
        ..HELLO
    };
    let program = overflows.program();
    grade(["check", "hello-threads", "--schedules", "40", "--source", &program.path()])
        .code(1)
        .stdout(contains("signal 6 ended it").and(contains("no control").not()));
}

#[test]
fn a_schedule_that_is_too_long_is_wrong_usage() {
    let long = ["replay", "hello-threads", "--case", "defaults", "--schedule", "T0x300000"];
    grade(long).code(2).stderr(contains("a schedule has at most 262144 steps"));
}
