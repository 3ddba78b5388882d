//! Making a failing schedule short: fewest switches that still fail.
//!
//! A schedule is a row of runs: thread and length. Each attempt takes a run out, or moves a run of
//! the same thread up to it, and runs the program with what is left. The runtime follows such a schedule
//! as far as it can (a step that is impossible is left out) and goes on without preemption, and
//! the steps that it really took are the new schedule if the failure is still there.
//!
//! Stale loads are taken out first, all at once if that can be: a failure that needs none has nothing to do with memory orders.

use crate::{Schedule, ThreadId, age_of};

/// The most attempts for one failure: a bound on time, not on quality; most need fewer.
pub const MOST_ATTEMPTS: usize = 400;

/// The shortest schedule found from `failing`. `attempt` runs a schedule leniently and gives the
/// steps that were taken if the run failed in the same way.
pub fn shorten<E>(
    failing: Schedule,
    mut attempt: impl FnMut(&[ThreadId]) -> Result<Option<Schedule>, E>,
) -> Result<Schedule, E> {
    let mut best = failing;
    let mut attempts = 0;
    if best.is_stale() {
        attempts += 1;
        let fresh = attempt(&without_stale(&best))?;
        best = fresh.filter(|schedule| !schedule.is_stale()).unwrap_or(best);
    }
    let mut improved = true;
    while improved && attempts < MOST_ATTEMPTS {
        improved = false;
        let mut index = 0;
        while index < best.runs().count() && attempts < MOST_ATTEMPTS {
            attempts += 1;
            let mut found = attempt(&without_run(&best, index))?;
            if found.as_ref().is_none_or(|schedule| schedule.switches() >= best.switches()) {
                attempts += 1;
                found = attempt(&with_run_merged(&best, index))?;
            }
            match found {
                Some(shorter) if shorter.switches() < best.switches() => {
                    best = shorter;
                    improved = true;
                }
                _ => index += 1,
            }
        }
    }
    Ok(best)
}

/// The steps with which every load returns the newest value.
fn without_stale(schedule: &Schedule) -> Vec<ThreadId> {
    schedule.steps.iter().copied().filter(|&step| age_of(step).is_none()).collect()
}

/// The steps without the run at `index`: its thread goes on later.
fn without_run(schedule: &Schedule, index: usize) -> Vec<ThreadId> {
    expand(schedule.runs().enumerate().filter(|(place, _)| *place != index).map(|(_, run)| run))
}

/// The steps with the next run of the same thread moved up to the one at `index`.
fn with_run_merged(schedule: &Schedule, index: usize) -> Vec<ThreadId> {
    let mut runs: Vec<(ThreadId, usize)> = schedule.runs().collect();
    let thread = runs[index].0;
    if let Some(later) = (index + 1..runs.len()).find(|&place| runs[place].0 == thread) {
        runs[index].1 += runs[later].1;
        runs.remove(later);
    }
    expand(runs.into_iter())
}

fn expand(runs: impl Iterator<Item = (ThreadId, usize)>) -> Vec<ThreadId> {
    runs.flat_map(|(thread, length)| std::iter::repeat_n(thread, length)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stale;

    /// Fails exactly when thread 2 takes a step between two steps of thread 1.
    fn is_torn(steps: &[ThreadId]) -> bool {
        let place = |wanted| steps.iter().position(|&thread| thread == wanted);
        let last = steps.iter().rposition(|&thread| thread == 1);
        matches!((place(1), place(2), last), (Some(first), Some(other), Some(last)) if first < other && other < last)
    }

    #[test]
    fn only_the_switches_that_matter_are_left() {
        let failing: Schedule = "T0×3 T1×1 T0×2 T2×1 T0×1 T1×1 T2×2 T0×1 T1×3".parse().unwrap();
        let attempt = |steps: &[ThreadId]| Ok::<_, ()>(is_torn(steps).then(|| Schedule::new(steps)));
        let short = shorten(failing, attempt).unwrap();
        assert!(is_torn(&short.steps));
        assert_eq!(short.switches(), 2, "{short}");
    }

    #[test]
    fn stale_loads_that_do_not_matter_are_no_part_of_it() {
        let failing: Schedule = "T1×1 ~1 T1×1 T2×1 T2×1 ~2 T1×2".parse().unwrap();
        let attempt = |steps: &[ThreadId]| Ok::<_, ()>(is_torn(steps).then(|| Schedule::new(steps)));
        assert!(!shorten(failing.clone(), attempt).unwrap().is_stale());
        let needs_one =
            |steps: &[ThreadId]| Ok::<_, ()>(steps.contains(&stale(2)).then(|| Schedule::new(steps)));
        let short = shorten(failing, needs_one).unwrap();
        assert_eq!(short.steps.iter().filter(|&&step| age_of(step).is_some()).count(), 1, "{short}");
    }

    #[test]
    fn a_failure_that_does_not_come_again_keeps_its_schedule() {
        let failing = Schedule::new([0, 1, 0, 1]);
        assert_eq!(shorten(failing.clone(), |_| Ok::<_, ()>(None)), Ok(failing));
    }
}
