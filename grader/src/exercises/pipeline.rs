//! Readers, bounded buffers, and child processes that test numbers.

mod scenario;

use self::scenario::{Fed, Feeding};
use crate::case::{Call, Case, Evidence, Fault, Judgement, Observation};
use crate::exercise::{Check, Exercise};
use crate::fixture::family::Family;
use crate::judges::{ends, lines, quoted, same_lines, terminates};

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
    let bad = vec![("a", range(0, 20)), ("b", "2\n3\nfour\n5\n".to_owned()), ("c", range(5, 9))];
    let deadly = vec![("a", range(0, 20)), ("b", range(20, 40)), ("c", range(40, 50))];
    vec![
        counted("one-file", &["--workers", "1", "--readers", "1"], one()).runs(3),
        counted("few-files", &[], few()).runs(4),
        counted("more-of-all", &["--workers", "3", "--readers", "7"], few()).runs(3),
        counted("empty-files", &[], empty).runs(3),
        counted("wide-and-negative", &[], wide).runs(1),
        counted("many-files", &["--workers", "2", "--readers", "3"], many).runs(3),
        bad_lines(bad).runs(3),
        crashing("crash", &["--crash-on", "30"], deadly.clone(), Some("b")).runs(3),
        crashing("crash-one-worker", &["--workers", "1", "--crash-on", "30"], deadly.clone(), Some("b"))
            .runs(2),
        crashing("crash-on-nothing", &["--crash-on", "77"], deadly, None).runs(2),
        fed("killed-worker", Feeding::Killed)
            .runs(2)
            .judge("worker-death", |seen| killed_worker(seen, Fed::FEW))
            .judge("terminates", ends()),
        fed("killed-at-work", Feeding::KilledAtWork)
            .runs(4)
            .judge("worker-death", |seen| killed_worker(seen, Fed::MANY))
            .judge("terminates", ends()),
        fed("stopped-workers", Feeding::Stopped)
            .runs(1)
            .judge("bounded-memory", bounded_memory)
            .judge("terminates", terminates(0)),
        Case::of_args("no-workers", ["--workers", "0", "a"]).runs(1).judge("terminates", terminates(2)),
        Case::of_args("no-readers", ["--readers", "0", "a"]).runs(1).judge("terminates", terminates(2)),
    ]
}

fn range(first: u64, last: u64) -> String {
    (first..last).map(|number| format!("{number}\n")).collect()
}

fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
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
    let due: Vec<String> = files.iter().map(|(name, text)| due(name, text)).collect();
    let names: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    childless(Case::new(id, call(options, &files)))
        .judge("counts-right", move |seen| counts_right(seen, &due).into())
        .judge("in-argument-order", move |seen| in_order(seen, &names).into())
        .judge("terminates", terminates(0))
}

fn bad_lines(files: Vec<Numbers>) -> Case {
    let due: Vec<String> = files.iter().map(|(name, text)| due(name, text)).collect();
    childless(Case::new("bad-line", call(&[], &files)))
        .judge("bad-lines", move |seen| complains(seen, &due, "pipeline: b:3: not a number: four"))
        .judge("terminates", ends())
}

/// `lost` is the file whose numbers no worker survives.
fn crashing(id: &str, options: &[&str], files: Vec<Numbers>, lost: Option<&'static str>) -> Case {
    let rest = files.iter().filter(|(name, _)| Some(*name) != lost);
    let due: Vec<String> = rest.map(|(name, text)| due(name, text)).collect();
    childless(Case::new(id, call(options, &files)))
        .judge("worker-death", move |seen| match lost {
            Some(lost) => complains(seen, &due, &format!("pipeline: {lost}: worker died")),
            None => counts_right(seen, &due).into(),
        })
        .judge("terminates", ends())
}

fn fed(id: &str, feeding: Feeding) -> Case {
    childless(Case::new(id, Fed { feeding }))
}

fn childless(case: Case) -> Case {
    case.judge("no-child-left", |seen| match seen.survivors {
        0 => Judgement::Kept,
        left => {
            let seen = format!("alive when the program has ended: {left}");
            Fault::new("no child process outlives the program", seen).into()
        }
    })
}

