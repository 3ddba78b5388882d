//! From a run that failed to a counterexample: shown again by its schedule alone, and short.

use schedule::protocol::Request;
use schedule::{Schedule, ThreadId};

use super::set::Set;
use super::{Counterexample, Explorer, Finding, is_slow, judgement};
use crate::case::{Fault, Judgement, Observation};
use crate::controlled::Record;
use crate::run::RunError;
use crate::search::{self, Attempt};
use crate::shorten::shorten;

impl Explorer<'_> {
    /// A failure counts when its schedule alone shows it twice more.
    pub(super) fn confirm(
        &self,
        finding: &mut Finding,
        place: usize,
        attempt: &Attempt,
        set: &Set<'_>,
    ) -> Result<(), RunError> {
        let (_, record) = set.traced(self.case, self.seed, attempt.request, &attempt.steps)?;
        let mut confirmed = None;
        for _ in 0..2 {
            confirmed = self.breaks(set, place, search::replay(), &record.schedule.steps)?;
            if confirmed.is_none() {
                finding.unproven.get_or_insert(format!(
                    "run {} broke it, but its schedule does not show it again: the program depends on \
                     something that is not under control",
                    attempt.number + 1
                ));
                return Ok(());
            }
        }
        let Some((_, seen, _)) = &confirmed else { return Ok(()) };
        // A run that waits for the world outside takes seconds.
        let shortest = if is_slow(seen.ending()) {
            record.schedule
        } else {
            self.shortened(set, place, record.schedule)?
        };
        let found = self.breaks(set, place, search::replay(), &shortest.steps)?.or(confirmed);
        finding.counterexample = found.map(|(fault, seen, record)| Counterexample {
            fault,
            seen,
            record,
            found_after: attempt.number + 1,
        });
        Ok(())
    }

    /// Stops early where attempts take seconds.
    fn shortened(&self, set: &Set<'_>, place: usize, failing: Schedule) -> Result<Schedule, RunError> {
        const MOST_SLOW_ATTEMPTS: u32 = 2;
        let lenient = Request { lenient: true, ..search::replay() };
        let (check, judge) = self.judges[place];
        let mut slow = 0;
        shorten(failing, |steps| {
            if slow == MOST_SLOW_ATTEMPTS {
                return Ok(None);
            }
            let (seen, record) = set.traced(self.case, self.seed, lenient, steps)?;
            let seen = self.usual_ending(seen);
            slow += u32::from(is_slow(seen.ending()));
            let is_broken = matches!(judgement(check, judge, &seen), Some(Judgement::Broken(_)));
            Ok(is_broken.then_some(record.schedule))
        })
    }

    /// Whether a run along `steps` breaks the check at `place`.
    fn breaks(
        &self,
        set: &Set<'_>,
        place: usize,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Option<(Fault, Observation, Record)>, RunError> {
        let (seen, record) = set.traced(self.case, self.seed, request, steps)?;
        let seen = self.usual_ending(seen);
        let (check, judge) = self.judges[place];
        Ok(match judgement(check, judge, &seen) {
            Some(Judgement::Broken(fault)) => Some((fault, seen, record)),
            _ => None,
        })
    }
}
