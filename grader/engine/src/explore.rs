//! Running a case under controlled schedules: many, different, and the same ones every time.
//!
//! Schedules are tried in batches, each batch spread over the processors, one pinned run on each.
//! What is reported depends only on complete batches and is taken in the order of the run
//! numbers, so that it is the same on any number of processors. The first failure of each
//! check is run again twice from its schedule alone before it counts, and then shortened.

mod batch;
mod budget;
mod confirm;
mod processors;
mod prove;
mod recent;
mod remedy;
mod starve;
mod survey;
mod touched;
mod worker;

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::{Duration, Instant};

use confine::run::{Ending, RunError};
use schedule::Schedule;
use schedule::protocol::Finish;
use schedule::search::bounded::Bounded;
use schedule::search::portfolio::Portfolio;
use schedule::search::{self, Attempt, Complete, Search};

use crate::case::{Case, Witness};
use crate::compile::hooks;
use crate::controlled::RunRecord;
use crate::judgement::{Fault, Judge, Judgement};
use crate::observation::Observation;
use crate::program::Program;

use budget::Budget;
pub use budget::ENOUGH;
pub use prove::Proof;
pub use remedy::{Raised, Remedy};
pub use starve::starve;
pub use survey::{Survey, survey};
use worker::Worker;

/// Runs in a batch: few at first, as most failures come soon; later enough that processors rarely wait for each other.
const BATCH: std::ops::RangeInclusive<u64> = 40..=200;

/// How far a case is explored.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// The most schedules.
    pub schedules: u64,
    /// All schedules with at most so many preemptions, in place of the portfolio.
    pub preemptions: Option<u32>,
    /// How long it may take, where that is bounded: then how many schedules are run is the machine's affair.
    pub time: Option<Duration>,
}

/// What exploring one case came to.
#[derive(Debug, Default)]
pub struct Exploration {
    /// Schedules run, without those that confirmed and shortened.
    pub schedules: u64,
    /// Hashes of the different ones among them.
    pub distinct: HashSet<u64>,
    /// Time spent on them.
    pub spent: Duration,
    /// What the runs said of each check of the case.
    pub findings: Vec<Finding>,
    /// The observation of a run that reached a stub.
    pub stub: Option<Observation>,
    /// Whether it was given up because a run took seconds.
    pub slow: bool,
    /// Why it was given up before its end: control was lost. What was found until then stands.
    pub lost: Option<RunError>,
    /// Where its runs cost too much for all schedules that were asked for: what one costs.
    pub dear: Option<Duration>,
    /// Whether it ended because runs became dearer than the first one.
    is_cut: bool,
    /// What the search has completed, where it can tell.
    pub complete: Option<Complete>,
    /// That no order of what its threads do breaks a check, where all were tried.
    pub proof: Option<Proof>,
    /// Why there is no proof, where one was tried.
    pub unproved: Option<String>,
    /// Hashes of what the runs came to, where the case is small.
    outcomes: HashSet<u64>,
}

/// What the runs said of one check.
#[derive(Debug)]
pub struct Finding {
    /// The check.
    pub check: &'static str,
    /// The place among the case's witnesses, of one that some run must show: then `counterexample` shows it.
    pub witness: Option<usize>,
    /// Runs that kept the promise.
    pub kept: u64,
    /// Why some run proved nothing.
    pub unproven: Option<String>,
    /// The first failure.
    pub counterexample: Option<Counterexample>,
}

/// A failure that comes again whenever its schedule does.
#[derive(Debug)]
pub struct Counterexample {
    /// How the promise was broken.
    pub fault: Fault,
    /// The run.
    pub seen: Observation,
    /// Its trace.
    pub record: RunRecord,
    /// How many schedules were run until it was found, this one included.
    pub found_after: u64,
    /// Where loads return old values in it: which memory orders keep it away.
    pub remedy: Option<Remedy>,
}

/// What one run said.
struct Run {
    attempt: Attempt,
    /// With a trace, all of it.
    record: Option<RunRecord>,
    /// Of its schedule; none where the case talks, as then a run is not the schedule's alone.
    hash: Option<u64>,
    judgements: Vec<Option<Judgement>>,
    stub: Option<Observation>,
    /// What it came to, by its hash, where the case is small.
    outcome: Option<u64>,
    /// It took seconds: it computed or waited where there is no control.
    slow: bool,
    cost: Duration,
}

