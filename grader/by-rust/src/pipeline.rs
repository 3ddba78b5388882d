//! Readers, bounded buffers, and child processes that test numbers.

mod judges;
mod scenario;

use engine::case::{Call, Case, External};
use engine::judgement::{Fault, Judgement};

use self::judges::{
    Complaint, all_workers_killed, bad_lines_named, bounded_memory, complains, counts_right, deaths_named,
    had_children, has_workers, in_order, killed_worker, read_at_once, unless_stopped,
};
use self::scenario::{AtOnce, Fed, Feeding};
use exercise::judges::{ends, one_write_a_line, terminates};
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::wrong_usage::{USAGE, help, wrong_usage};
use exercise::{Check, Exercise};

/// Numbers that flow from files through threads to child processes and back.
pub static EXERCISE: Exercise = Exercise {
    name: "pipeline",
    root: "main.rs",
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
        Check {
            id: LINE_FORMS,
            about: "white space does not matter, and an empty line is no number (advice)",
        },
        CANNOT_WRITE,
    ],
    after: &[
        ("no-child-left", &["counts-right"]),
        ("terminates", &["counts-right"]),
        (USAGE.id, &["counts-right"]),
        (CANNOT_WRITE.id, &["counts-right"]),
    ],
    untried: &[],
    cases: &cases,
};

/// Advice: a program may read a number in a stricter way, and pass over empty lines.
const LINE_FORMS: &str = "line-forms";

