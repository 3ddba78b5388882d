//! Grading one exercise: build it, run its cases, judge what they leave, add up the points.

mod check_result;
pub mod contract;
mod excerpts;
mod explored;
mod failure;
pub mod progress;
mod replay;
pub mod rubric;
mod sharing;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use confine::run::Ending;
use confine::sandbox::Network;
use engine::case::Case;
use engine::compile::{self, Build};
use engine::escape::terminal;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::program::Program;
use engine::source::Source;
use engine::stress;
use engine::workspace::Workspace;
use exercises::{Check, Exercise};
use report::verdict::Verdict;
use report::{CheckReport, ExerciseReport, Explored, Failure, SourceFile, Stressed, Visibility, listing};

use crate::error::Error;
use check_result::CheckResult;
use contract::Contract;
use progress::Progress;
use rubric::Rubric;

pub(crate) use excerpts::{last_said, lines_around};
pub(crate) use explored::{bounded, fewer};
pub use replay::replay;

/// How a case is run and judged, whatever the exercise.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Everything drawn by chance comes from it.
    pub seed: u64,
    /// Only this case, where it is named.
    pub case: Option<String>,
    /// How many schedules an exercise is explored with, over all its cases, where that is not left to each case.
    pub schedules: Option<u64>,
    /// Explore all schedules with at most so many preemptions instead of random ones.
    pub preemptions: Option<u32>,
    /// How often each case is run without control, in place of its own number.
    pub runs: Option<u32>,
    /// Loads may return old values in all cases, also in those that are not about that.
    pub stale_loads: bool,
}

/// Finds what one in some thousands of schedules shows, and is over in about a second where many runs are made in one
/// process.
const SCHEDULES: u64 = 20_000;
/// For cases whose runs take a process each. Found enough for every mutant of the exercises.
const SCHEDULES_WITH_OTHERS: u64 = 2_000;

impl Options {
    /// The part of the exercise's schedules that `case` is explored with.
    fn schedules_of(&self, case: &Case) -> u64 {
        let by_default = if case.is_alone() { SCHEDULES } else { SCHEDULES_WITH_OTHERS };
        (self.schedules.unwrap_or(by_default) * u64::from(case.percent)).div_ceil(100)
    }
}

/// Builds `source` and grades it as the solution of `exercise`.
///
/// # Errors
/// When the grader itself cannot do its work. A wrong program is a report, not an error.
pub fn grade(
    workspace: &Workspace,
    exercise: &Exercise,
    source: &Source,
    options: &Options,
    progress: &Progress,
) -> Result<ExerciseReport, Error> {
    let started = Instant::now();
    let build = compile::build(workspace, exercise.name, source, &|what| progress.say(what))?;
    let report = grade_built(workspace, exercise, source, build, options, progress)?;
    Ok(ExerciseReport { seconds: started.elapsed().as_secs_f64(), ..report })
}

/// Grades what was built of `source`. The report's time is without that of the builds.
///
/// # Errors
/// As for [`grade`].
pub fn grade_built(
    workspace: &Workspace,
    exercise: &Exercise,
    source: &Source,
    build: Build,
    options: &Options,
    progress: &Progress,
) -> Result<ExerciseReport, Error> {
    let started = Instant::now();
    let prepared = Grading::prepare(workspace, exercise, source, build, options, progress)?;
    let mut report = match prepared {
        Prepared::Grading(grading) => {
            let report = grading.report()?;
            ExerciseReport { source: grading.listing(), ..report }
        }
        Prepared::Report(report) => {
            ExerciseReport { source: listing(source, exercise.name, false), ..report }
        }
    };
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// A report for an exercise that could not be graded, for `error`, which is the grader's own fault.
///
/// # Errors
/// When its rubric cannot be read either.
pub fn not_graded(
    workspace: &Workspace,
    exercise: &Exercise,
    error: &Error,
) -> Result<ExerciseReport, Error> {
    let rubric = Rubric::read(workspace, exercise)?;
    let message = format!("not graded, for no fault of the program: {error}");
    Ok(without_runs(exercise, &rubric, Verdict::Inconclusive, message))
}

/// A report for an exercise of which there is no source to grade, for `error`.
///
/// # Errors
/// When its rubric cannot be read.
pub fn without_source(
    workspace: &Workspace,
    exercise: &Exercise,
    error: &Error,
) -> Result<ExerciseReport, Error> {
    let rubric = Rubric::read(workspace, exercise)?;
    Ok(without_runs(exercise, &rubric, Verdict::BuildError, format!("there is nothing to build: {error}\n")))
}

/// A report for a program of which no run was judged.
fn without_runs(exercise: &Exercise, rubric: &Rubric, verdict: Verdict, message: String) -> ExerciseReport {
    ExerciseReport {
        exercise: exercise.name.to_owned(),
        verdict,
        score: 0.0,
        max_score: rubric.max_score(),
        message: Some(message),
        explored: Explored::default(),
        stressed: Stressed::default(),
        checks: Vec::new(),
        seconds: 0.0,
        late: None,
        withheld: None,
        source: Vec::new(),
    }
}

/// Two runs that had to be ended are enough: each costs its whole limit.
const MOST_LONG_ENDINGS: u32 = 2;

/// So many runs in which the other side waited in vain are enough: each costs its patience, some seconds.
const MOST_WAITED_FOR: u32 = 8;

/// Why a check was not judged after that.
const CUT: &str = "not judged, as other runs had to be cut off: mend those first";

/// A program that is ready to be run, or the report where there is none.
enum Prepared<'a> {
    Grading(Grading<'a>),
    Report(ExerciseReport),
}

struct Grading<'a> {
    exercise: &'a Exercise,
    rubric: Rubric,
    contract: Contract,
    program: Program,
    source: &'a Source,
    options: &'a Options,
    progress: &'a Progress,
}

