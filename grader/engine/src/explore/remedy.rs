//! Which stronger memory orders would keep a failure away that needs an old value: tried, by running the program again.
//!
//! First all of the program's own operations that take part acquire and release, or are sequentially consistent if that is
//! not enough; then as many as can be are put back, one after the other. What is left keeps the failure away in the schedule
//! that shows it, and in others: those that break the promise all the same are added, and it begins again.

use std::time::Instant;

use confine::run::RunError;
use schedule::Schedule;
use schedule::protocol::{Event, MemoryOrder, Operation, Raise, Request, Staleness, own_site};
use schedule::search::portfolio::Portfolio;
use schedule::search::{self, Search};

use super::Explorer;
use super::worker::Worker;
use crate::controlled::RunRecord;
use crate::judgement::Judgement;

/// So many other schedules are tried.
const OTHERS: usize = 100;
/// So many failing schedules are looked at, at most.
const MOST_SCHEDULES: usize = 6;
/// More operations are not tried one by one.
const MOST_SITES: usize = 24;

/// A memory order that is raised, and an operation of the shown run that it is raised of.
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    /// The operation.
    pub event: Event,
    /// Where it is asked for, and the order.
    pub raise: Raise,
}

/// What keeps a failure away.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// Nothing of it can be left out.
    pub raised: Vec<Raised>,
    /// How many other schedules were run with it, all of them without the failure.
    pub others: usize,
}

impl Explorer<'_> {
    /// What keeps the failure of the check at `place` away that `record` shows; nothing where that is not found.
    pub(super) fn remedy(
        &self,
        worker: &mut Worker<'_>,
        place: usize,
        record: &RunRecord,
    ) -> Result<Option<Remedy>, RunError> {
        if !record.schedule.is_stale() {
            return Ok(None);
        }
        let failing = vec![record.schedule.clone()];
        let found = Trial { explorer: self, worker, place, failing }.find(&self.own_operations(record));
        worker.raise(Vec::new());
        match found {
            Err(RunError::Interrupted) => Err(RunError::Interrupted),
            // The failure stands without.
            found => Ok(found.unwrap_or_default()),
        }
    }

    /// An operation of each place that the program's own source has one at.
    fn own_operations(&self, record: &RunRecord) -> Vec<Raised> {
        let (base, sites) = (record.header.base, self.program.sites().all());
        let mut found: Vec<Raised> = Vec::new();
        for event in record.events.iter().filter(|event| event.order != MemoryOrder::None) {
            let returns = event.frames.iter().take_while(|address| **address != 0);
            let returns = returns.map(|address| address.wrapping_sub(base));
            let Some(site) = own_site(sites, returns) else { continue };
            let raised = Raised { event: *event, raise: Raise { site, to: event.order } };
            match found.iter_mut().find(|known| known.raise.site == site) {
                // A compare-and-swap that fails has the weaker one of its two orders.
                Some(known) if known.event.operation == Operation::CompareFail => *known = raised,
                Some(_) => {}
                None => found.push(raised),
            }
        }
        found
    }
}

/// The search for one.
struct Trial<'a, 'w> {
    explorer: &'a Explorer<'a>,
    worker: &'a mut Worker<'w>,
    place: usize,
    /// Schedules that break the promise.
    failing: Vec<Schedule>,
}

impl Trial<'_, '_> {
    fn find(&mut self, own: &[Raised]) -> Result<Option<Remedy>, RunError> {
        if self.keeps(&[])? {
            return Ok(None);
        }
        while self.failing.len() <= MOST_SCHEDULES && own.len() <= MOST_SITES {
            let Some(raised) = self.least(own)? else { return Ok(None) };
            match self.other_failure(&raised)? {
                None => return Ok(Some(Remedy { raised, others: OTHERS })),
                Some(schedule) => self.failing.push(schedule),
            }
        }
        Ok(None)
    }

    /// What keeps the failure away in all schedules that are known to fail, and nothing of which can be left out.
    fn least(&mut self, own: &[Raised]) -> Result<Option<Vec<Raised>>, RunError> {
        for to in [MemoryOrder::AcqRel, MemoryOrder::SeqCst] {
            let mut raised: Vec<Raised> = own.iter().filter_map(|raised| raised.to(to)).collect();
            if !self.keeps(&raised)? {
                continue;
            }
            for place in (0..raised.len()).rev() {
                let mut fewer = raised.clone();
                fewer.remove(place);
                if self.keeps(&fewer)? {
                    raised = fewer;
                }
            }
            return Ok(Some(raised));
        }
        Ok(None)
    }

    /// Whether the promise is kept in all schedules that are known to break it. Old values that can no longer be are left
    /// out.
    fn keeps(&mut self, raised: &[Raised]) -> Result<bool, RunError> {
        for number in 0..self.failing.len() {
            let schedule = self.failing[number].clone();
            if self.broken(raised, search::follow(), &schedule)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Another schedule that breaks it all the same.
    fn other_failure(&mut self, raised: &[Raised]) -> Result<Option<Schedule>, RunError> {
        let none = Schedule::default();
        for attempt in Portfolio::new(self.explorer.seed, self.explorer.usual).propose(OTHERS) {
            let staleness = match attempt.request.staleness {
                Staleness::Never => Staleness::Evenly,
                staleness => staleness,
            };
            let broken = self.broken(raised, Request { staleness, ..attempt.request }, &none)?;
            if broken.is_some() {
                return Ok(broken);
            }
        }
        Ok(None)
    }

    /// The steps of a run with these orders, where it breaks the promise.
    fn broken(
        &mut self,
        raised: &[Raised],
        request: Request,
        schedule: &Schedule,
    ) -> Result<Option<Schedule>, RunError> {
        let Explorer { case, seed, judges, .. } = self.explorer;
        self.worker.raise(raised.iter().map(|raised| raised.raise).collect());
        if self.explorer.has_shortened_enough() {
            return Err(RunError::Control("its runs take too long to try more of them".into()));
        }
        let started = Instant::now();
        let (seen, record) = self.worker.traced(case, *seed, request, &schedule.steps)?;
        self.explorer.note_cost(&record, started.elapsed());
        let is_broken = matches!(judges[self.place].judge.judge(&seen), Some(Judgement::Broken(_)));
        Ok(is_broken.then_some(record.schedule))
    }
}

impl Raised {
    /// Raised so far, if that changes it.
    fn to(self, to: MemoryOrder) -> Option<Self> {
        let to = self.event.order.raised(self.event.operation, to);
        (to != self.event.order).then_some(Self { raise: Raise { to, ..self.raise }, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_raised_as_far_as_it_can_be() {
        use MemoryOrder::{AcqRel, Acquire, Relaxed, Release, SeqCst};
        let raised = |operation, order, to| {
            let event = Event { operation, order, ..Event::default() };
            Raised { event, raise: Raise { site: 7, to: order } }.to(to).map(|raised| raised.raise.to)
        };
        assert_eq!(raised(Operation::Load, Relaxed, AcqRel), Some(Acquire));
        assert_eq!(raised(Operation::Load, Acquire, AcqRel), None);
        assert_eq!(raised(Operation::Store, Relaxed, AcqRel), Some(Release));
        assert_eq!(raised(Operation::Update, Acquire, AcqRel), Some(AcqRel));
        assert_eq!(raised(Operation::Swap, AcqRel, SeqCst), Some(SeqCst));
        assert_eq!(raised(Operation::Store, SeqCst, SeqCst), None);
    }
}
