//! `wc` with a pool of threads.

mod count;
mod scenario;

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use self::count::{Content, Counts};
use self::scenario::{Folder, NotUtf8, Piped, SIZE, Sparse};
use crate::scripted::pipes::Reading;
use exercise::judges::{ends, lines, one_write_a_line, same_lines, terminates};
use exercise::outputs::{CANNOT_WRITE, full, unread};
use exercise::quoted::quoted;
use exercise::wrong_usage::{USAGE, advised_usage, help};
use exercise::{Check, Exercise};

/// Files that are read by a pool of threads, and counted as `wc` does.
pub static EXERCISE: Exercise = Exercise {
    name: "file-reader",
    root: "main.rs",
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
        CANNOT_WRITE,
    ],
    after: &[
        ("missing-file", &["matches-wc"]),
        ("bounded-memory", &["matches-wc"]),
        ("pool-size", &["matches-wc"]),
        ("terminates", &["matches-wc"]),
        (USAGE.id, &["matches-wc"]),
        (CANNOT_WRITE.id, &["matches-wc"]),
    ],
    untried: &[(
        "printable",
        "not every version of wc leaves out words of control characters, and each of them is wc",
    )],
    cases: &cases,
};

fn cases(seed: u64) -> Vec<Case> {
    let small = || vec![("one", Content::text(seed, 2)), ("two", Content::text(seed + 1, 3))];
    let three = [small(), vec![("three", Content::text(seed + 2, 1))]].concat();
    let many: Vec<_> =
        NAMES.iter().zip(seed..).map(|(&name, seed)| (name, Content::text(seed, 200))).collect();
    let right = [
        counted("two-workers", Some(2), three.clone()).runs(5).explored(45),
        counted("more-workers", Some(3), small()).runs(5).explored(25),
        counted("one-file", None, small()[..1].to_vec()).runs(3).explored(5),
        missing("missing-first", NOT_THERE, Some(2), three.clone()).runs(3).explored(20),
        counted("same-file-twice", Some(2), [three.clone(), small()].concat())
            .tries("matches-wc", &["named-twice"])
            .tries("in-argument-order", &["named-twice"])
            .runs(1),
        counted("name-with-spaces", None, vec![(" two words ", Content::text(seed, 2)), small().remove(0)])
            .tries("matches-wc", &["spaces"])
            .tries("in-argument-order", &["spaces"])
            .runs(1),
        odd_name().runs(1),
    ];
    let contents = odd().into_iter().map(|(id, sentence, content)| {
        let case = counted(id, None, vec![(id, content)]).runs(1);
        case.tries("matches-wc", sentence)
    });
    let more = [
        counted("odd-files", None, odd().into_iter().map(|(name, _, content)| (name, content)).collect())
            .runs(2),
        counted("many-files", None, many.clone()).runs(4),
        counted("one-worker", Some(1), many).runs(2),
        counted(
            "large-file",
            Some(2),
            vec![("large", Content::text(seed, 60_000)), ("small", Content::text(seed, 1))],
        )
        .runs(2),
        missing("missing-and-one", NOT_THERE, Some(1), small()[..1].to_vec()).runs(2),
        missing("missing-alone", NOT_THERE, None, Vec::new()).runs(2),
        // That `one` is a file is an error of its own.
        missing("below-a-file", "one/inside", None, small()).runs(1),
        folder().runs(1),
        piped("pipes", Some(3)),
        piped("pipes-by-default", None)
            .runs(1)
            .tries("pool-size", &["workers"])
            .tries("parallel", &["workers"]),
        // One file after the other: for that nobody needs a pool.
        piped("pipes-of-one", Some(1)).idle(),
        Case::new("sparse", Sparse)
            .runs(1)
            .judge("bounded-memory", bounded_memory)
            .tries("bounded-memory", &["memory", "long-lines"])
            .judge_ending("terminates", terminates(0)),
    ];
    let wrong = advised_usage(&[
        ("no-workers", &["--workers", "0", "a"]),
        ("workers-in-words", &["--workers", "four", "a"]),
        ("no-file", &[]),
    ]);
    let two = || call(None, &["one", "two"], &small());
    let outputs = [unread(two(), 1).explored(5), full(EXERCISE.name, two()), help(&[("--workers", "4")])];
    let right = right.into_iter().chain(contents).chain(more).map(with_sentences);
    right.chain(wrong).chain(outputs).collect()
}