/// A file of numbers: its name and its text.
type Numbers = (&'static str, String);

fn cases(_seed: u64) -> Vec<Case> {
    let few = || vec![("b", range(0, 40)), ("a", range(90, 131)), ("c", range(1_000_000, 1_000_050))];
    let one = || vec![("a", range(0, 30))];
    let names = ["c", "b", "a", "h", "e", "f", "g", "d"];
    let many: Vec<Numbers> =
        names.into_iter().zip(0..).map(|(name, at)| (name, range(at * 500, at * 997))).collect();
    let empty = vec![("a", String::new()), ("b", range(2, 4)), ("c", String::new())];
    // Wide numbers that would be others in 32 bits, 2 and 3 among them, and the widest.
    let wide = vec![
        ("a", range(4_294_967_290, 4_294_967_320)),
        ("b", "3215031751\n9223372036854775807\n-9223372036854775808\n".to_owned()),
    ];
    // Primes without their sign, or as numbers of 32 or 64 bits that have none.
    let below = vec![("a", "-59\n-7\n-5\n-2\n-1\n0\n1\n2\n".to_owned())];
    // More questions and more answers than pipes hold, however short the answers are.
    let long = vec![("a", range(100_000, 180_000))];
    let small = vec![("b", range(0, 8)), ("a", range(90, 98))];
    let unended = vec![("a", "2\n3\n5".to_owned()), ("two words", "4".to_owned())];
    let twice = vec![("b", range(0, 20)), ("a", range(90, 95)), ("b", range(0, 20))];
    let deadly = vec![("a", range(0, 20)), ("b", range(20, 40)), ("c", range(40, 50))];
    let deadly_twice = vec![("b", range(20, 40)), ("a", range(0, 20)), ("c", range(30, 50))];
    let right = [
        counted("one-file", &["--workers", "1", "--readers", "1"], one(), &["counts"]).runs(3),
        counted("few-files", &[], few(), &["counts"]).runs(4),
        // The program's own threads are under control there, what the children do is not.
        counted_under_control("small-files", &["--readers", "2"], small, &["counts"])
            .judge_writes("in-argument-order", one_write_a_line)
            .talking(External::Others)
            .runs(1)
            .explored(2),
        counted("more-of-all", &["--workers", "3", "--readers", "7"], few(), &["counts"]).runs(3),
        counted("empty-files", &[], empty, &["empty-file"]).runs(3),
        counted("many-files", &["--workers", "2", "--readers", "3"], many, &["counts"]).runs(3),
        counted("long-file", &["--workers", "1"], long, &["counts"]).runs(1),
        counted("wide-numbers", &[], wide, &["integers"]).runs(1),
        counted("below-2", &[], below, &["below-2"]).runs(1),
        counted("no-last-newline", &[], unended, &["last-line"]).runs(1),
        counted("same-file-twice", &[], twice, &["same-file-twice"]).runs(2),
        at_once(4),
        unreadable("missing-file", &["missing"], "pipeline: missing: ", few()).runs(2),
        unreadable("folder", &["."], "pipeline: .: ", one()).runs(1),
    ];
    let odd = [
        bad_lines(
            "bad-line",
            &[("b", 3, "four")],
            vec![("a", range(0, 20)), ("b", "2\n3\nfour\n5\n".to_owned()), ("c", range(5, 9))],
        )
        .runs(3),
        bad_lines(
            "bad-lines",
            &[("a", 1, "2.0"), ("a", 3, "3 5"), ("a", 5, "7x"), ("b", 1, "-")],
            vec![("a", "2.0\n3\n3 5\n7\n7x\n".to_owned()), ("b", "-\n11\n".to_owned())],
        )
        .runs(1),
        white_space(),
        empty_line(),
    ];
    let dies = [
        fed("stopped-workers", Feeding::Stopped)
            .runs(1)
            .judge("worker-death", has_workers)
            .tries("worker-death", &["workers"])
            .judge("bounded-memory", bounded_memory)
            .tries("bounded-memory", &["bounded"])
            .judge_ending("terminates", unless_stopped(terminates(0))),
        fed("killed-worker", Feeding::Killed)
            .runs(2)
            .judge("worker-death", |seen| killed_worker(seen, Fed::FEW))
            .tries("worker-death", &["fresh-worker"])
            .judge_ending("terminates", ends()),
        fed("killed-at-work", Feeding::KilledAtWork)
            .runs(4)
            .judge("worker-death", |seen| killed_worker(seen, Fed::MANY))
            .tries("worker-death", &["fresh-worker"])
            .judge_ending("terminates", ends()),
        fed("all-killed", Feeding::AllKilled)
            .runs(2)
            .judge("worker-death", all_workers_killed)
            .tries("worker-death", &["fresh-worker"])
            .judge_ending("terminates", unless_stopped(ends())),
        crashing("crash", &["--crash-on", "30"], deadly.clone(), &["b"]).runs(3),
        crashing("crash-one-worker", &["--workers", "1", "--crash-on", "30"], deadly.clone(), &["b"]).runs(2),
        crashing("crash-on-nothing", &["--crash-on", "77"], deadly, &[]).runs(2),
        crashing("crash-two-files", &["--crash-on", "30"], deadly_twice, &["b", "c"]).runs(1),
    ];
    let wrong =
        wrong_usage(&[("no-workers", &["--workers", "0", "a"]), ("no-readers", &["--readers", "0", "a"])]);
    let outputs = [
        unread(call(&[], &few()), 0),
        full(EXERCISE.name, call(&[], &one())),
        help(&[("--readers", "4"), ("--workers", "2"), ("--crash-on", "")]),
    ];
    let cases = right.into_iter().chain(odd).chain(dies).map(with_sentences);
    cases.chain(wrong).chain(outputs).collect()
}

/// What the cases are about where they do not say so themselves.
fn with_sentences(case: Case) -> Case {
    const USUAL: [(&str, &[&str]); 3] = [
        ("in-argument-order", &["in-argument-order", "one-write"]),
        ("no-child-left", &["no-child-left"]),
        ("terminates", &["ends", "exit-0"]),
    ];
    USUAL.into_iter().fold(case, |case, (check, sentences)| {
        let is_judged = case.judges.iter().any(|(judged, _)| *judged == check);
        if is_judged { case.tries(check, sentences) } else { case }
    })
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
    let call = Call::new(options.iter().copied().chain(names));
    call.with(files.iter().map(|(name, text)| (*name, text.clone().into_bytes())))
}

fn counted(id: &str, options: &[&str], files: Vec<Numbers>, sentence: &'static [&'static str]) -> Case {
    childless(counted_under_control(id, options, files, sentence))
}

