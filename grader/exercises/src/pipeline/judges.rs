//! Holds what `pipeline` printed, and what was seen of its child processes, against the contract.

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::due;
use super::scenario::{Fate, Fed};
use crate::judges::{lines, same_lines, terminates};
use crate::quoted::quoted;
use crate::scripted::children::ChildrenSeen;

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
#[derive(Clone, Copy)]
pub(super) enum Complaint {
    /// A line, to the letter.
    Line(&'static str),
    /// A line that begins so; the reason behind it is free text.
    Subject(&'static str),
}

impl Complaint {
    fn is(self, line: &str) -> bool {
        match self {
            Self::Line(whole) => line == whole,
            Self::Subject(start) => line.strip_prefix(start).is_some_and(|reason| !reason.trim().is_empty()),
        }
    }

    fn text(self) -> &'static str {
        let (Self::Line(text) | Self::Subject(text)) = self;
        text
    }
}

/// What can be counted is counted, the rest is named, and the exit code is 1.
pub(super) fn complains(seen: &Observation, due: &[String], complaint: Complaint) -> Judgement {
    let expected = "what can be counted is counted, in argument order";
    if let Err(fault) = lines(&seen.stdout).and_then(|lines| same_lines(lines, due, expected)) {
        return fault.into();
    }
    if !seen.stderr.lines.iter().any(|line| complaint.is(line)) {
        let seen = seen
            .stderr
            .lines
            .last()
            .map_or("nothing is there".into(), |line| format!("{} is last", quoted(line)));
        return Fault::new(format!("{} on standard error", quoted(complaint.text())), seen).into();
    }
    terminates(1)(seen)
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

/// Who takes more than all buffers hold has tested some of it, and did that without a child process if it had none.
pub(super) fn has_workers(seen: &Observation) -> Judgement {
    match seen.evidence() {
        Some(Fate::Unfinished(reading)) if reading.alone => {
            let seen =
                format!("it takes {} MiB of numbers and has no child process", Fed::TOO_MUCH_ALONE >> 20);
            Fault::new("child processes test the numbers", seen).into()
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
        Some(Fate::Children(children)) => children.most > 0,
        // The program came to rest while its children were stopped.
        Some(Fate::Reading(reading)) => reading.at_rest,
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
            complains(&output(code, stdout, stderr), &due, Complaint::Line("pipeline: b: worker died"))
        };
        let right = format!("{}\n", due[0]);
        assert_eq!(judged(1, &right, "pipeline: b: worker died\n"), Judgement::Kept);
        assert!(matches!(judged(0, &right, "pipeline: b: worker died\n"), Judgement::Broken(_)));
        assert!(matches!(judged(1, &right, "pipeline: worker died\n"), Judgement::Broken(_)));
        assert!(matches!(judged(1, "", "pipeline: b: worker died\n"), Judgement::Broken(_)));
    }

    #[test]
    fn a_reason_follows_the_subject() {
        assert!(Complaint::Subject("pipeline: a: ").is("pipeline: a: no such file"));
        assert!(!Complaint::Subject("pipeline: a: ").is("pipeline: a: "));
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
        assert!(matches!(judged(Fate::Reading(Reading::default())), Judgement::Unproven(_)));
    }
}