/// What the cases are about where they do not say so themselves.
fn with_sentences(case: Case) -> Case {
    let judged = |case: &Case, check: &str| {
        let all = case.judges.iter().chain(&case.writer_judges);
        all.into_iter().any(|(judged, _)| *judged == check)
    };
    ALL_CASES.iter().fold(
        case,
        |case, &(check, sentences)| {
            if judged(&case, check) { case.tries(check, sentences) } else { case }
        },
    )
}

const ALL_CASES: [(&str, &[&str]); 6] = [
    ("matches-wc", &["line", "total", "lines", "words", "bytes"]),
    ("in-argument-order", &["in-argument-order", "total", "one-write"]),
    ("pool-size", &["pool-size"]),
    ("parallel", &["parallel"]),
    ("missing-file", &["others-counted", "no-line", "error-said", "error-code"]),
    ("terminates", &["ends", "exit-0"]),
];

const NOT_THERE: &str = "not-there";

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/// Files as `wc` has to be careful with, and the sentence that each is about.
fn odd() -> Vec<(&'static str, &'static [&'static str], Content)> {
    vec![
        ("empty", &["empty"], Content(Vec::new())),
        ("no-last-newline", &["lines"], Content(b"one two\nthree".to_vec())),
        ("only-newlines", &["lines"], Content(b"\n\n\n".to_vec())),
        ("all-spaces", &["words"], Content(b" a\tb\x0bc\x0cd\r e \n".to_vec())),
        ("ends-in-a-word", &["words"], Content(b"word".to_vec())),
        ("carriage-returns", &["words"], Content(b"a b\r\n\r\nc\r\n".to_vec())),
        ("not-utf8", &["bytes"], Content(b"caf\xe9 na\xefve\nx\xff\xfey z\n".to_vec())),
        ("with-nul", &["bytes"], Content(b"a\0b c\0\n".to_vec())),
        // White space in Unicode, but not in the C locale.
        ("no-break-space", &["no-other-space"], Content("a\u{a0}b c\u{3000}d\n".into())),
        ("one-huge-line", &["words"], Content([b"word ".repeat(300_000), b"end".to_vec()].concat())),
        ("one-huge-word", &["words"], Content(vec![b'w'; 1_500_000])),
    ]
}

fn call(workers: Option<usize>, names: &[&str], files: &[(&str, Content)]) -> Call {
    let workers = workers.into_iter().flat_map(|count| ["--workers".to_owned(), count.to_string()]);
    let call = Call::new(workers.chain(names.iter().map(|&name| name.to_owned())));
    call.with(files.iter().map(|(name, content)| (*name, content.0.clone())))
}

fn counted(id: &str, workers: Option<usize>, files: Vec<(&'static str, Content)>) -> Case {
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let due = due(&files);
    let paths: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    Case::new(id, call(workers, &names, &files))
        .judge("matches-wc", move |seen| matches_wc(seen, &due).into())
        .judge("in-argument-order", move |seen| in_order(seen, &paths).into())
        .judge_writes("in-argument-order", one_write_a_line)
        .judge_ending("terminates", terminates(0))
}

/// The same files after one that is not there.
fn missing(
    id: &str,
    missing: &'static str,
    workers: Option<usize>,
    files: Vec<(&'static str, Content)>,
) -> Case {
    let names: Vec<&str> = [missing].into_iter().chain(files.iter().map(|(name, _)| *name)).collect();
    let mut due = due(&files);
    // The total stands for the arguments, not for those that could be read.
    if files.len() < 2 {
        due.push(files.iter().map(|(_, content)| content.counts()).sum::<Counts>().line("total"));
    }
    if files.is_empty() {
        due.clear();
    }
    Case::new(id, call(workers, &names, &files))
        .judge("missing-file", move |seen| missing_file(seen, missing, &due))
        .judge_ending("terminates", ends())
}

/// A folder between two files: it can be opened, but not read.
fn folder() -> Case {
    let due = Folder.due();
    Case::new("folder", Folder)
        .judge("missing-file", move |seen| {
            missing_file(&without_zeros(seen, Folder::NAME), Folder::NAME, &due)
        })
        .tries("missing-file", &["folder", "others-counted", "error-said", "error-code"])
        .judge_ending("terminates", ends())
}

/// Without the line of zeros that `wc` prints for a folder.
fn without_zeros(seen: &Observation, folder: &str) -> Observation {
    let zeros = Counts::default().line(folder);
    let lines = seen.stdout.lines.iter().filter(|line| **line != zeros);
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    Observation { stdout: text.as_str().into(), ..seen.clone() }
}

/// A name that is not UTF-8, and one that is.
fn odd_name() -> Case {
    Case::new("name-not-utf8", NotUtf8)
        .judge("matches-wc", |seen| not_utf8(seen, &NotUtf8.counts()))
        .tries("matches-wc", &["not-utf8-name"])
        .judge_ending("terminates", ends())
}

fn piped(id: &str, workers: Option<usize>) -> Case {
    let piped = Piped { asked: workers };
    let (workers, due) = (piped.workers(), piped.due());
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
    let of_total =
        |fault: Fault, line: &str| if line.ends_with(" total") { fault.of("total") } else { fault };
    for (due, at) in due.iter().zip(0..) {
        if !lines.contains(due) {
            let path = due.rsplit(' ').next().unwrap_or_default();
            let theirs = lines.iter().position(|line| line.rsplit(' ').next() == Some(path));
            let seen =
                theirs.map_or("there is none".to_owned(), |at| format!("it is {}", quoted(&lines[at])));
            let fault = Fault::new(format!("{expected}: {}", quoted(due)), seen);
            let fault =
                theirs.and_then(|at| wrong_number(&lines[at], due)).map_or(fault.clone(), |of| fault.of(of));
            return Err(of_total(fault.at(theirs.unwrap_or(at)), due));
        }
    }
    match lines.iter().position(|line| !due.contains(line)) {
        Some(at) => {
            let fault = Fault::new(expected, format!("also {}", quoted(&lines[at]))).at(at);
            Err(of_total(fault, &lines[at]))
        }
        None => Ok(()),
    }
}

/// The sentence about the first number in which two lines differ that are alike else.
fn wrong_number(theirs: &str, due: &str) -> Option<&'static str> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (theirs, due) = (words(theirs), words(due));
    let at = theirs.iter().zip(&due).position(|(one, other)| one != other)?;
    let is_number = theirs.len() == due.len() && theirs[at].parse::<u64>().is_ok();
    ["lines", "words", "bytes"].get(at).copied().filter(|_| is_number)
}

fn in_order(seen: &Observation, paths: &[String]) -> Result<(), Fault> {
    let total = (paths.len() > 1).then(|| "total".to_owned());
    let due: Vec<&String> = paths.iter().chain(&total).collect();
    let expected = "a line for each argument, in their order, and the total last";
    let found: Vec<String> = lines(&seen.stdout)?.iter().map(|line| path_of(line, &due).to_owned()).collect();
    same_lines(&found, &due, expected).map_err(|fault| match fault.line {
        Some(line) if line >= paths.len() => fault.of("total"),
        _ => fault,
    })
}

/// The path in a line; without the numbers it is one of `known`, or the last word.
fn path_of<'a>(line: &'a str, known: &[&String]) -> &'a str {
    let rest = |path: &&String| line.strip_suffix(path.as_str()).filter(|rest| rest.ends_with(' '));
    let longest = known.iter().filter(|path| rest(path).is_some()).map(|path| path.len()).max();
    longest.map_or_else(|| line.rsplit(' ').next().unwrap_or_default(), |length| &line[line.len() - length..])
}

