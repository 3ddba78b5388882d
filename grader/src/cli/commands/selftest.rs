//! `cargo grade selftest`: the grader graded. Every mutant must fail for the check that it names,
//! every variant must pass, every lazy program get no more points than it may, every stub must be not-implemented.

use std::io::Write;
use std::path::Path;

use engine::controlled::runs::has_leaked;
use engine::solution_region;
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Exercise;
use report::verdict::Verdict;
use report::{CheckReport, ExerciseReport, Failure};
use schedule::Schedule;

use super::side_by_side::{AT_ONCE, Queue, in_order};
use crate::cli::args::SelftestArgs;
use crate::course::sample_programs::{self, Expected};
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::Progress;
use crate::grade::{self, Options};

pub(super) fn run(args: &SelftestArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&workspace, &args.exercises)?;
    let mut selftest = Selftest {
        workspace,
        schedules: args.schedules,
        stale_loads: args.stale_loads,
        progress: Progress::hidden(),
    };
    let mut subjects = Vec::new();
    for exercise in &exercises {
        subjects.extend(selftest.subjects(exercise)?);
    }
    if args.variants {
        subjects.retain(|subject| matches!(subject.expected, Wanted::Of(Expected::Passes { .. })));
    }
    if subjects.is_empty() {
        let reason = "no mutants, variants or solutions are here: the course's own repository has them";
        return Err(Error::usage(reason.to_owned()));
    }
    super::enter(&selftest.workspace, &exercises, &args.sandbox)?;
    selftest.progress = Progress::on_terminal();
    let tested = selftest.test(&subjects)?;
    let wrong = tested.wrong;
    say(&tested.medians());
    say(&format!("{} as expected, {wrong} not\n", subjects.len() - wrong));
    Ok(if wrong == 0 && !has_leaked() { exit_code::PASS } else { exit_code::FAIL })
}

struct Selftest {
    workspace: Workspace,
    /// So many for each program, in place of the usual budget.
    schedules: Option<u64>,
    /// Whether loads may return old values in all cases.
    stale_loads: bool,
    progress: Progress,
}

/// One program, and what grading it must come to.
struct Subject {
    exercise: &'static Exercise,
    name: String,
    source: Source,
    expected: Wanted,
}

enum Wanted {
    Of(Expected),
    NotImplemented,
}

/// What came of all subjects.
#[derive(Default)]
struct Tested {
    wrong: usize,
    /// Of each failure that control found: schedules until then, and switches after shortening.
    found: Vec<(u64, usize)>,
}

impl Tested {
    fn add(&mut self, subject: &Subject, report: &ExerciseReport) {
        self.wrong += usize::from(!say_result(subject, report));
        let found = report.checks.iter().find_map(|check| found(check.failure.as_ref()?));
        self.found.extend(found);
    }

    /// How soon control found what it found.
    fn medians(&self) -> String {
        let median = |mut numbers: Vec<u64>| {
            numbers.sort_unstable();
            numbers.get(numbers.len() / 2).copied()
        };
        let after = median(self.found.iter().map(|(after, _)| *after).collect());
        let switches = median(self.found.iter().map(|(_, switches)| *switches as u64).collect());
        let latest = self.found.iter().map(|(after, _)| *after).max();
        match (after, switches, latest) {
            (Some(after), Some(switches), Some(latest)) => format!(
                "{} failures found under control: after {after} schedules (median; at most {latest}), \
                 shortened to {switches} switches (median)\n",
                self.found.len()
            ),
            _ => String::new(),
        }
    }
}

impl Selftest {
    fn subjects(&self, exercise: &'static Exercise) -> Result<Vec<Subject>, Error> {
        let mut subjects = Vec::new();
        for sample in sample_programs::all(&self.workspace, exercise)? {
            let source = Source::read(&self.workspace, exercise.name, Some(&sample.path))?;
            let expected = Wanted::Of(sample.expected);
            subjects.push(Subject { exercise, name: sample.name, source, expected });
        }
        if let Some(source) = self.stub(exercise)? {
            subjects.push(Subject {
                exercise,
                name: String::new(),
                source,
                expected: Wanted::NotImplemented,
            });
        }
        Ok(subjects)
    }