/// What the runs showed so far.
#[derive(Default)]
struct Findings {
    results: Vec<(&'static str, CheckResult)>,
    /// The checks that are about how the program ends.
    of_ending: BTreeSet<&'static str>,
    explored: Explored,
    spent: Duration,
    runs: u64,
    long_endings: u32,
    /// Runs in which somebody waited in vain for the program.
    waited_for: u32,
    stub: Option<String>,
}

impl<'a> Grading<'a> {
    fn prepare(
        workspace: &Workspace,
        exercise: &'a Exercise,
        source: &'a Source,
        build: Build,
        options: &'a Options,
        progress: &'a Progress,
    ) -> Result<Prepared<'a>, Error> {
        let rubric = Rubric::read(workspace, exercise)?;
        let (verdict, message) = match build {
            Build::Ready(program) => {
                // A student's README may be gone or written anew: then reports quote nothing.
                let contract = Contract::read(workspace, exercise.name).unwrap_or_default();
                let grading = Grading { exercise, rubric, contract, program, source, options, progress };
                return Ok(Prepared::Grading(grading));
            }
            Build::Errors(message) => (Verdict::BuildError, message),
            Build::Refused(refusals) => {
                (Verdict::Refused, excerpts::refused(exercise.name, source, &refusals))
            }
        };
        Ok(Prepared::Report(without_runs(exercise, &rubric, verdict, message)))
    }

    fn report(&self) -> Result<ExerciseReport, Error> {
        let cases = self.cases()?;
        let mut findings = Findings { of_ending: checks_of_ending(&cases), ..Findings::default() };
        for (index, case) in cases.iter().enumerate() {
            self.progress.say(format!(
                "{}: {} ({} of {})",
                self.exercise.name,
                case.id,
                index + 1,
                cases.len()
            ));
            let _alone = alone_on(case.network);
            self.explore(case, &mut findings)?;
            if findings.stub.is_none() {
                self.stress(case, &mut findings)?;
            }
            if let Some(message) = findings.stub {
                return Ok(without_runs(self.exercise, &self.rubric, Verdict::NotImplemented, message));
            }
            if findings.is_cut() {
                break;
            }
        }
        Ok(self.summary(findings))
    }

    /// The files that the report may show.
    fn listing(&self) -> Vec<SourceFile> {
        let is_visible = |check: &Check| self.rubric.visibility(check.id) == Visibility::Visible;
        listing(self.source, self.exercise.name, self.exercise.checks.iter().all(is_visible))
    }

    fn cases(&self) -> Result<Vec<Case>, Error> {
        let mut cases = (self.exercise.cases)(self.options.seed);
        if let Some(wanted) = &self.options.case {
            if !cases.iter().any(|case| case.id == *wanted) {
                return Err(Error::unknown("case", wanted, cases.iter().map(|case| case.id.as_str())));
            }
            cases.retain(|case| case.id == *wanted);
        }
        cases.iter_mut().for_each(|case| case.chances.stale_loads |= self.options.stale_loads);
        Ok(cases)
    }

