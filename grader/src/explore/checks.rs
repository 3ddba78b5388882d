//! What exploring a test or a program came to, as checks of a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use confine::run::RunError;
use engine::case::Case;
use engine::controlled::RunRecord;
use engine::counterexample;
use engine::explore::{ENOUGH, Exploration, Remedy};
use engine::judgement::{Fault, Judgement};
use engine::libtest::{self, PASSES};
use engine::observation::Observation;
use engine::program::Program;
use engine::symbols::{Symbols, panic_line};
use report::verdict::Verdict;
use report::{CheckReport, Failure, Lesson, SourceFile, Visibility};

use super::promises::{
    PROMISES, SAME_OUTPUT, SAME_OUTPUT_ABOUT, THREAD_PANICKED, THREAD_PANICKED_ABOUT, THREADS_LEFT,
    THREADS_LEFT_ABOUT,
};
use super::task::{TEST, Task};
use crate::error::Error;
use crate::grade::{last_said, lines_around};

/// Of all schedules.
pub(super) fn of_exploration(
    program: &Program,
    task: &Task,
    case: &Case,
    exploration: Exploration,
    asked: u64,
) -> Vec<CheckReport> {
    let lost =
        exploration.lost.as_ref().map(|lost| format!("after {} schedules: {lost}", exploration.schedules));
    let stub = exploration.stub.as_ref().and_then(Observation::reached_stub);
    let is_enough = exploration.schedules >= ENOUGH.min(asked);
    let too_few =
        (!is_enough).then(|| format!("only {} of {asked} schedules were run", exploration.schedules));
    let of = |finding: engine::explore::Finding| {
        let failure = finding.counterexample.map(|found| {
            let found_after = Some(found.found_after);
            let remedy = found.remedy.as_ref();
            let failure = failure(program, task, case, (&found.seen, &found.record, remedy), found.fault);
            let replay = replay(task, &failure, found_after);
            Failure { found_after, replay, ..failure }
        });
        let unproven = finding.unproven.or(lost.clone()).or(too_few.clone());
        if let Some(stub) = &stub {
            return not_implemented(task, finding.check, stub.clone());
        }
        check(task, finding.check, failure, unproven, finding.kept)
    };
    exploration.findings.into_iter().map(of).collect()
}

/// Of one run alone.
pub(super) fn of_run(
    program: &Program,
    task: &Task,
    case: &Case,
    seen: &Observation,
    record: &RunRecord,
) -> Vec<CheckReport> {
    let of = |(id, judge): &(&'static str, engine::judgement::Judge)| match judge.judge(seen) {
        Some(Judgement::Broken(fault)) => {
            check(task, id, Some(failure(program, task, case, (seen, record, None), fault)), None, 0)
        }
        Some(Judgement::Unproven(reason)) => check(task, id, None, Some(reason), 0),
        Some(Judgement::Kept) => check(task, id, None, None, 1),
        Some(Judgement::Nothing) | None => check(task, id, None, None, 0),
    };
    case.judges.iter().map(of).collect()
}

/// Of a program that cannot be put under control: nothing is known of it.
///
/// # Errors
/// Other trouble is the grader's own.
pub(super) fn not_controlled(task: &Task, error: RunError) -> Result<Vec<CheckReport>, Error> {
    let (RunError::Control(reason) | RunError::Lost(reason) | RunError::Setup(reason)) = error else {
        return Err(error.into());
    };
    let id = if task.is_test { TEST } else { PROMISES[0].id };
    Ok(vec![check(task, id, None, Some(reason), 0)])
}