    /// Grades all subjects, some at once; says what came of each in their order.
    fn test(&self, subjects: &[Subject]) -> Result<Tested, Error> {
        let mut tested = Tested::default();
        let grade = |subject| Ok::<_, Error>((subject, self.grade(subject)?));
        let queue = Queue { tasks: Box::new(subjects.iter().enumerate()), at_once: AT_ONCE };
        in_order(vec![queue], grade, |(subject, report)| {
            tested.add(subject, &report);
            Ok(())
        })?;
        Ok(tested)
    }

    fn grade(&self, subject: &Subject) -> Result<ExerciseReport, Error> {
        let schedules = self.schedules.map(|schedules| whole_budget(subject.exercise, schedules));
        let options = Options { schedules, stale_loads: self.stale_loads, ..Options::default() };
        grade::grade(&self.workspace, subject.exercise, &subject.source, &options, &self.progress)
    }

    /// The crate as students get it: every solution region is a `todo!()`. Nothing, where they have it already.
    fn stub(&self, exercise: &Exercise) -> Result<Option<Source>, Error> {
        let mut regions = 0;
        let mut source = Source::read(&self.workspace, exercise.name, None)?;
        let folder = self.workspace.crate_folder(exercise.name).join("src");
        for (path, content) in &mut source.files {
            let text = String::from_utf8_lossy(content);
            let (stub, count) = solution_region::strip(&text)
                .map_err(|error| Error::content(folder.join(path), error.to_string()))?;
            regions += count;
            *content = stub.into_bytes();
        }
        Ok((regions > 0).then_some(source))
    }
}

/// The budget of which the cases' shares come to `schedules`: those of exercises with slow cases are parts of it.
fn whole_budget(exercise: &Exercise, schedules: u64) -> u64 {
    let cases = (exercise.cases)(Options::default().seed);
    let shares: u64 = cases.iter().map(|case| u64::from(case.percent)).sum();
    schedules.saturating_mul(100).div_ceil(shares.max(1))
}

/// Says what came of one subject; whether it is as it must be.
fn say_result(subject: &Subject, report: &ExerciseReport) -> bool {
    let (kind, problem) = match &subject.expected {
        Wanted::Of(Expected::Fails { check, sentence }) => {
            let sentence =
                sentence.as_deref().filter(|sentence| !is_tried_among_others(subject, check, sentence));
            ("mutant", mutant_problem(report, check, sentence))
        }
        Wanted::Of(Expected::Passes { advised }) => ("variant", variant_problem(report, advised)),
        Wanted::Of(Expected::Lazy { fails, most }) => ("lazy", lazy_problem(report, fails, *most)),
        Wanted::NotImplemented => ("stub", stub_problem(report)),
    };
    let mark = if problem.is_none() { "ok   " } else { "WRONG" };
    let name = Path::new(subject.exercise.name).join(&subject.name);
    let effort = format!("{} schedules, {} runs", report.explored.schedules, report.stressed.runs);
    let first = report.checks.iter().find_map(|check| shown_failure(check.failure.as_ref()?));
    let also = match &subject.expected {
        Wanted::Of(Expected::Fails { check, .. }) => also_fails(report, check),
        _ => None,
    };
    let line = format!(
        "{mark} {kind:<8} {:<48} {:<15} {effort:<26} {:>5.1} s  {}  {}  {}",
        name.display(),
        report.verdict.word(),
        report.seconds,
        first.unwrap_or_default(),
        problem.as_deref().unwrap_or_default(),
        also.unwrap_or_default(),
    );
    say(&format!("{}\n", line.trim_end()));
    problem.is_none()
}

