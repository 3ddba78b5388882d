//! `wc` with a pool of threads.

mod count;
mod scenario;

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use self::count::{Content, Counts};
use self::scenario::{Piped, Sparse};
use crate::exercise::{Check, Exercise};
use crate::judges::{ends, lines, same_lines, terminates};
use crate::quoted::quoted;
use crate::scripted::pipes::Reading;
use crate::wrong_usage::{USAGE, advised_usage};

/// Files that are read by a pool of threads, and counted as `wc` does.
pub static EXERCISE: Exercise = Exercise {
    name: "file-reader",
    summary: "A pool of threads counts lines, words and bytes of files, as wc does",
    checks: &[
        Check { id: "matches-wc", about: "lines, words and bytes are counted as `LC_ALL=C wc` counts them" },
        Check { id: "in-argument-order", about: "there is one line for each file, in argument order" },
        Check { id: "pool-size", about: "no more than the workers of the pool read at once" },
        Check {
            id: "missing-file",
            about: "a file that cannot be read is named, and the others are counted",
        },
        Check { id: "bounded-memory", about: "memory does not grow with the size of a file" },
        Check { id: "parallel", about: "as many files as there are workers are read at once" },
        Check { id: "terminates", about: "the program ends" },
        USAGE,
    ],
    after: &[
        ("missing-file", &["matches-wc"]),
        ("bounded-memory", &["matches-wc"]),
        ("pool-size", &["matches-wc"]),
        ("terminates", &["matches-wc"]),
        (USAGE.id, &["matches-wc"]),
    ],
    cases,
};

fn cases(seed: u64) -> Vec<Case> {
    let small = || vec![("one", Content::text(seed, 2)), ("two", Content::text(seed + 1, 3))];
    let three = [small(), vec![("three", Content::text(seed + 2, 1))]].concat();
    let many: Vec<_> =
        NAMES.iter().zip(seed..).map(|(&name, seed)| (name, Content::text(seed, 200))).collect();
    let right = [
        counted("two-workers", Some(2), three.clone()).runs(5).explored(50),
        counted("more-workers", Some(3), small()).runs(5).explored(25),
        counted("one-file", None, small()[..1].to_vec()).runs(3).explored(5),
        missing("missing-first", Some(2), three).runs(3).explored(20),
        counted("odd-files", None, odd()).runs(3),
        counted("many-files", None, many.clone()).runs(4),
        counted("one-worker", Some(1), many).runs(2),
        counted(
            "large-file",
            Some(2),
            vec![("large", Content::text(seed, 60_000)), ("small", Content::text(seed, 1))],
        )
        .runs(2),
        missing("missing-and-one", Some(1), small()[..1].to_vec()).runs(2),
        missing("missing-alone", None, Vec::new()).runs(2),
        piped("pipes", 3),
        // One file after the other: for that nobody needs a pool.
        piped("pipes-of-one", 1).idle(),
        Case::new("sparse", Sparse)
            .runs(1)
            .judge("bounded-memory", bounded_memory)
            .judge_ending("terminates", terminates(0)),
    ];
    let wrong = advised_usage(&[
        ("no-workers", &["--workers", "0", "a"]),
        ("workers-in-words", &["--workers", "four", "a"]),
        ("no-file", &[]),
    ]);
    right.into_iter().chain(wrong).collect()
}

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// Files as `wc` has to be careful with.
fn odd() -> Vec<(&'static str, Content)> {
    vec![
        ("empty", Content(Vec::new())),
        ("no-last-newline", Content(b"one two\nthree".to_vec())),
        ("only-newlines", Content(b"\n\n\n".to_vec())),
        ("all-spaces", Content(b" a\tb\x0bc\x0cd\r e \n".to_vec())),
        ("not-utf8", Content(b"caf\xe9 na\xefve\nx\xff\xfey z\n".to_vec())),
        ("with-nul", Content(b"a\0b c\0\n".to_vec())),
        // White space in Unicode, but not in the C locale.
        ("no-break-space", Content("a\u{a0}b c\u{3000}d\n".into())),
        ("one-huge-line", Content([b"word ".repeat(300_000), b"end".to_vec()].concat())),
        ("one-huge-word", Content(vec![b'w'; 1_500_000])),
    ]
}

