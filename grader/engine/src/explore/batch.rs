//! Some runs, shared out over the processors.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use confine::run::RunError;
use schedule::search::Attempt;

use super::recent::Recent;
use super::worker::{Made, Worker};
use super::{Explorer, Run, budget, is_slow, on_all};
use crate::case::External;

/// Attempts that are shared out in their order.
struct Shares<'a> {
    attempts: &'a [Attempt],
    /// The first that nobody has taken.
    next: AtomicUsize,
    /// Microseconds that the runs cost so far.
    cost: AtomicU64,
    /// No share is larger: so that all have something to do.
    most: usize,
}

impl<'a> Shares<'a> {
    fn new(attempts: &'a [Attempt], places: usize) -> Self {
        let most = (attempts.len() / (2 * places)).max(1);
        Self { attempts, next: AtomicUsize::new(0), cost: AtomicU64::new(0), most }
    }

    /// Up to `wanted` of those that nobody has taken; none behind the last.
    fn take(&self, wanted: usize) -> Option<&'a [Attempt]> {
        let count = wanted.min(self.most);
        let rest = self.attempts.get(self.next.fetch_add(count, Ordering::Relaxed)..)?;
        (!rest.is_empty()).then(|| &rest[..rest.len().min(count)])
    }

    /// Nobody takes any more.
    fn end(&self) {
        self.next.store(self.attempts.len(), Ordering::Relaxed);
    }

    /// What all runs cost, this one included.
    fn add(&self, cost: Duration) -> Duration {
        let more = cost.as_micros() as u64;
        Duration::from_micros(self.cost.fetch_add(more, Ordering::Relaxed) + more)
    }
}

/// A run with the number of its attempt.
type Numbered = (u64, Result<Run, RunError>);

impl Explorer<'_> {
    /// Makes these runs, on all processors, until what they cost together `is_too_much`; those before one that could
    /// not be made, and why it could not.
    pub(super) fn batch(
        &self,
        workers: &mut [Worker<'_>],
        attempts: &[Attempt],
        is_too_much: impl Fn(Duration) -> bool + Sync,
    ) -> Result<(Vec<Run>, Option<RunError>), RunError> {
        let shares = Shares::new(attempts, workers.len());
        let runs = on_all(workers, |worker| self.work(worker, &shares, &is_too_much))?;
        Ok(in_order(runs.into_iter().flatten().collect()))
    }

    /// One processor's part.
    fn work(
        &self,
        worker: &mut Worker<'_>,
        shares: &Shares<'_>,
        is_too_much: &impl Fn(Duration) -> bool,
    ) -> Vec<Numbered> {
        let mut runs = Vec::new();
        while let Some(mine) = shares.take(worker.at_once()) {
            for (attempt, run) in mine.iter().zip(self.runs(worker, mine)) {
                let cost = shares.add(run.as_ref().map_or(Duration::ZERO, |run| run.cost));
                if is_last(&run) || is_too_much(cost) {
                    shares.end();
                }
                runs.push((attempt.number, run));
            }
        }
        runs
    }

    /// Makes these runs, until one ends them.
    fn runs(&self, worker: &mut Worker<'_>, attempts: &[Attempt]) -> Vec<Result<Run, RunError>> {
        let wanted: Vec<_> =
            attempts.iter().map(|attempt| (attempt.request, attempt.steps.as_slice())).collect();
        let made = worker.perform(self.case, self.seed, &wanted);
        made.into_iter()
            .zip(attempts)
            .map(|(made, attempt)| Ok(self.judged(made?, attempt, &mut worker.recent)))
            .collect()
    }

    fn judged(&self, Made { seen, record, clock }: Made, attempt: &Attempt, recent: &mut Recent) -> Run {
        let judge = || self.judges.iter().map(|question| question.judge.judge(&seen)).collect();
        let judgements = recent.judge(&seen, judge);
        Run {
            attempt: attempt.clone(),
            cost: budget::cost(record.as_ref(), clock),
            hash: record
                .as_ref()
                .filter(|_| self.case.external == External::Nobody)
                .map(|record| record.header.hash),
            record: record.filter(|_| attempt.request.trace),
            judgements,
            outcome: self.case.is_small.then(|| super::prove::outcome(&seen)),
            slow: is_slow(seen.ending()),
            stub: seen.reached_stub().is_some().then_some(seen),
        }
    }
}

/// Runs are begun in order, so all before the first that ends the batch are here; what is behind it depends on the
/// processors.
fn in_order(mut runs: Vec<Numbered>) -> (Vec<Run>, Option<RunError>) {
    runs.sort_by_key(|(number, _)| *number);
    if let Some(first) = runs.iter().position(|(_, run)| is_last(run)) {
        runs.truncate(first + 1);
    }
    let mut made = Vec::with_capacity(runs.len());
    for (_, run) in runs {
        match run {
            Ok(run) => made.push(run),
            Err(error) => return (made, Some(error)),
        }
    }
    (made, None)
}

/// Whether no further runs are begun after it.
fn is_last(run: &Result<Run, RunError>) -> bool {
    run.as_ref().map_or(true, |run| run.slow)
}