/// Whether a test tries several sentences, this one among them: it does not say which it found broken.
fn is_tried_among_others(subject: &Subject, check: &str, sentence: &str) -> bool {
    if subject.exercise.root != "lib.rs" {
        return false;
    }
    let cases = (subject.exercise.cases)(0);
    let mut tried = cases.iter().flat_map(|case| &case.tried).filter(|(of, _)| *of == check);
    tried.any(|(_, ids)| ids.contains(&sentence))
}

fn stub_problem(report: &ExerciseReport) -> Option<String> {
    (report.verdict != Verdict::NotImplemented).then(|| format!("it is {}", report.verdict.word()))
}

/// How soon control found a failure, how the run ended, and how short its schedule became.
fn shown_failure(failure: &Failure) -> Option<String> {
    let (after, switches) = found(failure)?;
    Some(format!("schedule {after}, {}, {switches} switches", failure.ending))
}

fn found(failure: &Failure) -> Option<(u64, usize)> {
    let schedule: Schedule = failure.schedule.as_ref()?.parse().ok()?;
    Some((failure.found_after?, schedule.switches()))
}

fn mutant_problem(report: &ExerciseReport, check: &str, sentence: Option<&str>) -> Option<String> {
    if let Some(message) = &report.message {
        return Some(message.clone());
    }
    let found = report.checks.iter().find(|found| found.id == check);
    let verdict = found.map(|found| found.verdict);
    if verdict != Some(Verdict::Fail) {
        return Some(format!("`{check}` must fail but is {}", verdict.map_or("absent", Verdict::word)));
    }
    let broken = found.and_then(|found| Some(found.failure.as_ref()?.sentence.as_ref()?.id.as_str()));
    let problem = || {
        format!("it must break `{}` but breaks `{}`", sentence.unwrap_or_default(), broken.unwrap_or("none"))
    };
    (sentence.is_some() && sentence != broken).then(problem)
}

/// What else a mutant fails: its bug may show there, too, or it has another one than its header says.
fn also_fails(report: &ExerciseReport, check: &str) -> Option<String> {
    let failed = report.checks.iter().filter(|found| found.verdict == Verdict::Fail && found.id != check);
    let failed: Vec<&str> = failed.map(|found| found.id.as_str()).collect();
    (!failed.is_empty()).then(|| format!("also fails: {}", failed.join(", ")))
}

/// A lazy program fails as a mutant does, and in each of its checks; what it gets all the same is counted.
fn lazy_problem(report: &ExerciseReport, fails: &[String], most: f64) -> Option<String> {
    if let Some(message) = &report.message {
        return Some(message.clone());
    }
    let too_much = || {
        let passed = report.checks.iter().filter(|check| check.score > 0.0).map(|check| check.id.as_str());
        let passed: Vec<&str> = passed.collect();
        format!("it gets {} points of at most {most}: {}", report.score, passed.join(", "))
    };
    // What is not judged any more, as too much had to be waited for, gives nothing either.
    let is_kept = |check: &&String| {
        report.checks.iter().any(|report| report.id == **check && report.verdict == Verdict::Pass)
    };
    let kept = fails.iter().find(is_kept).map(|check| format!("`{check}` must not pass"));
    let fails_nothing = || {
        let is_failed = report.checks.iter().any(|check| check.verdict == Verdict::Fail);
        (!is_failed).then(|| "it fails no check".to_owned())
    };
    kept.or_else(fails_nothing).or_else(|| (report.score > most).then(too_much))
}

/// A variant passes every check, but for the advice that its header names: wrong advice is worse than none.
fn variant_problem(report: &ExerciseReport, advised: &[String]) -> Option<String> {
    let due = |check: &&CheckReport| match advised.contains(&check.id) {
        true => check.verdict == Verdict::Fail,
        false => check.verdict == Verdict::Pass,
    };
    let bad = report.checks.iter().find(|check| !due(check));
    match (&report.message, bad) {
        (Some(message), _) => Some(message.clone()),
        (None, Some(check)) => Some(format!("`{}` is {}: {}", check.id, check.verdict.word(), check.message)),
        (None, None) => None,
    }
}

/// Each line as soon as it is known: the whole takes minutes. A closed output is nobody's fault.
fn say(line: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests;
