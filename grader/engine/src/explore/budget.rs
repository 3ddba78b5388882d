//! How much time exploring a case may take, whatever its runs do.
//!
//! Most runs take less than a millisecond, and nothing here is ever felt by those. Where one takes much longer, fewer schedules
//! are run. How many follows from the cost of a first run in powers of two, so that it is mostly the same each time.

use std::time::Duration;

use crate::controlled::RunRecord;

/// What a schedule may cost on average, as long as there are few: thirty times what a process costs.
const EACH: Duration = Duration::from_millis(32);
/// So many are few.
const FEW: u64 = 2_000;
/// What each further one may cost: as many as that are asked for only where they are cheap.
const EACH_MORE: Duration = Duration::from_millis(2);

/// What an exploration may cost besides, however few schedules it has.
const BASE: Duration = Duration::from_secs(10);

/// With fewer schedules than that, or than were asked for, nothing is proven.
pub const ENOUGH: u64 = 100;

/// What may be spent on one exploration, or on making one failure's schedule short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(Duration);

impl Budget {
    /// For `runs` runs.
    pub(super) fn of(runs: u64) -> Self {
        let times =
            |each: Duration, count: u64| each.saturating_mul(u32::try_from(count).unwrap_or(u32::MAX));
        Self(BASE + times(EACH, runs.min(FEW)) + times(EACH_MORE, runs.saturating_sub(FEW)))
    }

    /// How many runs of `cost` it allows, at least one.
    pub(super) fn runs_of(self, cost: Duration) -> u64 {
        let each = cost.as_millis().max(1).next_power_of_two();
        u64::try_from(self.0.as_millis() / each).unwrap_or(u64::MAX).max(1)
    }

    /// Whether it is spent twice over: runs cost more than the first one did.
    pub(super) fn is_spent(self, spent: Duration) -> bool {
        spent > self.0 * 2
    }
}

/// Whether runs that cost so much may be too dear.
pub(super) fn matters(cost: Duration) -> bool {
    cost > EACH_MORE
}

/// What a run costs: its processor time, or an eighth of its time on the clock where that is more, so that one that
/// waits for the world outside is not waited for without an end.
pub(super) fn cost(record: Option<&RunRecord>, clock: Duration) -> Duration {
    let processor = record.map_or(0, |record| record.header.processor);
    Duration::from_micros(processor.into()).max(clock / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(asked: u64, milliseconds: u64) -> u64 {
        Budget::of(asked).runs_of(Duration::from_millis(milliseconds)).min(asked)
    }

    #[test]
    fn usual_runs_are_all_made_on_a_machine_thirty_times_slower() {
        for asked in [1, 40, 200, 2_000, 1_000_000, u64::from(u32::MAX)] {
            assert_eq!(runs(asked, 0), asked);
        }
        for asked in [1, 40, 200, 2_000] {
            assert_eq!(runs(asked, 32), asked);
        }
    }

    #[test]
    fn a_second_of_computing_in_each_run_leaves_few() {
        assert_eq!(runs(200, 1_000), 16);
        assert_eq!(runs(2_000, 1_000), 72);
        assert_eq!(runs(2_000, 700), runs(2_000, 1_000), "small differences make none");
        assert_eq!(runs(1, 60_000), 1);
        assert_eq!(runs(20_000, 32), 3_437, "110 seconds, not ten minutes");
    }

    #[test]
    fn runs_that_become_dearer_end_it() {
        let budget = Budget::of(200);
        assert!(!budget.is_spent(Duration::from_secs(32)));
        assert!(budget.is_spent(Duration::from_secs(33)));
    }
}
