//! From a run that failed to a counterexample: shown again by its schedule alone, and short.

use std::mem;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use confine::run::{Ending, RunError};
use schedule::protocol::Request;
use schedule::search::{self, Attempt};
use schedule::shorten::{MOST_ATTEMPTS, shorten};
use schedule::{Schedule, ThreadId};

use super::budget::{self, Budget};
use super::worker::Worker;
use super::{Counterexample, Explorer, Finding, is_slow};
use crate::controlled::RunRecord;
use crate::judgement::{Fault, Judgement};
use crate::observation::Observation;

/// A run that broke a check.
struct Broken {
    fault: Fault,
    seen: Observation,
    record: RunRecord,
}

impl Explorer<'_> {
    /// A failure counts when its schedule alone shows it twice more, and is then shortened. Where a program
    /// talks to the world outside, following the schedule as far as possible must show it twice.
    pub(super) fn confirm(
        &self,
        finding: &mut Finding,
        place: usize,
        attempt: &Attempt,
        worker: &mut Worker<'_>,
    ) -> Result<(), RunError> {
        let (_, record) = worker.traced(self.case, self.seed, attempt.request, &attempt.steps)?;
        let steps = &record.schedule.steps;
        let mut confirmed = self.shows_again(worker, place, search::replay(), steps, 2)?;
        if let Some(broken) = &confirmed
            // A run that waits for the world outside to the end takes seconds.
            && !is_slow(broken.seen.ending())
            && self.is_looked_at(finding)
        {
            let shortest = self.shortened(worker, place, record.schedule, broken.seen.ending())?;
            confirmed = self.breaks(worker, place, search::replay(), &shortest.steps)?.or(confirmed);
        } else if confirmed.is_none() && record.header.outside {
            confirmed = self.shows_again(worker, place, search::follow_patiently(), steps, 4)?;
        }
        let found_after = attempt.number + 1;
        match confirmed {
            Some(Broken { fault, seen, record }) => {
                let remedy = match self.is_looked_at(finding) {
                    true => self.remedy(worker, place, &record)?,
                    false => None,
                };
                finding.counterexample = Some(Counterexample { fault, seen, record, found_after, remedy });
            }
            None => {
                finding.unproven.get_or_insert(format!(
                    "run {found_after} broke it, but its schedule does not show it again: the program depends on \
                     something that is not under control"
                ));
            }
        }
        Ok(())
    }

    /// Whether people see the run: who looks at no run that shows what some run must show needs no short one.
    fn is_looked_at(&self, finding: &Finding) -> bool {
        finding.witness.is_none_or(|place| self.case.witnesses[place].is_lesson)
    }

    /// The last of two runs along `steps` that break the check at `place`, if two of `most` do.
    fn shows_again(
        &self,
        worker: &mut Worker<'_>,
        place: usize,
        request: Request,
        steps: &[ThreadId],
        most: u32,
    ) -> Result<Option<Broken>, RunError> {
        let mut shown = 0;
        for _ in 0..most {
            let broken = self.breaks(worker, place, request, steps)?;
            shown += u32::from(broken.is_some());
            if shown == 2 {
                return Ok(broken);
            }
        }
        Ok(None)
    }

    /// Stops early where attempts take seconds, or all of them more than they may. A run that ends in another way is
    /// another failure: the same check may break by a deadlock and by a panic.
    fn shortened(
        &self,
        worker: &mut Worker<'_>,
        place: usize,
        failing: Schedule,
        ending: &Ending,
    ) -> Result<Schedule, RunError> {
        const MOST_SLOW_ATTEMPTS: u32 = 2;
        let judge = self.judges[place].judge;
        // Whether it needs an old value is asked in any case, and first.
        let (mut slow, mut is_asked) = (0, !failing.is_stale());
        shorten(failing, |steps| {
            if mem::replace(&mut is_asked, true)
                && (slow == MOST_SLOW_ATTEMPTS || self.has_shortened_enough())
            {
                return Ok(None);
            }
            let started = Instant::now();
            let (seen, record) = worker.traced(self.case, self.seed, search::follow(), steps)?;
            self.note_cost(&record, started.elapsed());
            slow += u32::from(is_slow(seen.ending()));
            let is_broken = matches!(judge.judge(&seen), Some(Judgement::Broken(_)));
            Ok((is_broken && seen.ending().word() == ending.word()).then_some(record.schedule))
        })
    }

    /// A run that was made to make a failure clearer.
    pub(super) fn note_cost(&self, record: &RunRecord, clock: Duration) {
        let cost = budget::cost(Some(record), clock).as_micros() as u64;
        self.shortening.fetch_add(cost, Ordering::Relaxed);
    }

    /// Over all failures of the case.
    pub(super) fn has_shortened_enough(&self) -> bool {
        let spent = Duration::from_micros(self.shortening.load(Ordering::Relaxed));
        Budget::of(MOST_ATTEMPTS as u64).is_spent(spent)
    }

    /// Whether a run along `steps` breaks the check at `place`.
    fn breaks(
        &self,
        worker: &mut Worker<'_>,
        place: usize,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Option<Broken>, RunError> {
        let (seen, record) = worker.traced(self.case, self.seed, request, steps)?;
        let judge = self.judges[place].judge;
        Ok(match judge.judge(&seen) {
            Some(Judgement::Broken(fault)) => Some(Broken { fault, seen, record }),
            _ => None,
        })
    }
}
