//! Threads are contexts of one kernel thread, or kernel threads: the same schedule is the same run.

use std::collections::HashSet;

use confine::run::Invocation;
use confine::sandbox;
use engine::controlled::runs::Runs;
use engine::controlled::{Controlled, RunRecord};
use engine::program::Program;
use schedule::protocol::{CHILD, Finish, Request};
use schedule::search::Search;
use schedule::search::portfolio::Portfolio;

use crate::support::{built_of, root};

const SCHEDULES: usize = 60;

/// All but `proc`, which is about kernel threads, and `child`, of which no two runs are the same.
const PROGRAMS: [&str; 18] = [
    "locals",
    "detached",
    "panics",
    "panic-in-a-destructor",
    "double-panic",
    "exit",
    "overflow",
    "abort",
    "stacks",
    "one-after-another",
    "statics",
    "meetings",
    "times",
    "surroundings",
    "heap",
    "nested",
    "spin",
    "backtrace",
];

fn torture() -> Program {
    let main = std::fs::read(root().join("grader/tests/torture/program.rs")).unwrap();
    built_of([("main.rs".into(), main)])
}

/// The runs of the same schedules, so many asked for at once, these in an empty folder.
fn runs(program: &Program, what: &str, threads: Runs, at_once: usize) -> Vec<RunRecord> {
    let folder = sandbox::folder(1 << 28).unwrap();
    let call = Invocation::new(&program.path, folder.path()).args([what]);
    let mut server = Controlled::start(call, &program.runtime, program.sites(), 0, threads).unwrap();
    let requests: Vec<Request> =
        Portfolio::new(7, 300).propose(SCHEDULES).into_iter().map(|attempt| attempt.request).collect();
    let mut runs = Vec::new();
    for requests in requests.chunks(at_once) {
        folder.renew().unwrap();
        server.ask(&requests[0], &[], &[], &requests[1..]).unwrap();
        runs.extend(requests.iter().map(|_| server.answer().unwrap()));
    }
    runs
}

/// What must be the same: all but the numbers that the system gives to threads, which panics name.
fn essence(run: &RunRecord) -> String {
    let header = &run.header;
    let said = |(head, text): &(schedule::protocol::OutputHead, Vec<u8>)| {
        let text = String::from_utf8_lossy(text);
        let without_numbers: String = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let text = if head.descriptor == 2 { without_numbers } else { text.into_owned() };
        // What a child prints comes when it comes.
        (head.thread != CHILD).then(|| format!("{} {}: {text:?}", head.thread, head.step))
    };
    let output: Vec<String> = run.output.iter().filter_map(said).collect();
    format!(
        "{:?} {:x} {} threads, {} steps, {:x}, {} atomics: {output:?}",
        header.finish, header.status, header.threads, header.steps, header.hash, header.atomics
    )
}

/// They read `/proc/self/maps`, where the stacks of contexts stand, too: how often depends on its length.
const READS_MAPS: [&str; 2] = ["double-panic", "backtrace"];

#[test]
fn a_schedule_is_the_same_run_in_whatever_way_threads_are_made() {
    let program = torture();
    for what in PROGRAMS {
        // It changes its folder.
        let many = if what == "surroundings" { 1 } else { 7 };
        let forked = runs(&program, what, Runs::Forked, 1);
        for (made, at_once) in [(Runs::WithKernelThreads, 1), (Runs::Reset, 1), (Runs::Reset, many)] {
            if made == Runs::WithKernelThreads && READS_MAPS.contains(&what) {
                continue;
            }
            let others = runs(&program, what, made, at_once);
            for (number, (one, other)) in forked.iter().zip(&others).enumerate() {
                let (one, other) = (essence(one), essence(other));
                let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
                let rest =
                    |text: &str| text.chars().skip(same.saturating_sub(200)).take(400).collect::<String>();
                assert!(
                    one == other,
                    "{what}, schedule {number}, {made:?}, {at_once} at once:\n{}\n{}",
                    rest(&one),
                    rest(&other)
                );
            }
        }
    }
}

/// Else all that is held against other ways says nothing.
#[test]
fn many_runs_are_made_in_one_process() {
    let program = torture();
    let processes = |made| {
        let runs = runs(&program, "process", made, 5);
        runs.iter().map(|run| run.observation().stdout.bytes.to_vec()).collect::<HashSet<_>>().len()
    };
    assert_eq!(processes(Runs::Forked), SCHEDULES);
    // Replays, of which there are some, have a process of their own, and so does the runner after each.
    assert!((1..SCHEDULES / 3).contains(&processes(Runs::Reset)), "{}", processes(Runs::Reset));
}

#[test]
fn children_of_contexts_are_waited_for() {
    let runs = runs(&torture(), "child", Runs::Forked, 1);
    let said =
        |run: &RunRecord| (run.header.finish, run.header.status, run.observation().stdout.bytes.to_vec());
    assert!(runs.iter().all(|run| said(run) == (Finish::Process, 0, b"2\n2\n".to_vec())), "{runs:?}");
}

#[test]
fn a_program_that_asks_for_kernel_threads_has_them() {
    let program = torture();
    let finishes = |threads| {
        let runs = runs(&program, "proc", threads, 1);
        runs.iter().map(|run| run.header.finish).collect::<Vec<_>>()
    };
    assert!(finishes(Runs::Forked).iter().all(|finish| *finish == Finish::KernelThreads));
    let kernel = runs(&program, "proc", Runs::WithKernelThreads, 1);
    assert!(kernel.iter().all(|run| &*run.observation().stdout.bytes == b"3\n"), "{kernel:?}");
}
