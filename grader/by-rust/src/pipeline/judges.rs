//! Holds what `pipeline` printed, and what was seen of its child processes, against the contract.

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::due;
use super::scenario::{AtOnce, Fate, Fed};
use crate::scripted::children::ChildrenSeen;
use crate::scripted::pipes;
use exercise::judges::{lines, same_lines, terminates};
use exercise::quoted::quoted;

pub(super) fn counts_right(seen: &Observation, due: &[String]) -> Result<(), Fault> {
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

pub(super) fn in_order(seen: &Observation, names: &[String]) -> Result<(), Fault> {
    let name = |line: &String| line.split(": ").next().unwrap_or_default().to_owned();
    let found: Vec<String> = lines(&seen.stdout)?.iter().map(name).collect();
    same_lines(&found, names, "a line for each argument, in their order")
}

/// What has to stand on standard error.
#[derive(Clone)]
pub(super) enum Complaint {
    /// A line, to the letter.
    Line(String),
    /// A line that begins so; the reason behind it is free text.
    Subject(&'static str),
    /// A line that begins so, whether anything follows or not.
    Start(&'static str),
}

impl Complaint {
    fn is(&self, line: &str) -> bool {
        match self {
            Self::Line(whole) => line == whole,
            Self::Subject(start) => line.strip_prefix(start).is_some_and(|reason| !reason.trim().is_empty()),
            Self::Start(start) => line.starts_with(start),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Line(text) => text,
            Self::Subject(text) | Self::Start(text) => text,
        }
    }
}

/// What can be counted is counted, the rest is named, and the exit code is 1.
pub(super) fn complains(seen: &Observation, due: &[String], complaints: &[Complaint]) -> Judgement {
    let judged = counted(seen, due).map_err(|fault| fault.of("others-counted"));
    match judged.and_then(|()| named(seen, complaints)) {
        Ok(()) => terminates(1)(seen),
        Err(fault) => fault.into(),
    }
}

fn counted(seen: &Observation, due: &[String]) -> Result<(), Fault> {
    let expected = "what can be counted is counted, in argument order";
    lines(&seen.stdout).and_then(|lines| same_lines(lines, due, expected))
}

fn named(seen: &Observation, complaints: &[Complaint]) -> Result<(), Fault> {
    let said = &seen.stderr.lines;
    let Some(missing) = complaints.iter().find(|complaint| !said.iter().any(|line| complaint.is(line)))
    else {
        return Ok(());
    };
    let seen = said.last().map_or("nothing is there".into(), |line| format!("{} is last", quoted(line)));
    Err(Fault::new(format!("{} on standard error", quoted(missing.text())), seen))
}

fn code_1(seen: &Observation, sentence: &'static str) -> Judgement {
    match terminates(1)(seen) {
        Judgement::Broken(fault) => fault.of(sentence).into(),
        other => other,
    }
}

/// Lines that are no numbers are named and not counted, and the others are.
pub(super) fn bad_lines_named(seen: &Observation, due: &[String], complaints: &[Complaint]) -> Judgement {
    let total = |line: Option<&String>| line?.rsplit(" of ").next()?.split(' ').next()?.parse::<u64>().ok();
    let by_total = |fault: Fault| match fault.line {
        Some(at) if total(due.get(at)) < total(seen.stdout.lines.get(at)) => fault.of("not-counted"),
        _ => fault.of("rest-counted"),
    };
    match counted(seen, due).map_err(by_total).and_then(|()| named(seen, complaints)) {
        Ok(()) => code_1(seen, "bad-line-code"),
        Err(fault) => fault.into(),
    }
}

/// Files that no worker survives are named and have no line, and the others have theirs.
pub(super) fn deaths_named(seen: &Observation, due: &[String], lost: &[&str]) -> Judgement {
    let complaints: Vec<Complaint> =
        lost.iter().map(|name| Complaint::Line(format!("pipeline: {name}: worker died"))).collect();
    let is_of_lost = |line: &String| {
        lost.iter().any(|name| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(": ")))
    };
    let all_named = named(seen, &complaints);
    let printed = counted(seen, due).map_err(|fault| {
        let has_line = seen.stdout.lines.iter().any(is_of_lost);
        // Who counts such a file and says nothing has no worker that died.
        fault.of(if has_line && all_named.is_err() {
            "crash-on"
        } else if has_line {
            "lost-file"
        } else {
            "goes-on"
        })
    });
    match printed.and(all_named.clone()) {
        Ok(()) => code_1(seen, "death-code"),
        Err(fault) => fault.into(),
    }
}

/// Readers that read at once have as many files open, all of which wait for their first byte.
pub(super) fn read_at_once(seen: &Observation, readers: usize) -> Judgement {
    let due: Vec<String> = (0..readers).map(|number| due(&pipes::name(number), AtOnce::TEXT)).collect();
    if let Err(fault) = counts_right(seen, &due) {
        return fault.of("counts").into();
    }
    match seen.evidence() {
        Some(Fate::Reading(reading)) if reading.most_open >= readers => Judgement::Kept,
        Some(Fate::Reading(reading)) if reading.at_rest => {
            let seen = format!("the program rests with {} named pipes open", reading.most_open);
            Fault::new(format!("{readers} files are read at once"), seen).into()
        }
        _ => Judgement::Unproven("the program never came to rest while its files were held back".into()),
    }
}

/// `count` is how many numbers were fed.
pub(super) fn killed_worker(seen: &Observation, count: usize) -> Judgement {
    match seen.evidence() {
        Some(Fate::Children(ChildrenSeen { killed: true, .. })) => all_counted(seen, count),
        _ => Judgement::Unproven("no child process could be caught and killed".into()),
    }
}

/// No batch has lost more than one worker, so none may be lost. The reading tells how many bytes were fed.
pub(super) fn all_workers_killed(seen: &Observation) -> Judgement {
    match seen.evidence() {
        Some(Fate::Reading(reading)) => all_counted(seen, Fed::count(reading.most_memory)),
        // It was stopped: what becomes of workers that are killed is seen in other cases.
        Some(Fate::Unfinished(reading)) if !reading.alone => Judgement::Nothing,
        _ => Judgement::Unproven("no child process could be caught and killed".into()),
    }
}

fn all_counted(seen: &Observation, count: usize) -> Judgement {
    match counts_right(seen, &[due(Fed::PIPE, &Fed::text(count))]) {
        Ok(()) => terminates(0)(seen),
        Err(fault) => fault.into(),
    }
}

pub(super) fn bounded_memory(seen: &Observation) -> Judgement {
    match seen.evidence() {
        Some(Fate::Unfinished(reading)) if !reading.alone => {
            let seen =
                format!("it reads {} MiB and more while no worker takes a number", reading.most_memory >> 20);
            Fault::new("readers that wait when the buffers are full", seen).into()
        }
        Some(Fate::Reading(reading)) if reading.at_rest => Judgement::Kept,
        _ => Judgement::Unproven("the program had no child process that could be stopped".into()),
    }
}

/// Who takes more than all buffers hold has tested some of it, and did that without a child process if it had none. As
/// all children are stopped at their beginning, none can have come in the place of another.
pub(super) fn has_workers(seen: &Observation) -> Judgement {
    const EXPECTED: &str = "2 child processes test the numbers where nothing else is asked for";
    let fault = |seen: String| Fault::new(EXPECTED, seen).into();
    match seen.evidence() {
        Some(Fate::Unfinished(reading) | Fate::Reading(reading)) if reading.children > Fed::WORKERS => {
            fault(format!("{} of them are alive at once", reading.children))
        }
        Some(Fate::Unfinished(reading)) if reading.alone => {
            fault(format!("it takes {} MiB of numbers and has no child process", Fed::TOO_MUCH_ALONE >> 20))
        }
        Some(Fate::Reading(reading)) if reading.at_rest => Judgement::Kept,
        Some(Fate::Unfinished(_)) => Judgement::Kept,
        _ => Judgement::Unproven("the program had no child process that could be stopped".into()),
    }
}

/// Judges its end, by `judge`, where it was not stopped for taking far too much.
pub(super) fn unless_stopped(
    judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |seen| match seen.evidence() {
        Some(Fate::Unfinished(_)) => Judgement::Nothing,
        _ => judge(seen),
    }
}

/// Whether a child process was seen while the program ran: who has none leaves none behind.
pub(super) fn had_children(seen: &Observation) -> bool {
    match seen.evidence() {
        // One that was there was caught; a process that is only seen may be the program itself, which is being started.
        Some(Fate::Children(children)) => children.killed,
        Some(Fate::Reading(reading)) => reading.children > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::super::range;
    use super::*;
    use crate::scripted::pipes::Reading;

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
            let complaint = Complaint::Line("pipeline: b: no".into());
            complains(&output(code, stdout, stderr), &due, &[complaint])
        };
        let right = format!("{}\n", due[0]);
        assert_eq!(judged(1, &right, "pipeline: b: no\n"), Judgement::Kept);
        assert_eq!(broken(judged(0, &right, "pipeline: b: no\n")), None);
        assert_eq!(broken(judged(1, &right, "pipeline: no\n")), None);
        assert_eq!(broken(judged(1, "", "pipeline: b: no\n")), Some("others-counted"));
    }

    /// The sentence that the fault names.
    #[track_caller]
    fn broken(judgement: Judgement) -> Option<&'static str> {
        match judgement {
            Judgement::Broken(fault) => fault.sentence,
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn a_worker_that_dies_costs_one_file() {
        let due = ["a: 1 of 2 are prime".to_owned()];
        let judged =
            |code, stdout: &str, stderr: &str| deaths_named(&output(code, stdout, stderr), &due, &["b"]);
        let (right, said) = (format!("{}\n", due[0]), "pipeline: b: worker died\n");
        let both = format!("{right}b: 0 of 1 are prime\n");
        assert_eq!(judged(1, &right, said), Judgement::Kept);
        assert_eq!(broken(judged(0, &right, said)), Some("death-code"));
        assert_eq!(broken(judged(1, &right, "pipeline: worker died\n")), None);
        assert_eq!(broken(judged(1, "", said)), Some("goes-on"));
        assert_eq!(broken(judged(1, &both, said)), Some("lost-file"));
        assert_eq!(broken(judged(0, &both, "")), Some("crash-on"));
    }

    #[test]
    fn a_bad_line_is_named_and_not_counted() {
        let due = ["a: 1 of 2 are prime".to_owned()];
        let judged = |code, stdout: &str, stderr: &str| {
            let complaint = Complaint::Line("pipeline: a:3: not a number: x".into());
            bad_lines_named(&output(code, stdout, stderr), &due, &[complaint])
        };
        let (right, said) = (format!("{}\n", due[0]), "pipeline: a:3: not a number: x\n");
        assert_eq!(judged(1, &right, said), Judgement::Kept);
        assert_eq!(broken(judged(0, &right, said)), Some("bad-line-code"));
        assert_eq!(broken(judged(1, &right, "pipeline: a:2: not a number: x\n")), None);
        assert_eq!(broken(judged(1, "a: 1 of 3 are prime\n", said)), Some("not-counted"));
        assert_eq!(broken(judged(1, "a: 1 of 1 are prime\n", said)), Some("rest-counted"));
        assert_eq!(broken(judged(1, "", said)), Some("rest-counted"));
    }

    #[test]
    fn files_that_are_read_at_once_are_open_at_once() {
        let judged = |most_open, at_rest, stdout: &str| {
            let reading = Reading { most_open, at_rest, ..Reading::default() };
            read_at_once(&output(0, stdout, "").with(Fate::Reading(reading)), 2)
        };
        let right = "pipe-0: 1 of 2 are prime\npipe-1: 1 of 2 are prime\n";
        assert_eq!(judged(2, false, right), Judgement::Kept);
        assert_eq!(broken(judged(1, true, right)), None);
        assert!(matches!(judged(1, false, right), Judgement::Unproven(_)));
        assert_eq!(broken(judged(2, true, "")), Some("counts"));
    }

    #[test]
    fn a_reason_follows_the_subject() {
        assert!(Complaint::Subject("pipeline: a: ").is("pipeline: a: no such file"));
        assert!(!Complaint::Subject("pipeline: a: ").is("pipeline: a: "));
        assert!(Complaint::Start("pipeline: a:").is("pipeline: a: "));
    }

    #[test]
    fn the_batches_of_all_killed_workers_are_counted() {
        let judged = |code, stdout, evidence| all_workers_killed(&output(code, stdout, "").with(evidence));
        let fed = || Fate::Reading(Reading { most_memory: 16, at_rest: true, ..Reading::default() });
        assert_eq!(judged(0, "pipe-0: 2 of 2 are prime\n", fed()), Judgement::Kept);
        assert!(matches!(judged(1, "", fed()), Judgement::Broken(_)));
        assert!(matches!(judged(0, "pipe-0: 1 of 2 are prime\n", fed()), Judgement::Broken(_)));
        let unseen = Fate::Children(ChildrenSeen::default());
        assert!(matches!(judged(1, "", unseen), Judgement::Unproven(_)));
    }

    #[test]
    fn who_takes_far_too_much_is_stopped_and_judged_for_that_alone() {
        let seen = |alone| {
            let reading = Reading { alone, most_memory: Fed::FAR_TOO_MUCH, ..Reading::default() };
            Observation::default().with(Fate::Unfinished(reading))
        };
        assert!(matches!(bounded_memory(&seen(false)), Judgement::Broken(_)));
        assert!(matches!(bounded_memory(&seen(true)), Judgement::Unproven(_)));
        assert_eq!(all_workers_killed(&seen(false)), Judgement::Nothing);
        assert_eq!(unless_stopped(terminates(0))(&seen(false)), Judgement::Nothing);
    }

    #[test]
    fn who_takes_all_numbers_without_a_child_has_no_workers() {
        let judged = |evidence| has_workers(&Observation::default().with(evidence));
        let unfinished = |alone| Fate::Unfinished(Reading { alone, ..Reading::default() });
        assert!(matches!(judged(unfinished(true)), Judgement::Broken(_)));
        assert_eq!(judged(unfinished(false)), Judgement::Kept);
        let at_rest = Reading { at_rest: true, ..Reading::default() };
        assert_eq!(judged(Fate::Reading(at_rest)), Judgement::Kept);
        assert_eq!(judged(Fate::Reading(Reading { children: 2, ..at_rest })), Judgement::Kept);
        assert!(matches!(judged(Fate::Reading(Reading { children: 3, ..at_rest })), Judgement::Broken(_)));
        assert!(matches!(judged(Fate::Reading(Reading::default())), Judgement::Unproven(_)));
    }
}
