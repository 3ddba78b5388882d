//! Readers, bounded buffers, and child processes that test numbers.

mod judges;
mod scenario;

use engine::case::{Call, Case, External};
use engine::judgement::{Fault, Judgement};

use self::judges::{
    Complaint, all_workers_killed, bounded_memory, complains, counts_right, had_children, has_workers,
    in_order, killed_worker, unless_stopped,
};
use self::scenario::{Fed, Feeding};
use crate::exercise::{Check, Exercise};
use crate::judges::{ends, terminates};
use crate::wrong_usage::{USAGE, wrong_usage};

/// Numbers that flow from files through threads to child processes and back.
pub static EXERCISE: Exercise = Exercise {
    name: "pipeline",
    summary: "Threads read numbers, child processes test them, and bounded buffers stand between",
    checks: &[
        Check { id: "counts-right", about: "the primes and the numbers of each file are counted" },
        Check { id: "in-argument-order", about: "there is one line for each file, in argument order" },
        Check { id: "bad-lines", about: "a line that is no number is named, and the rest is counted" },
        Check {
            id: "worker-death",
            about: "a dead worker's numbers get one more chance, and then are named",
        },
        Check { id: "bounded-memory", about: "no more is read than fits between readers and workers" },
        Check { id: "no-child-left", about: "no child process is alive when the program has ended" },
        Check { id: "terminates", about: "the program ends, also with empty files" },
        USAGE,
    ],
    after: &[
        ("no-child-left", &["counts-right"]),
        ("terminates", &["counts-right"]),
        (USAGE.id, &["counts-right"]),
    ],
    cases,
};

/// A file of numbers: its name and its text.
type Numbers = (&'static str, String);

fn cases(_seed: u64) -> Vec<Case> {
    let few = || vec![("b", range(0, 40)), ("a", range(90, 131)), ("c", range(1_000_000, 1_000_050))];
    let one = || vec![("a", range(0, 30))];
    let names = ["c", "b", "a", "h", "e", "f", "g", "d"];
    let many: Vec<Numbers> =
        names.into_iter().zip(0..).map(|(name, at)| (name, range(at * 500, at * 997))).collect();
    let empty = vec![("a", String::new()), ("b", range(2, 4)), ("c", String::new())];
    // Wide numbers that would be others in 32 bits, 2 and 3 among them, and negative ones.
    let wide = vec![("a", range(4_294_967_290, 4_294_967_320)), ("b", "-7\n-1\n0\n1\n2\n".to_owned())];
    // More questions and more answers than pipes hold, however short the answers are.
    let long = vec![("a", range(100_000, 180_000))];
    let small = vec![("b", range(0, 8)), ("a", range(90, 98))];
    let unended = vec![("a", "2\n3\n5".to_owned()), ("b", "4".to_owned())];
    let twice = vec![("b", range(0, 20)), ("a", range(90, 95)), ("b", range(0, 20))];
    let bad = vec![("a", range(0, 20)), ("b", "2\n3\nfour\n5\n".to_owned()), ("c", range(5, 9))];
    let deadly = vec![("a", range(0, 20)), ("b", range(20, 40)), ("c", range(40, 50))];
    let right = [
        counted("one-file", &["--workers", "1", "--readers", "1"], one()).runs(3),
        counted("few-files", &[], few()).runs(4),
        // The program's own threads are under control there, what the children do is not.
        counted_under_control("small-files", &["--readers", "2"], small)
            .talking(External::Others)
            .runs(1)
            .explored(2),
        counted("more-of-all", &["--workers", "3", "--readers", "7"], few()).runs(3),
        counted("empty-files", &[], empty).runs(3),
        counted("wide-and-negative", &[], wide).runs(1),
        counted("many-files", &["--workers", "2", "--readers", "3"], many).runs(3),
        counted("long-file", &["--workers", "1"], long).runs(1),
        counted("no-last-newline", &[], unended).runs(1),
        counted("same-file-twice", &[], twice).runs(2),
        missing_file(few()).runs(2),
        bad_lines(bad).runs(3),
        crashing("crash", &["--crash-on", "30"], deadly.clone(), true).runs(3),
        crashing("crash-one-worker", &["--workers", "1", "--crash-on", "30"], deadly.clone(), true).runs(2),
        crashing("crash-on-nothing", &["--crash-on", "77"], deadly, false).runs(2),
        fed("stopped-workers", Feeding::Stopped)
            .runs(1)
            .judge("worker-death", has_workers)
            .judge("bounded-memory", bounded_memory)
            .judge_ending("terminates", unless_stopped(terminates(0))),
        fed("killed-worker", Feeding::Killed)
            .runs(2)
            .judge("worker-death", |seen| killed_worker(seen, Fed::FEW))
            .judge_ending("terminates", ends()),
        fed("killed-at-work", Feeding::KilledAtWork)
            .runs(4)
            .judge("worker-death", |seen| killed_worker(seen, Fed::MANY))
            .judge_ending("terminates", ends()),
        fed("all-killed", Feeding::AllKilled)
            .runs(2)
            .judge("worker-death", all_workers_killed)
            .judge_ending("terminates", unless_stopped(ends())),
    ];
    let wrong =
        wrong_usage(&[("no-workers", &["--workers", "0", "a"]), ("no-readers", &["--readers", "0", "a"])]);
    right.into_iter().chain(wrong).collect()
}

fn range(first: u64, last: u64) -> String {
    (first..last).map(|number| format!("{number}\n")).collect()
}

/// By trial division with 2, 3 and what has no remainder with them. A plain loop: the grader is built to be built fast.
fn is_prime(number: u64) -> bool {
    if number < 4 {
        return number >= 2;
    }
    if number.is_multiple_of(2) || number.is_multiple_of(3) {
        return false;
    }
    let mut divisor = 5;
    while divisor * divisor <= number {
        if number.is_multiple_of(divisor) || number.is_multiple_of(divisor + 2) {
            return false;
        }
        divisor += 6;
    }
    true
}

/// The line for a file; lines that are no numbers do not count.
fn due(name: &str, text: &str) -> String {
    let numbers: Vec<i64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let primes = numbers.iter().filter(|&&number| u64::try_from(number).is_ok_and(is_prime)).count();
    format!("{name}: {primes} of {} are prime", numbers.len())
}

fn call(options: &[&str], files: &[Numbers]) -> Call {
    let names = files.iter().map(|(name, _)| *name);
    Call {
        args: options.iter().copied().chain(names).map(str::to_owned).collect(),
        files: files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())).collect(),
    }
}