/// Explores `case` as far as `extent` says, as long as one of its checks has not failed; `failed`
/// says which have before. `tell` hears how many schedules were run so far.
///
/// # Errors
/// When the program cannot be put under control, or the grader was interrupted.
pub fn explore(
    program: &Program,
    case: &Case,
    seed: u64,
    extent: Extent,
    failed: impl Fn(&str) -> bool,
    tell: impl Fn(u64),
) -> Result<Exploration, RunError> {
    let promises = case.judges.iter().chain(&case.writer_judges);
    let promises = promises.map(|(check, judge)| Question { check, judge, witness: None });
    let witnesses = case.witnesses.iter().enumerate();
    let witnesses = witnesses.map(|(place, Witness { check, shows, .. })| Question {
        check,
        judge: shows,
        witness: Some(place),
    });
    let judges = promises.chain(witnesses).filter(|question| !failed(question.check)).collect();
    let shortening = AtomicU64::new(0);
    Explorer { program, case, judges, seed, usual: 0, shortening }.explore(extent, tell)
}

/// Runs a case along schedules, and on without preemption where they end. Where the program talks to the
/// world outside and cannot follow a schedule exactly, it follows it as far as possible.
pub struct Replayer<'a> {
    worker: Worker<'a>,
    case: &'a Case,
    seed: u64,
}

impl<'a> Replayer<'a> {
    /// Nothing is run yet.
    ///
    /// # Errors
    /// When there is no folder to run the program in.
    pub fn new(program: &'a Program, case: &'a Case, seed: u64) -> Result<Self, RunError> {
        Ok(Self { worker: Worker::new(program, 0)?, case, seed })
    }

    /// Runs the case once.
    ///
    /// # Errors
    /// As for [`explore`].
    pub fn run(&mut self, schedule: &Schedule) -> Result<(Observation, RunRecord), RunError> {
        let mut run = |request| self.worker.traced(self.case, self.seed, request, &schedule.steps);
        let (seen, record) = run(search::replay())?;
        if record.header.finish == Finish::Divergence && record.header.outside {
            return run(search::follow_patiently());
        }
        Ok((seen, record))
    }
}

/// What each run is asked: whether it breaks a promise, or shows what some run must show.
#[derive(Clone, Copy)]
struct Question<'a> {
    check: &'static str,
    judge: &'a Judge,
    witness: Option<usize>,
}

struct Explorer<'a> {
    program: &'a Program,
    case: &'a Case,
    judges: Vec<Question<'a>>,
    seed: u64,
    /// About how many steps a run takes.
    usual: u32,
    /// Microseconds that were spent on making schedules short.
    shortening: AtomicU64,
}

impl Explorer<'_> {
    fn explore(mut self, extent: Extent, tell: impl Fn(u64)) -> Result<Exploration, RunError> {
        let findings = |question: &Question<'_>| Finding {
            check: question.check,
            witness: question.witness,
            kept: 0,
            unproven: None,
            counterexample: None,
        };
        let mut exploration =
            Exploration { findings: self.judges.iter().map(findings).collect(), ..Exploration::default() };
        if self.judges.is_empty() {
            return Ok(exploration);
        }
        let places =
            thread::available_parallelism().map_or(1, usize::from).min(extent.schedules.max(1) as usize);
        let workers: Result<Vec<Worker>, RunError> =
            (0..places).map(|place| Worker::new(self.program, place)).collect();
        let mut workers = workers?;
        let (first, cost) = self.warm_up(&mut workers)?;
        self.usual = first.header.steps;
        let budget = Budget::of(extent.schedules);
        let most = extent.schedules.min(budget.runs_of(cost));
        exploration.dear = (most < extent.schedules).then_some(cost);
        let mut spent = Duration::ZERO;
        let mut search: Box<dyn Search> = match extent.preemptions {
            Some(preemptions) => Box::new(Bounded::new(preemptions)),
            None => Box::new(Portfolio::new(self.seed, self.usual)),
        };
        while exploration.goes_on(most) && extent.time.is_none_or(|time| exploration.spent < time) {
            let batch = exploration.schedules.clamp(*BATCH.start(), *BATCH.end());
            let attempts = search.propose(batch.min(most - exploration.schedules) as usize);
            if attempts.is_empty() {
                break;
            }
            let started = Instant::now();
            let (mut runs, lost) =
                self.batch(&mut workers, &attempts, |more| budget.is_spent(spent + more))?;
            exploration.spent += started.elapsed();
            // In their order, so that it is the same on any number of processors.
            if let Some(last) = runs.iter().position(|run| {
                spent += run.cost;
                budget.is_spent(spent)
            }) {
                runs.truncate(last + 1);
                exploration.is_cut = true;
                exploration.dear = Some(spent / (exploration.schedules + last as u64 + 1).max(1) as u32);
            }
            let counted = self.count(&mut exploration, runs, search.as_mut(), &mut workers[0]);
            exploration.lost = lost_control(counted.and(lost.map_or(Ok(()), Err)))?;
            tell(exploration.schedules);
        }
        if exploration.schedules < most && !exploration.is_cut {
            exploration.dear = None;
        }
        exploration.complete = search.complete();
        if self.case.is_small && !self.case.chances.stale_loads && exploration.is_whole(most) {
            self.prove(&mut exploration, &mut workers[0])?;
        }
        Ok(exploration)
    }

    /// A run without preemption on each processor. It tells how long runs are and what they cost, and whether there is
    /// control at all: where threads have no atomic operations there must have been hooks to see them.
    fn warm_up(&self, workers: &mut [Worker<'_>]) -> Result<(RunRecord, Duration), RunError> {
        let once = |worker: &mut Worker<'_>| {
            let started = Instant::now();
            let (_, record) = worker.traced(self.case, self.seed, search::replay(), &[])?;
            let cost = budget::cost(Some(&record), started.elapsed());
            Ok((record, cost))
        };
        let run = |worker: &mut Worker<'_>| {
            let (record, first) = once(worker)?;
            // The first one has waited for the start of the program.
            let again = if budget::matters(first) { once(worker)?.1 } else { first };
            Ok((record, first.min(again)))
        };
        let runs: Result<Vec<_>, RunError> = on_all(workers, run)?.into_iter().collect();
        let mut runs = runs?;
        let least = runs.iter().map(|(_, cost)| *cost).min().unwrap_or_default();
        let (record, _) = runs.swap_remove(0);
        let is_unseen = record.header.atomics == 0 && record.header.threads > 1;
        if is_unseen && !hooks::are_in(&self.program.path) {
            return Err(RunError::Control(
                "its atomic operations are not seen: it was built without hooks".into(),
            ));
        }
        Ok((record, least))
    }

    /// Adds a batch; the first failure of a check is confirmed and shortened.
    fn count(
        &self,
        exploration: &mut Exploration,
        runs: Vec<Run>,
        search: &mut dyn Search,
        worker: &mut Worker<'_>,
    ) -> Result<(), RunError> {
        for run in runs {
            exploration.schedules += 1;
            exploration.slow |= run.slow;
            if let Some(record) = &run.record {
                search.learn(&run.attempt, &record.schedule, &record.candidates);
            }
            exploration.distinct.extend(run.hash);
            exploration.outcomes.extend(run.outcome);
            if run.stub.is_some() {
                exploration.stub = run.stub;
                return Ok(());
            }
            for (place, judgement) in run.judgements.into_iter().enumerate() {
                let finding = &mut exploration.findings[place];
                match judgement {
                    None | Some(Judgement::Nothing) => {}
                    Some(Judgement::Kept) => finding.kept += 1,
                    Some(Judgement::Unproven(reason)) => _ = finding.unproven.get_or_insert(reason),
                    Some(Judgement::Broken(_)) if finding.counterexample.is_some() => {}
                    Some(Judgement::Broken(_)) => self.confirm(finding, place, &run.attempt, worker)?,
                }
            }
        }
        Ok(())
    }
}