    fn stress(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        for run in 0..self.options.runs.unwrap_or(case.runs) {
            // What has failed is not hidden by more runs, and a wrong program can be very slow: one that sleeps in
            // place of waiting takes its time here, and none under control.
            if self.is_lost(findings) && (run > 0 || case.percent > 0) {
                return Ok(());
            }
            let undecided = case.judges.iter().any(|(check, _)| !findings.has_failed(check));
            if !undecided {
                return Ok(());
            }
            // Nothing more is held against a program that has failed to end.
            let is_hurried = findings.long_endings > 0 && findings.has_failed_to_end();
            let seen = stress::perform(&self.program.path, case, self.options.seed, run, is_hurried)?;
            findings.runs += 1;
            if let Some(stub) = seen.reached_stub() {
                findings.stub = Some(stub);
                return Ok(());
            }
            self.judge(case, &seen, findings);
            self.judge_writers(case, &seen, findings);
            findings.waited_for += u32::from(seen.was_waited_for());
            if seen.code().is_none() {
                findings.long_endings +=
                    u32::from(!matches!(seen.ending(), Ending::Deadlocked { .. } | Ending::Stopped));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a check that is worth points has failed.
    fn is_lost(&self, findings: &Findings) -> bool {
        findings.results.iter().any(|(check, result)| result.has_failed() && self.rubric.points(check) > 0.0)
    }

    /// Who wrote the lines of an audited run. That it was right is no proof, as only control shows many interleavings.
    fn judge_writers(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.writer_judges {
            if seen.has_evaded {
                let reason = "its lines came to standard output in a way that hides who wrote them";
                findings.result(check).unproven(format!("case {}: {reason}", case.id));
            }
            if seen.stdout.threads.is_none() {
                continue;
            }
            if let Some(Judgement::Broken(fault)) = judge.judge(seen) {
                let fault = Fault { seen: format!("in a run without control, {}", fault.seen), ..fault };
                self.broken(check, self.failure((case, check), seen, fault, None), findings);
            }
        }
    }

    /// A run that did not end by itself says something only about whether the program terminates.
    fn judge(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.judges {
            match judge.judge(seen) {
                None | Some(Judgement::Nothing) => {}
                Some(Judgement::Kept) => findings.result(check).kept(!case.is_idle),
                Some(Judgement::Unproven(reason)) => {
                    findings.result(check).unproven(format!("case {}: {reason}", case.id));
                }
                Some(Judgement::Broken(fault)) => {
                    self.broken(check, self.failure((case, check), seen, fault, None), findings);
                }
            }
        }
    }

    /// Notes a failure, and shows the first of each check at once, where students may see it.
    fn broken(&self, check: &'static str, failure: Failure, findings: &mut Findings) {
        let is_shown = self.rubric.worth(check).visibility == Visibility::Visible;
        if is_shown && !findings.has_failed(check) {
            let seen = terminal(failure.seen.lines().next().unwrap_or_default());
            self.progress.found(&format!("{} · {check} fail: {seen}", self.exercise.name));
        }
        findings.result(check).broken(failure);
    }

    /// Why a pass of `check` would rest on nothing that the program did, where it would. A single case that is run
    /// again is looked at alone.
    fn nothing_done(&self, check: &Check, findings: &Findings) -> Option<String> {
        let needs = self.exercise.needs(check.id);
        if self.options.case.is_some() {
            return None;
        }
        if !needs.is_empty() && !needs.iter().any(|needed| findings.has_done(needed)) {
            let needs = needs.join(" or ");
            return Some(format!("nothing was done that could break it: no run kept {needs}"));
        }
        (!findings.has_done(check.id)).then(|| "nothing was done that could break it".to_owned())
    }

    fn summary(&self, mut findings: Findings) -> ExerciseReport {
        let missing: Vec<Option<String>> =
            self.exercise.checks.iter().map(|check| self.nothing_done(check, &findings)).collect();
        let not_judged = if findings.is_cut() { CUT } else { "no run came far enough to judge it" };
        let reports = self.exercise.checks.iter().zip(missing).map(|(check, missing)| {
            let result = std::mem::take(findings.result(check.id));
            result.report(check, self.rubric.worth(check.id), missing, not_judged)
        });
        let checks: Vec<CheckReport> = reports.collect();
        let mut report = ExerciseReport {
            exercise: self.exercise.name.to_owned(),
            verdict: Verdict::Pass,
            score: 0.0,
            max_score: 0.0,
            message: None,
            explored: Explored {
                per_second: per_second(findings.explored.schedules, findings.spent),
                ..findings.explored
            },
            stressed: Stressed { runs: findings.runs },
            checks,
            seconds: 0.0,
            late: None,
            withheld: None,
            source: Vec::new(),
        };
        report.recount();
        report
    }
}

/// Held while a program shares the grader's loopback, so that no other submission that is graded by this process at
/// the same time can reach its servers there.
fn alone_on(network: Network) -> Option<MutexGuard<'static, ()>> {
    static LOOPBACK: Mutex<()> = Mutex::new(());
    (network == Network::Shared).then(|| LOOPBACK.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Findings {
    /// Whether the program has cost so much that nothing more of it is run.
    fn is_cut(&self) -> bool {
        self.long_endings >= MOST_LONG_ENDINGS || self.waited_for >= MOST_WAITED_FOR
    }

    fn result(&mut self, check: &'static str) -> &mut CheckResult {
        let index = self.results.iter().position(|(id, _)| *id == check).unwrap_or_else(|| {
            self.results.push((check, CheckResult::default()));
            self.results.len() - 1
        });
        &mut self.results[index].1
    }

    fn has_done(&self, check: &str) -> bool {
        self.results.iter().any(|(id, result)| *id == check && result.has_done())
    }

    fn has_failed(&self, check: &str) -> bool {
        self.results.iter().any(|(id, result)| *id == check && result.has_failed())
    }

    fn has_failed_to_end(&self) -> bool {
        self.of_ending.iter().any(|check| self.has_failed(check))
    }
}

fn checks_of_ending(cases: &[Case]) -> BTreeSet<&'static str> {
    let judges = cases.iter().flat_map(|case| &case.judges);
    judges.filter(|(_, judge)| judge.is_of_ending()).map(|(check, _)| *check).collect()
}

fn per_second(count: u64, spent: Duration) -> f64 {
    if spent.is_zero() { 0.0 } else { (count as f64 / spent.as_secs_f64()).round() }
}