/// Without the children that are left: under control they are ended before anybody could see them.
fn counted_under_control(
    id: &str,
    options: &[&str],
    files: Vec<Numbers>,
    sentence: &'static [&'static str],
) -> Case {
    let due = all_due(&files);
    let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    Case::new(id, call(options, &files))
        .judge("counts-right", move |seen| counts_right(seen, &due).into())
        .tries("counts-right", sentence)
        .judge("in-argument-order", move |seen| in_order(seen, &names).into())
        .judge_ending("terminates", terminates(0))
}

fn all_due(files: &[Numbers]) -> Vec<String> {
    files.iter().map(|(name, text)| due(name, text)).collect()
}

/// So many files, which are fed when all are open. There are as many workers, should a reader need one of its own.
fn at_once(readers: usize) -> Case {
    childless(Case::new("readers-at-once", AtOnce { readers }))
        .runs(1)
        .judge("counts-right", move |seen| read_at_once(seen, readers))
        .tries("counts-right", &["readers", "counts"])
        .judge_ending("terminates", terminates(0))
}

/// Another file, which cannot be read, comes first.
fn unreadable(id: &str, path: &[&str], complaint: &'static str, files: Vec<Numbers>) -> Case {
    let due = all_due(&files);
    childless(Case::new(id, call(path, &files)))
        .judge("counts-right", move |seen| match complains(seen, &due, &[Complaint::Subject(complaint)]) {
            Judgement::Broken(fault) if fault.sentence.is_none() => fault.of("unreadable").into(),
            other => other,
        })
        .tries("counts-right", &["others-counted", "unreadable"])
        .judge_ending("terminates", ends())
}

/// The lines that are no numbers: file, place, text.
fn bad_lines(id: &str, bad: &[(&str, u64, &str)], files: Vec<Numbers>) -> Case {
    let due = all_due(&files);
    let line = |(name, at, text): &(&str, u64, &str)| {
        Complaint::Line(format!("pipeline: {name}:{at}: not a number: {text}"))
    };
    let complaints: Vec<Complaint> = bad.iter().map(line).collect();
    childless(Case::new(id, call(&[], &files)))
        .judge("bad-lines", move |seen| bad_lines_named(seen, &due, &complaints))
        .tries("bad-lines", &["bad-line", "not-counted", "rest-counted", "bad-line-code"])
        .judge_ending("terminates", ends())
}

fn white_space() -> Case {
    let due = ["a: 5 of 5 are prime".to_owned()];
    let files = [("a", " 2\n3 \n\t5\n7\r\n  11\t \n".to_owned())];
    Case::new("white-space", call(&[], &files))
        .runs(1)
        .judge(LINE_FORMS, move |seen| counts_right(seen, &due).into())
        .tries(LINE_FORMS, &["white-space"])
}

fn empty_line() -> Case {
    let due = ["a: 2 of 2 are prime".to_owned()];
    let files = [("a", "2\n\n3\n".to_owned())];
    Case::new("empty-line", call(&[], &files))
        .runs(1)
        .judge(LINE_FORMS, move |seen| {
            complains(seen, &due, &[Complaint::Start("pipeline: a:2: not a number:")])
        })
        .tries(LINE_FORMS, &["empty-line"])
}

/// No worker survives the files `lost`.
fn crashing(id: &str, options: &[&str], files: Vec<Numbers>, lost: &'static [&'static str]) -> Case {
    let (rest, _): (Vec<Numbers>, Vec<Numbers>) =
        files.iter().cloned().partition(|(name, _)| !lost.contains(name));
    let due = all_due(&rest);
    let case = childless(Case::new(id, call(options, &files))).judge_ending("terminates", ends());
    if lost.is_empty() {
        let case = case.judge("worker-death", move |seen| counts_right(seen, &due).into());
        return case.tries("worker-death", &["crash-on"]);
    }
    case.judge("worker-death", move |seen| deaths_named(seen, &due, lost))
        .tries("worker-death", &["worker-died", "death-code", "lost-file", "goes-on", "crash-on"])
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