fn check(
    task: &Task,
    id: &'static str,
    failure: Option<Failure>,
    unproven: Option<String>,
    kept: u64,
) -> CheckReport {
    let is_advice =
        [THREADS_LEFT, THREAD_PANICKED].contains(&id) || id == SAME_OUTPUT && !task.is_deterministic;
    let (verdict, message) = match (&failure, unproven, kept) {
        (Some(failure), ..) => (Verdict::Fail, format!("{}: {}", about(id), failure.seen)),
        (None, Some(reason), _) => (Verdict::Inconclusive, reason),
        (None, None, 0) => (Verdict::Skipped, "no run came far enough to judge it".to_owned()),
        (None, None, 1) => (Verdict::Pass, "1 schedule".to_owned()),
        (None, None, kept) => (Verdict::Pass, format!("{kept} schedules")),
    };
    let max_score = if is_advice { 0.0 } else { 1.0 };
    CheckReport {
        id: if task.is_test { task.id.clone() } else { id.to_owned() },
        verdict,
        score: if verdict == Verdict::Pass { max_score } else { 0.0 },
        max_score,
        visibility: Visibility::Visible,
        message,
        failure,
        shown: None,
        lesson: Lesson::None,
    }
}

/// A `todo!` was reached.
fn not_implemented(task: &Task, id: &'static str, message: String) -> CheckReport {
    CheckReport { verdict: Verdict::NotImplemented, score: 0.0, ..check(task, id, None, Some(message), 0) }
}

/// The files that the failures of these checks name, by their paths in the workspace.
pub(super) fn source(checks: &[CheckReport], root: &Path) -> Vec<SourceFile> {
    let failures = checks.iter().filter_map(|check| check.failure.as_ref());
    let places = failures.flat_map(|failure| {
        let rows =
            failure.picture.iter().flat_map(|picture| &picture.rows).filter_map(|row| row.place.as_ref());
        rows.chain(&failure.place)
    });
    let files: BTreeSet<&String> = places.map(|place| &place.file).collect();
    let of = |file: &String| SourceFile {
        file: file.clone(),
        path: file.clone(),
        text: fs::read_to_string(root.join(file)).unwrap_or_default(),
    };
    files.into_iter().map(of).collect()
}

fn about(id: &str) -> &'static str {
    let known = PROMISES.iter().map(|promise| (promise.id, promise.about));
    let more = [
        (TEST, PASSES),
        (SAME_OUTPUT, SAME_OUTPUT_ABOUT),
        (THREADS_LEFT, THREADS_LEFT_ABOUT),
        (THREAD_PANICKED, THREAD_PANICKED_ABOUT),
    ];
    known.chain(more).find(|(known, _)| *known == id).map_or("", |(_, about)| about)
}

/// The command that shows it again. A schedule that no command line takes is found again, by the same search.
fn replay(task: &Task, failure: &Failure, found_after: Option<u64>) -> String {
    const LONGEST: usize = 4_000;
    match (&failure.schedule, found_after) {
        (Some(schedule), Some(count)) if schedule.len() > LONGEST => {
            format!("{} --schedules {count}{}", task.command, task.more)
        }
        _ => failure.replay.clone(),
    }
}

fn failure(
    program: &Program,
    task: &Task,
    case: &Case,
    (seen, record, remedy): (&Observation, &RunRecord, Option<&Remedy>),
    fault: Fault,
) -> Failure {
    let symbols = Symbols::of(&program.path, task.own.clone());
    let picture = counterexample::picture(record, &symbols, fault.line, remedy);
    let picture = if task.is_test { libtest::without_harness(picture) } else { picture };
    let own = libtest::own_lines(&seen.stdout.lines, &task.id);
    let lines =
        if task.is_test { lines_around(&own, None) } else { lines_around(&seen.stdout.lines, fault.line) };
    let schedule = record.schedule.to_string();
    Failure {
        sentence: None,
        lines,
        expected: fault.expected,
        seen: fault.seen,
        ending: seen.ending().word().to_owned(),
        ended: seen.ending().to_string(),
        case: case.id.clone(),
        call: case.scenario.shown(""),
        replay: format!("{} --schedule '{schedule}'{}", task.command, task.more),
        found_after: None,
        place: panic_line(&seen.stderr.lines, &task.own),
        stderr: last_said(&seen.stderr.lines),
        trace: Vec::new(),
        picture: None,
        schedule: Some(schedule),
    }
    .with_picture(picture)
}
