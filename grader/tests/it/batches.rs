//! Many runs in one process, asked for at once, are what they would be one by one: whatever they leave behind.

use engine::controlled::RunRecord;
use engine::controlled::runs::Runs;
use schedule::policy::Kind;
use schedule::protocol::{CHILD, Finish, Request};
use schedule::search;

use crate::native::Native;
use crate::support::{Program, TURNS, grade};

/// The program passes every check of even-odd.
#[track_caller]
fn passes(before: &str, inside: &str) {
    let program = Program::new(&TURNS.replace("/* BEFORE */", before).replace("/* INSIDE */", inside));
    grade(["check", "even-odd", "--schedules", "400", "--source", &program.path()]).success();
}

#[test]
fn a_file_that_a_run_makes_is_not_there_in_the_next() {
    passes("std::fs::File::create_new(\"mark\").unwrap();", "");
    passes("", "std::fs::File::create_new(format!(\"mark-{parity}\")).unwrap();");
}

#[test]
fn a_file_that_a_run_makes_and_removes_does_no_harm() {
    passes(
        "",
        "let name = format!(\"mark-{parity}\"); std::fs::create_dir(&name).unwrap(); std::fs::remove_dir(&name).unwrap();",
    );
}

#[test]
fn a_folder_that_a_run_goes_to_is_not_where_the_next_one_begins() {
    passes(
        "assert!(!std::env::current_dir().unwrap().ends_with(\"inner\")); std::fs::create_dir_all(\"inner\").unwrap();",
        "",
    );
    passes(
        "assert_ne!(std::env::current_dir().unwrap(), std::path::Path::new(\"/\"));",
        "std::env::set_current_dir(\"/\").unwrap();",
    );
}

/// The runs of as many schedules, a batch at a time.
fn many(native: &mut Native, count: u64) -> Vec<RunRecord> {
    let request = |seed| Request { seed, policy: Kind::RandomWalk, trace: false, ..search::replay() };
    let all: Vec<Request> = (0..count).map(request).collect();
    let mut runs = Vec::new();
    for batch in all.chunks(16) {
        native.server.ask(&batch[0], &[], &[], &batch[1..]).unwrap();
        runs.extend(batch.iter().map(|_| native.server.answer().unwrap()));
    }
    runs
}

/// What each run printed, by whom.
fn said(run: &RunRecord) -> Vec<(bool, String)> {
    let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    run.output.iter().map(|(head, bytes)| (head.thread == CHILD, text(bytes))).collect()
}

/// Else nothing is gained by it.
#[test]
fn what_comes_before_the_first_thread_is_done_once_for_many_runs() {
    let body = "fn main() {
    use std::io::Write;
    std::fs::OpenOptions::new().create(true).append(true).open(\"begun\").unwrap().write_all(b\"x\").unwrap();
    three(|| println!(\"here\"));
}";
    let mut native = Native::made("", body, Runs::Reset);
    let runs = many(&mut native, 64);
    assert!(runs.iter().all(|run| said(run).len() == 3), "{runs:?}");
    let begun = std::fs::read(native.folder().join("begun")).unwrap().len();
    // In the first run of each runner, and in the run that is made both ways.
    assert!(begun < 10, "{begun}");
}

#[test]
fn what_a_child_prints_before_the_first_thread_stands_in_every_run() {
    let body = "fn main() {
    std::process::Command::new(\"/bin/echo\").arg(\"child\").status().unwrap();
    println!(\"parent\");
    three(|| println!(\"thread\"));
}";
    let mut native = Native::made("", body, Runs::Reset);
    for (number, run) in many(&mut native, 40).iter().enumerate() {
        let said = said(run);
        assert_eq!(said[..2], [(true, "child\n".to_owned()), (false, "parent\n".to_owned())], "{number}");
        assert_eq!(said.len(), 5, "{number}");
    }
}

/// Its time of change stays as it is.
#[test]
fn a_file_that_is_changed_through_a_mapping_is_not_shared_by_runs() {
    let declared =
        "fn mmap(place: *mut u8, size: usize, rights: i32, flags: i32, file: i32, from: i64) -> *mut u8;";
    let body = "fn main() {
    use std::os::fd::AsRawFd;
    let file = std::fs::OpenOptions::new().create(true).read(true).write(true).open(\"shared\").unwrap();
    file.set_len(1).unwrap();
    let place = unsafe { mmap(std::ptr::null_mut(), 1, 1 | 2, 1, file.as_raw_fd(), 0) };
    unsafe { *place += 1 };
    println!(\"{}\", unsafe { *place });
}";
    let mut native = Native::made(declared, body, Runs::Reset);
    assert!(many(&mut native, 20).iter().all(|run| run.header.finish == Finish::KernelThreads));
    let mut native = Native::made(declared, body, Runs::Forked);
    assert_eq!(said(&many(&mut native, 2)[1]), [(false, "2\n".to_owned())]);
}

/// The runs behind it are made, and it is not answered for them.
#[test]
fn a_run_that_ends_its_process_is_one_of_its_batch() {
    let body = "fn main() {
    static LAST: AtomicU32 = AtomicU32::new(0);
    three(|| LAST.store(thread::current().id().as_u64_hash(), SeqCst));
    println!(\"{}\", LAST.load(SeqCst));
    if LAST.load(SeqCst) == 0 { std::process::abort() }
}
trait Hash { fn as_u64_hash(&self) -> u32; }
impl Hash for thread::ThreadId {
    fn as_u64_hash(&self) -> u32 { format!(\"{self:?}\").bytes().map(u32::from).sum::<u32>() % 3 }
}";
    let essence = |run: &RunRecord| (run.header.status, run.header.hash, said(run));
    let [reset, forked] = [Runs::Reset, Runs::Forked]
        .map(|made| many(&mut Native::made("", body, made), 60).iter().map(essence).collect::<Vec<_>>());
    assert_eq!(reset, forked);
    assert!(reset.iter().any(|(status, ..)| *status != 0) && reset.iter().any(|(status, ..)| *status == 0));
}