fn counts_right(seen: &Observation, due: &[String]) -> Result<(), Fault> {
    let lines = lines(&seen.stdout)?;
    let expected = "`PATH: COUNT of TOTAL are prime` for each file";
    for due in due {
        if !lines.contains(due) {
            let path = due.split(": ").next().unwrap_or_default();
            let theirs = lines.iter().position(|line| line.split(": ").next() == Some(path));
            let seen =
                theirs.map_or("there is none".to_owned(), |at| format!("it is {}", quoted(&lines[at])));
            return Err(Fault { line: theirs, ..Fault::new(format!("{expected}: {}", quoted(due)), seen) });
        }
    }
    match lines.iter().position(|line| !due.contains(line)) {
        Some(at) => Err(Fault::new(expected, format!("also {}", quoted(&lines[at]))).at(at)),
        None => Ok(()),
    }
}

fn in_order(seen: &Observation, names: &[String]) -> Result<(), Fault> {
    let name = |line: &String| line.split(": ").next().unwrap_or_default().to_owned();
    let found: Vec<String> = lines(&seen.stdout)?.iter().map(name).collect();
    same_lines(&found, names, "a line for each argument, in their order")
}

/// What can be counted is counted, the rest is named, and the exit code is 1.
fn complains(seen: &Observation, due: &[String], complaint: &str) -> Judgement {
    let expected = "what can be counted is counted, in argument order";
    if let Err(fault) = lines(&seen.stdout).and_then(|lines| same_lines(lines, due, expected)) {
        return fault.into();
    }
    if !seen.stderr.lines.iter().any(|line| line == complaint) {
        let seen = seen
            .stderr
            .lines
            .last()
            .map_or("nothing is there".into(), |line| format!("{} is last", quoted(line)));
        return Fault::new(format!("{} on standard error", quoted(complaint)), seen).into();
    }
    terminates(1)(seen)
}

/// `count` is how many numbers were fed.
fn killed_worker(seen: &Observation, count: usize) -> Judgement {
    match &seen.evidence {
        Evidence::Family(Family { killed: true, .. }) => {
            let due = [due(Fed::PIPE, &Fed::text(count))];
            match counts_right(seen, &due) {
                Ok(()) => terminates(0)(seen),
                Err(fault) => fault.into(),
            }
        }
        _ => Judgement::Unproven("no child process could be caught and killed".into()),
    }
}

fn bounded_memory(seen: &Observation) -> Judgement {
    match &seen.evidence {
        Evidence::Reading(reading) if reading.most_memory >= Fed::FAR_TOO_MUCH => {
            let seen =
                format!("it reads {} MiB and more while no worker takes a number", reading.most_memory >> 20);
            Fault::new("readers that wait when the buffers are full", seen).into()
        }
        Evidence::Reading(reading) if reading.at_rest => Judgement::Kept,
        _ => Judgement::Unproven("the program had no child process that could be stopped".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Ending;

    fn output(code: i32, stdout: &str, stderr: &str) -> Observation {
        Observation {
            ending: Some(Ending::Exited(code)),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..Observation::default()
        }
    }

    #[test]
    fn primes_are_counted() {
        assert_eq!(due("a", &range(0, 30)), "a: 10 of 30 are prime");
        assert_eq!(due("b", "2\n3\nfour\n5\n"), "b: 3 of 3 are prime");
        assert_eq!(due("c", ""), "c: 0 of 0 are prime");
        assert_eq!(due("d", "-7\n4294967291\n4294967298\n"), "d: 1 of 3 are prime");
    }

    #[test]
    fn each_file_has_its_line_in_its_place() {
        let due = ["a: 1 of 2 are prime".to_owned(), "b: 0 of 0 are prime".to_owned()];
        let right = format!("{}\n{}\n", due[0], due[1]);
        assert_eq!(counts_right(&output(0, &right, ""), &due), Ok(()));
        assert!(counts_right(&output(0, "a: 1 of 1 are prime\nb: 0 of 0 are prime\n", ""), &due).is_err());
        let names = ["b".to_owned(), "a".to_owned()];
        assert!(in_order(&output(0, &right, ""), &names).is_err());
    }

    #[test]
    fn what_is_lost_is_named_and_the_rest_is_there() {
        let due = ["a: 1 of 2 are prime".to_owned()];
        let judged = |code, stdout: &str, stderr: &str| {
            complains(&output(code, stdout, stderr), &due, "pipeline: b: worker died")
        };
        let right = format!("{}\n", due[0]);
        assert_eq!(judged(1, &right, "pipeline: b: worker died\n"), Judgement::Kept);
        assert!(matches!(judged(0, &right, "pipeline: b: worker died\n"), Judgement::Broken(_)));
        assert!(matches!(judged(1, &right, "pipeline: worker died\n"), Judgement::Broken(_)));
        assert!(matches!(judged(1, "", "pipeline: b: worker died\n"), Judgement::Broken(_)));
    }
}
