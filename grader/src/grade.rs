//! Grading one exercise: build it, run its cases, judge what they leave, add up the points.

mod replay;
mod words;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::case::{Case, Fault, Judgement, Observation};
use crate::compile::{self, Build, Kind};
use crate::controlled::Record;
use crate::counterexample;
use crate::error::Error;
use crate::exercise::Exercise;
use crate::explore::{self, Exploration, Extent};
use crate::progress::Progress;
use crate::report::picture::Picture;
use crate::report::{
    BoundedReport, CheckReport, ExerciseReport, Explored, Failure, Stressed, listing, panic_line,
};
use crate::rubric::Rubric;
use crate::rules;
use crate::run::{Ending, RunError};
use crate::source::Source;
use crate::stage::Control;
use crate::stress;
use crate::symbols::Symbols;
use crate::tally::Tally;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

pub use replay::replay;
use words::{lines_around, quoted};

/// How a case is run and judged, whatever the exercise.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything drawn by chance comes from it.
    pub seed: u64,
    /// Only this case, where it is named.
    pub case: Option<String>,
    /// How many schedules an exercise is explored with, over all its cases.
    pub schedules: u64,
    /// Explore all schedules with at most so many preemptions instead of random ones.
    pub preemptions: Option<u32>,
    /// How often each case is run without control, in place of its own number.
    pub runs: Option<u32>,
}

/// Found enough for every mutant of the exercises, and over in about a second.
pub const SCHEDULES: u64 = 2_000;

impl Default for Options {
    fn default() -> Self {
        Self { seed: 0, case: None, schedules: SCHEDULES, preemptions: None, runs: None }
    }
}

/// Grades `source` as the solution of `exercise`.
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
    let prepared = Grading::prepare(workspace, exercise, source, options, progress)?;
    let started = Instant::now();
    let mut report = match prepared {
        Prepared::Grading(grading) => grading.report()?,
        Prepared::Report(report) => {
            return Ok(ExerciseReport { source: listing(source, exercise.name), ..report });
        }
    };
    report.seconds = started.elapsed().as_secs_f64();
    report.source = listing(source, exercise.name);
    Ok(report)
}