fn counted(id: &str, options: &[&str], files: Vec<Numbers>) -> Case {
    childless(counted_under_control(id, options, files))
}

/// Without the children that are left: under control they are ended before anybody could see them.
fn counted_under_control(id: &str, options: &[&str], files: Vec<Numbers>) -> Case {
    let due: Vec<String> = files.iter().map(|(name, text)| due(name, text)).collect();
    let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    Case::new(id, call(options, &files))
        .judge("counts-right", move |seen| counts_right(seen, &due).into())
        .judge("in-argument-order", move |seen| in_order(seen, &names).into())
        .judge_ending("terminates", terminates(0))
}

/// Another file, which does not exist, comes first.
fn missing_file(files: Vec<Numbers>) -> Case {
    let due: Vec<String> = files.iter().map(|(name, text)| due(name, text)).collect();
    childless(Case::new("missing-file", call(&["missing"], &files)))
        .judge("counts-right", move |seen| complains(seen, &due, Complaint::Subject("pipeline: missing: ")))
        .judge_ending("terminates", ends())
}

fn bad_lines(files: Vec<Numbers>) -> Case {
    let due: Vec<String> = files.iter().map(|(name, text)| due(name, text)).collect();
    childless(Case::new("bad-line", call(&[], &files)))
        .judge("bad-lines", move |seen| {
            complains(seen, &due, Complaint::Line("pipeline: b:3: not a number: four"))
        })
        .judge_ending("terminates", ends())
}

/// Whether no worker survives file `b`.
fn crashing(id: &str, options: &[&str], files: Vec<Numbers>, dies: bool) -> Case {
    let rest = files.iter().filter(|(name, _)| !dies || *name != "b");
    let due: Vec<String> = rest.map(|(name, text)| due(name, text)).collect();
    childless(Case::new(id, call(options, &files)))
        .judge("worker-death", move |seen| {
            if dies {
                return complains(seen, &due, Complaint::Line("pipeline: b: worker died"));
            }
            counts_right(seen, &due).into()
        })
        .judge_ending("terminates", ends())
}

fn fed(id: &str, feeding: Feeding) -> Case {
    childless(Case::new(id, Fed { feeding }))
}

fn childless(case: Case) -> Case {
    case.judge("no-child-left", |seen| match seen.survivors {
        0 if had_children(seen) => Judgement::Kept,
        0 => Judgement::Nothing,
        left => {
            let seen = format!("alive when the program has ended: {left}");
            Fault::new("no child process outlives the program", seen).into()
        }
    })
}
