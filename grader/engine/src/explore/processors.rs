//! Which processor each run is pinned to.

use rustix::thread::{CpuSet, sched_getaffinity};

/// The processor for the runs of this place: of those that the grader itself may use, which need not be the first
/// ones of the machine (sched_setaffinity(2), cpuset(7)).
pub(super) fn of_place(place: usize) -> usize {
    let allowed = sched_getaffinity(None).map_or_else(|_| Vec::new(), |set| allowed(|cpu| set.is_set(cpu)));
    allowed.get(place % allowed.len().max(1)).copied().unwrap_or(place)
}

fn allowed(is_set: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..CpuSet::MAX_CPU).filter(|&cpu| is_set(cpu)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_is_used() {
        assert_eq!(allowed(|cpu| cpu == 3), [3]);
        assert_eq!(allowed(|cpu| [1, 3].contains(&cpu)), [1, 3]);
        assert_eq!(allowed(|cpu| cpu == 1000), [1000]);
    }

    #[test]
    fn every_place_has_a_processor_of_this_process() {
        let mine = sched_getaffinity(None).unwrap();
        assert!((0..100).all(|place| mine.is_set(of_place(place))));
    }
}