/// How the name is shown is the program's own matter, and a program may refuse it, but not panic.
fn not_utf8(seen: &Observation, counts: &[Counts; 3]) -> Judgement {
    let expected = "the numbers of a file whose name is not UTF-8, and of the one after it";
    match seen.code() {
        Some(0) => {}
        Some(1 | 2) => return Judgement::Nothing,
        _ => return Fault::new(expected, seen.ending().to_string()).into(),
    }
    let [odd, plain, total] = counts;
    let (start, plain, total) = (odd.line(""), plain.line(NotUtf8::PLAIN), total.line("total"));
    match &seen.stdout.lines[..] {
        [one, two, three] if one.starts_with(&start) && *two == plain && *three == total => Judgement::Kept,
        lines => {
            let seen = lines.first().map_or("no line".into(), |line| format!("{} is first", quoted(line)));
            Fault::new(expected, seen).into()
        }
    }
}

fn missing_file(seen: &Observation, missing: &str, due: &[String]) -> Judgement {
    let expected = format!("the other files counted, `{missing}` named on standard error, and exit code 1");
    let printed = lines(&seen.stdout).and_then(|lines| same_lines(lines, due, &expected));
    if let Err(fault) = printed {
        let has_line = seen.stdout.lines.iter().any(|line| line.ends_with(&format!(" {missing}")));
        return if has_line { fault.of("no-line") } else { fault }.into();
    }
    if !seen.stderr.lines.iter().any(|line| line.starts_with("file-reader: ") && line.contains(missing)) {
        let seen = "standard error has no line `file-reader: PATH: reason` for it";
        return Fault::new(expected, seen).of("error-said").into();
    }
    match terminates(1)(seen) {
        Judgement::Broken(fault) => fault.of("error-code").into(),
        other => other,
    }
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
    // The longest line is half of the file.
    const MOST_OF_IT: u64 = SIZE / 8 * 7;
    match reading(seen) {
        Some(reading) if reading.most_memory > MOST => {
            let megabytes = reading.most_memory >> 20;
            let seen = format!("it had {megabytes} MiB of its own while it read a file of 512 MiB");
            let fault = Fault::new("memory that does not grow with the file", seen);
            if reading.most_memory < MOST_OF_IT { fault.of("long-lines") } else { fault }.into()
        }
        Some(reading) if reading.looks >= 10 => Judgement::Kept,
        _ => Judgement::Unproven("it was over before it could be looked at often enough".into()),
    }
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;

    fn output(text: &str) -> Observation {
        Observation { stdout: text.into(), ..Observation::default() }
    }

    #[test]
    fn counts_are_those_of_wc_wherever_they_stand() {
        let files: Vec<_> = odd().into_iter().map(|(name, _, content)| (name, content)).collect();
        let due = due(&files[..2]);
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
    fn a_path_may_hold_spaces() {
        let paths = [" two words ".to_owned(), "words".to_owned()];
        let text = "1 1 1  two words \n1 1 1 words\n2 2 2 total\n";
        assert_eq!(in_order(&output(text), &paths), Ok(()));
    }

    #[test]
    fn a_folder_may_have_a_line_of_zeros() {
        let seen = without_zeros(&output("1 1 1 a\n0 0 0 folder\n1 1 1 total\n"), "folder");
        assert_eq!(seen.stdout.lines, ["1 1 1 a", "1 1 1 total"]);
    }

    #[test]
    fn a_name_that_is_not_utf8_may_be_refused_but_not_panic() {
        let judged = |ending, stdout: &str| {
            let seen = Observation { ending: Some(ending), ..output(stdout) };
            not_utf8(&seen, &[Counts::default(); 3])
        };
        let right = "0 0 0 caf?\n0 0 0 plain\n0 0 0 total\n";
        assert_eq!(judged(Ending::Exited(0), right), Judgement::Kept);
        assert_eq!(judged(Ending::Exited(2), ""), Judgement::Nothing);
        let panic = Ending::Panicked { code: 101, message: "no".into() };
        assert!(matches!(judged(panic, ""), Judgement::Broken(_)));
        assert!(matches!(judged(Ending::Exited(0), "0 0 0 plain\n"), Judgement::Broken(_)));
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