/// Works with each worker in a thread of its own; the results are in the order of the workers.
fn on_all<'a, T: Send>(
    workers: &mut [Worker<'a>],
    work: impl Fn(&mut Worker<'a>) -> T + Sync,
) -> Result<Vec<T>, RunError> {
    let ended: Vec<thread::Result<T>> = thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> = workers.iter_mut().map(|worker| scope.spawn(move || work(worker))).collect();
        started.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let lost = |_| RunError::Control("a thread of the grader panicked".into());
    ended.into_iter().map(|result| result.map_err(lost)).collect()
}

/// The error of a program that is no longer under control: what was found before stands. Others are the grader's own.
fn lost_control(result: Result<(), RunError>) -> Result<Option<RunError>, RunError> {
    match result {
        Ok(()) => Ok(None),
        Err(error @ (RunError::Control(_) | RunError::Setup(_))) => Ok(Some(error)),
        Err(error) => Err(error),
    }
}

fn is_slow(ending: &Ending) -> bool {
    matches!(ending, Ending::Idle { .. } | Ending::Unseen { .. })
}

impl Exploration {
    /// Whether more runs can tell more.
    fn goes_on(&self, most: u64) -> bool {
        let is_undecided = self.findings.iter().any(|finding| finding.counterexample.is_none());
        self.schedules < most && is_undecided && self.is_well()
    }

    fn is_well(&self) -> bool {
        self.stub.is_none() && !self.slow && !self.is_cut && self.lost.is_none()
    }

    /// Whether all runs were made that were asked for, and none broke a promise. That some run shows something is no matter
    /// of all.
    fn is_whole(&self, most: u64) -> bool {
        let is_kept = |finding: &Finding| {
            finding.witness.is_some() || finding.counterexample.is_none() && finding.unproven.is_none()
        };
        self.schedules >= most && self.is_well() && self.findings.iter().all(is_kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_before_control_was_lost_stands() {
        assert!(lost_control(Ok(())).unwrap().is_none());
        for error in [RunError::Control("gone".into()), RunError::Setup("full".into())] {
            assert!(lost_control(Err(error)).unwrap().is_some());
        }
        assert!(lost_control(Err(RunError::Interrupted)).is_err());
    }
}