fn call(workers: Option<usize>, names: &[&str], files: &[(&str, Content)]) -> Call {
    let workers = workers.into_iter().flat_map(|count| ["--workers".to_owned(), count.to_string()]);
    Call {
        args: workers.chain(names.iter().map(|&name| name.to_owned())).collect(),
        files: files.iter().map(|(name, content)| ((*name).to_owned(), content.0.clone())).collect(),
    }
}

fn counted(id: &str, workers: Option<usize>, files: Vec<(&'static str, Content)>) -> Case {
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let due = due(&files);
    let paths: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    Case::new(id, call(workers, &names, &files))
        .judge("matches-wc", move |seen| matches_wc(seen, &due).into())
        .judge("in-argument-order", move |seen| in_order(seen, &paths).into())
        .judge_ending("terminates", terminates(0))
}

/// The same files after one that is not there.
fn missing(id: &str, workers: Option<usize>, files: Vec<(&'static str, Content)>) -> Case {
    const MISSING: &str = "not-there";
    let names: Vec<&str> = [MISSING].into_iter().chain(files.iter().map(|(name, _)| *name)).collect();
    let mut due = due(&files);
    // The total stands for the arguments, not for those that could be read.
    if files.len() < 2 {
        due.push(files.iter().map(|(_, content)| content.counts()).sum::<Counts>().line("total"));
    }
    if files.is_empty() {
        due.clear();
    }
    Case::new(id, call(workers, &names, &files))
        .judge("missing-file", move |seen| missing_file(seen, MISSING, &due))
        .judge_ending("terminates", ends())
}

fn piped(id: &str, workers: usize) -> Case {
    let piped = Piped { workers };
    let due = piped.due();
    Case::new(id, piped)
        .runs(2)
        .judge("matches-wc", move |seen| matches_wc(seen, &due).into())
        .judge("pool-size", move |seen| pool_size(seen, workers))
        .judge("parallel", move |seen| parallel(seen, workers))
        .judge_ending("terminates", terminates(0))
}

/// The lines for `files`, and the total of more than one.
fn due(files: &[(&str, Content)]) -> Vec<String> {
    let mut lines: Vec<String> = files.iter().map(|(name, content)| content.counts().line(name)).collect();
    if files.len() > 1 {
        lines.push(files.iter().map(|(_, content)| content.counts()).sum::<Counts>().line("total"));
    }
    lines
}

fn matches_wc(seen: &Observation, due: &[String]) -> Result<(), Fault> {
    let lines = lines(&seen.stdout)?;
    let expected = "`LINES WORDS BYTES PATH` for each file as wc counts them, and their total";
    for (due, at) in due.iter().zip(0..) {
        if !lines.contains(due) {
            let path = due.rsplit(' ').next().unwrap_or_default();
            let theirs = lines.iter().position(|line| line.rsplit(' ').next() == Some(path));
            let seen =
                theirs.map_or("there is none".to_owned(), |at| format!("it is {}", quoted(&lines[at])));
            let fault = Fault::new(format!("{expected}: {}", quoted(due)), seen);
            return Err(fault.at(theirs.unwrap_or(at)));
        }
    }
    match lines.iter().position(|line| !due.contains(line)) {
        Some(at) => Err(Fault::new(expected, format!("also {}", quoted(&lines[at]))).at(at)),
        None => Ok(()),
    }
}

fn in_order(seen: &Observation, paths: &[String]) -> Result<(), Fault> {
    let total = (paths.len() > 1).then(|| "total".to_owned());
    let due: Vec<&String> = paths.iter().chain(&total).collect();
    let expected = "a line for each argument, in their order, and the total last";
    let found: Vec<String> = lines(&seen.stdout)?
        .iter()
        .map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned())
        .collect();
    same_lines(&found, due, expected)
}

fn missing_file(seen: &Observation, missing: &str, due: &[String]) -> Judgement {
    let expected = format!("the other files counted, `{missing}` named on standard error, and exit code 1");
    let printed = lines(&seen.stdout).and_then(|lines| same_lines(lines, due, &expected));
    if let Err(fault) = printed {
        return fault.into();
    }
    if !seen.stderr.lines.iter().any(|line| line.starts_with("file-reader: ") && line.contains(missing)) {
        let seen = "standard error has no line `file-reader: PATH: reason` for it";
        return Fault::new(expected, seen).into();
    }
    terminates(1)(seen)
}

fn reading(seen: &Observation) -> Option<&Reading> {
    seen.evidence()
}

fn pool_size(seen: &Observation, workers: usize) -> Judgement {
    match reading(seen) {
        Some(reading) if reading.most_open > workers => {
            let seen = format!("{} named pipes were open at once", reading.most_open);
            Fault::new(format!("at most {workers} files are read at once"), seen).into()
        }
        // Who opens fewer than it may has shown no limit.
        Some(reading) if reading.at_rest && reading.most_open < workers => Judgement::Nothing,
        Some(reading) if reading.at_rest => Judgement::Kept,
        _ => Judgement::Unproven("the program never came to rest while its files were held back".into()),
    }
}

fn parallel(seen: &Observation, workers: usize) -> Judgement {
    match reading(seen) {
        Some(reading) if reading.most_open >= workers => Judgement::Kept,
        Some(reading) if reading.at_rest => {
            let seen = format!("the program rests with {} named pipes open", reading.most_open);
            Fault::new(format!("{workers} files are read at once"), seen).into()
        }
        _ => Judgement::Unproven("the program never came to rest while its files were held back".into()),
    }
}

fn bounded_memory(seen: &Observation) -> Judgement {
    const MOST: u64 = 192 << 20;
    match reading(seen) {
        Some(reading) if reading.most_memory > MOST => {
            let megabytes = reading.most_memory >> 20;
            let seen = format!("it had {megabytes} MiB of its own while it read a file of 512 MiB");
            Fault::new("memory that does not grow with the file", seen).into()
        }
        Some(reading) if reading.looks >= 10 => Judgement::Kept,
        _ => Judgement::Unproven("it was over before it could be looked at often enough".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(text: &str) -> Observation {
        Observation { stdout: text.into(), ..Observation::default() }
    }

    #[test]
    fn counts_are_those_of_wc_wherever_they_stand() {
        let due = due(&odd()[..2]);
        assert_eq!(due, ["0 0 0 empty", "1 3 13 no-last-newline", "1 3 13 total"]);
        assert_eq!(matches_wc(&output("1 3 13 no-last-newline\n0 0 0 empty\n1 3 13 total\n"), &due), Ok(()));
        let fault =
            matches_wc(&output("0 0 0 empty\n2 3 13 no-last-newline\n2 3 13 total\n"), &due).unwrap_err();
        assert_eq!(fault.seen, "it is `2 3 13 no-last-newline`");
    }

    #[test]
    fn order_is_that_of_the_arguments() {
        let paths = ["a".to_owned(), "b".to_owned()];
        assert_eq!(in_order(&output("1 1 1 a\n1 1 1 b\n2 2 2 total\n"), &paths), Ok(()));
        assert!(in_order(&output("1 1 1 b\n1 1 1 a\n2 2 2 total\n"), &paths).is_err());
        assert!(in_order(&output("1 1 1 a\n1 1 1 b\n"), &paths).is_err());
    }

    #[test]
    fn as_many_pipes_are_open_as_there_are_workers() {
        let seen = |most_open, at_rest| {
            let reading = Reading { most_open, at_rest, ..Reading::default() };
            Observation::default().with(reading)
        };
        assert_eq!(parallel(&seen(3, true), 3), Judgement::Kept);
        assert!(matches!(parallel(&seen(2, true), 3), Judgement::Broken(_)));
        assert!(matches!(parallel(&seen(2, false), 3), Judgement::Unproven(_)));
        assert_eq!(pool_size(&seen(3, true), 3), Judgement::Kept);
        assert_eq!(pool_size(&seen(1, true), 3), Judgement::Nothing);
        assert!(matches!(pool_size(&seen(4, false), 3), Judgement::Broken(_)));
    }
}