/// A report for a program of which no run was judged.
fn without_runs(exercise: &Exercise, rubric: &Rubric, verdict: Verdict, message: String) -> ExerciseReport {
    let max_score = exercise.checks.iter().map(|check| rubric.points(check.id)).sum();
    ExerciseReport {
        exercise: exercise.name.to_owned(),
        verdict,
        score: 0.0,
        max_score,
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

/// A program that is ready to be run, or the report where there is none.
enum Prepared<'a> {
    Grading(Grading<'a>),
    Report(ExerciseReport),
}

struct Grading<'a> {
    exercise: &'a Exercise,
    rubric: Rubric,
    program: PathBuf,
    control: Control,
    source: &'a Source,
    options: &'a Options,
    progress: &'a Progress,
}

/// What the runs showed so far.
#[derive(Default)]
struct Findings {
    tallies: Vec<(&'static str, Tally)>,
    explored: Explored,
    spent: Duration,
    runs: u64,
    long_endings: u32,
    stub: Option<String>,
}

impl<'a> Grading<'a> {
    /// Builds the program, plainly and under control.
    fn prepare(
        workspace: &Workspace,
        exercise: &'a Exercise,
        source: &'a Source,
        options: &'a Options,
        progress: &'a Progress,
    ) -> Result<Prepared<'a>, Error> {
        let rubric = Rubric::read(workspace, exercise)?;
        let refusals = rules::refusals(source);
        if !refusals.is_empty() {
            let message = words::refused(exercise.name, source, &refusals);
            return Ok(Prepared::Report(without_runs(exercise, &rubric, Verdict::Refused, message)));
        }
        progress.say(format!("{}: building", exercise.name));
        let program = match compile::build(workspace, exercise.name, source, Kind::Plain)? {
            Build::Program(program) => program,
            Build::Errors(message) => {
                let report = without_runs(exercise, &rubric, Verdict::BuildError, message);
                return Ok(Prepared::Report(report));
            }
        };
        let control = compile::control(workspace, exercise.name, source)?;
        Ok(Prepared::Grading(Grading { exercise, rubric, program, control, source, options, progress }))
    }

    fn report(&self) -> Result<ExerciseReport, Error> {
        let cases = self.cases()?;
        let mut findings = Findings::default();
        for (index, case) in cases.iter().enumerate() {
            self.progress.say(format!(
                "{}: {} ({} of {})",
                self.exercise.name,
                case.id,
                index + 1,
                cases.len()
            ));
            self.explore(case, &mut findings)?;
            if findings.stub.is_none() {
                self.stress(case, &mut findings)?;
            }
            if let Some(message) = findings.stub {
                return Ok(without_runs(self.exercise, &self.rubric, Verdict::NotImplemented, message));
            }
            if findings.long_endings >= MOST_LONG_ENDINGS {
                break;
            }
        }
        Ok(self.summary(findings))
    }

    fn cases(&self) -> Result<Vec<Case>, Error> {
        let mut cases = (self.exercise.cases)(self.options.seed);
        if let Some(wanted) = &self.options.case {
            if !cases.iter().any(|case| case.id == *wanted) {
                return Err(Error::unknown("case", wanted, cases.iter().map(|case| case.id.as_str())));
            }
            cases.retain(|case| case.id == *wanted);
        }
        Ok(cases)
    }

    /// Explores a case with its part of the exercise's schedules.
    fn explore(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        if case.share == 0 {
            return Ok(());
        }
        let extent = Extent {
            schedules: (self.options.schedules * u64::from(case.share)).div_ceil(100),
            preemptions: self.options.preemptions,
        };
        let failed = |check: &str| findings.has_failed(check);
        let what = format!("{}: {}", self.exercise.name, case.id);
        self.progress.begin(what, "schedules", extent.schedules);
        let tell = |count| self.progress.done(count);
        let explored = explore::explore(&self.control, case, self.options.seed, extent, failed, tell);
        let explored = explored.and_then(|exploration| {
            self.add(case, exploration, findings);
            self.starve(case, findings)
        });
        match explored {
            Ok(()) => {}
            // Said in the report: without control nothing is proven, and a pass would be luck. What an earlier run
            // of the program has left can keep the grader from preparing the next one.
            Err(RunError::Control(reason) | RunError::Stage(reason)) => {
                let checks = case.judges.iter().chain(&case.controlled_judges).map(|(check, _)| *check);
                for check in checks.chain(case.witnesses.iter().map(|witness| witness.check)) {
                    findings.tally(check).unproven(format!("case {}: {reason}", case.id));
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Runs a case with one thread after another kept from running, where a promise is about that.
    fn starve(&self, case: &Case, findings: &mut Findings) -> Result<(), RunError> {
        if case.starved_judges.is_empty() || findings.stub.is_some() {
            return Ok(());
        }
        for (thread, seen) in explore::starve(&self.control, case, self.options.seed)? {
            for (check, judge) in &case.starved_judges {
                let tally = findings.tally(check);
                match judge(&seen) {
                    Judgement::Kept => tally.kept_under_control(1),
                    Judgement::Unproven(reason) => tally.unproven(format!("case {}: {reason}", case.id)),
                    Judgement::Broken(fault) => {
                        let seen_then = format!("while T{thread} does not run, {}", fault.seen);
                        let fault = Fault { seen: seen_then, ..fault };
                        tally.broken(self.failure(case, &seen, fault, None));
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&self, case: &Case, exploration: Exploration, findings: &mut Findings) {
        findings.explored.schedules += exploration.schedules;
        findings.explored.distinct += exploration.distinct.len() as u64;
        findings.spent += exploration.spent;
        if let Some(asked) = self.options.preemptions.filter(|_| exploration.schedules > 0) {
            findings.explored.bounded.push(bounded(&case.id, &exploration, asked));
        }
        findings.long_endings += u32::from(exploration.slow);
        findings.stub = exploration.stub.as_ref().and_then(Observation::reached_stub);
        // Below that, that nothing shows is chance; and few preemptions show little.
        const ENOUGH: u64 = 100;
        let searched = exploration.schedules >= ENOUGH && self.options.preemptions.is_none();
        for finding in exploration.findings {
            let witness = finding.witness.map(|place| &case.witnesses[place]);
            let found = finding.counterexample.map(|found| {
                let schedule = found.record.schedule.to_string();
                let picture = self.picture(&found.record, &found.fault);
                let failure = self.failure(case, &found.seen, found.fault, Some(schedule));
                Failure { found_after: Some(found.found_after), ..failure.with_picture(picture) }
            });
            let tally = findings.tally(finding.check);
            let in_case = |reason: String| format!("case {}: {reason}", case.id);
            match (witness, found) {
                (None, found) => {
                    tally.kept_under_control(finding.kept);
                    finding.unproven.into_iter().for_each(|reason| tally.unproven(in_case(reason)));
                    found.into_iter().for_each(|failure| tally.broken(failure));
                }
                (Some(witness), Some(shown)) => tally.shown(shown, witness.is_lesson),
                (Some(_), None) if !searched => {
                    tally.unproven(in_case("too few schedules were tried to show it".into()));
                }
                (Some(witness), None) => {
                    let seen = format!("none of {} schedules shows it", exploration.schedules);
                    let fault = Fault::new(witness.expected, seen);
                    let failure = self.failure(case, &Observation::default(), fault, None);
                    let ended = "it is about all schedules together".to_owned();
                    tally.broken(Failure { ending: "none".into(), ended, ..failure });
                }
            }
        }
    }

    fn stress(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        // What has failed is not hidden by more runs, and a wrong program can be very slow.
        let usual = self.options.runs.unwrap_or(case.runs);
        let runs = if self.is_lost(findings) { usual.min(1) } else { usual };
        for run in 0..runs {
            let undecided = case.judges.iter().any(|(check, _)| !findings.has_failed(check));
            if !undecided {
                return Ok(());
            }
            let seen = stress::perform(&self.program, case, self.options.seed, run)?;
            findings.runs += 1;
            if let Some(stub) = seen.reached_stub() {
                findings.stub = Some(stub);
                return Ok(());
            }
            self.judge(case, &seen, findings);
            if seen.code().is_none() {
                findings.long_endings += u32::from(!matches!(seen.ending(), Ending::Deadlocked { .. }));
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a check that is worth points has failed.
    fn is_lost(&self, findings: &Findings) -> bool {
        findings.tallies.iter().any(|(check, tally)| tally.has_failed() && self.rubric.points(check) > 0.0)
    }

    /// A run that did not end by itself says something only about whether the program terminates.
    fn judge(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.judges {
            let tally = findings.tally(check);
            match explore::judgement(check, judge, seen) {
                None => {}
                Some(Judgement::Kept) => tally.kept(),
                Some(Judgement::Unproven(reason)) => tally.unproven(format!("case {}: {reason}", case.id)),
                Some(Judgement::Broken(fault)) => tally.broken(self.failure(case, seen, fault, None)),
            }
        }
    }

    fn picture(&self, record: &Record, fault: &Fault) -> Picture {
        let symbols = Symbols::read(&self.control.program, self.exercise.name);
        counterexample::picture(record, &symbols, fault.line)
    }

    fn failure(&self, case: &Case, seen: &Observation, fault: Fault, schedule: Option<String>) -> Failure {
        Failure {
            lines: lines_around(&seen.stdout.lines, fault.line),
            expected: fault.expected,
            seen: fault.seen,
            ending: seen.ending().word().to_owned(),
            ended: seen.ending().to_string(),
            case: case.id.clone(),
            call: case.scenario.shown(self.exercise.name),
            replay: self.replay_command(case, schedule.as_deref()),
            found_after: None,
            place: panic_line(&seen.stderr.lines, self.exercise.name),
            trace: Vec::new(),
            picture: None,
            schedule,
        }
    }

    fn replay_command(&self, case: &Case, schedule: Option<&str>) -> String {
        let mut command = format!("cargo grade replay {} --case {}", self.exercise.name, case.id);
        if let Some(schedule) = schedule {
            command += &format!(" --schedule '{schedule}'");
        }
        if self.options.seed != 0 {
            command += &format!(" --seed {}", self.options.seed);
        }
        if let Some(path) = &self.source.origin {
            command += &format!(" --source {}", quoted(path));
        }
        command
    }

    fn summary(&self, mut findings: Findings) -> ExerciseReport {
        let checks: Vec<CheckReport> = self
            .exercise
            .checks
            .iter()
            .map(|check| std::mem::take(findings.tally(check.id)).report(check, self.rubric.worth(check.id)))
            .collect();
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

impl Findings {
    fn tally(&mut self, check: &'static str) -> &mut Tally {
        let index = self.tallies.iter().position(|(id, _)| *id == check).unwrap_or_else(|| {
            self.tallies.push((check, Tally::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[index].1
    }

    fn has_failed(&self, check: &str) -> bool {
        self.tallies.iter().any(|(id, tally)| *id == check && tally.has_failed())
    }
}

fn bounded(case: &str, exploration: &Exploration, asked: u32) -> BoundedReport {
    let complete = exploration.complete;
    BoundedReport {
        case: case.to_owned(),
        schedules: exploration.schedules,
        complete_preemptions: complete.map(|complete| complete.preemptions),
        complete_schedules: complete.map_or(0, |complete| complete.schedules),
        complete: complete.is_some_and(|complete| complete.preemptions == asked),
    }
}

fn per_second(count: u64, spent: Duration) -> f64 {
    if spent.is_zero() { 0.0 } else { (count as f64 / spent.as_secs_f64()).round() }
}
