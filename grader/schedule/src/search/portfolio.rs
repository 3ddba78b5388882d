//! Which schedules are tried, and in which order: a fair portfolio of the policies.
//!
//! No policy finds every kind of bug best, so the budget is shared: random walk 40 %, POS 25 %, PCT
//! 20 % (depth 2 to 5), sticky 15 %. Half of the runs hold new threads until their creator blocks, and half
//! allow spurious wakes; a quarter is made as on a busy machine, where short timed waits expire early
//! and giving way has little effect. In a quarter, loads return what memory orders allow, where that may be. All of it follows from the seed and the number of the run, so
//! the same budget always tries the same schedules.

use crate::policy::Kind;
use crate::protocol::{Request, Staleness};
use crate::random::Random;

use super::{Attempt, BUDGET, Search};

/// What may happen in a run that no thread of it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chances {
    /// Waits end without a wake, in half of the runs.
    pub spurious_wakes: bool,
    /// Loads return what memory orders allow, and not the newest value alone, in a quarter of the runs.
    pub stale_loads: bool,
    /// Others are held up while time passes: sleeps end early, in a quarter of the runs waits with a time-out, too.
    pub eager_time: bool,
}

impl Chances {
    /// All that a program may not rely on, in a world where what is stored is seen at once.
    pub const ALL: Self = Self { spurious_wakes: true, stale_loads: false, eager_time: true };
    /// Nothing: what a machine with enough processors does.
    pub const NONE: Self = Self { spurious_wakes: false, stale_loads: false, eager_time: false };

    /// The same run, where only this may happen.
    pub fn limit(self, request: Request) -> Request {
        Request {
            spurious_wakes: request.spurious_wakes && self.spurious_wakes,
            busy_machine: request.busy_machine && self.eager_time,
            real_sleep: !self.eager_time,
            staleness: if self.stale_loads { request.staleness } else { Staleness::Never },
            ..request
        }
    }
}

/// The search.
pub struct Portfolio {
    seed: u64,
    length: u32,
    next: u64,
}

impl Portfolio {
    /// Runs that follow from `seed`; they take about `length` steps each.
    pub fn new(seed: u64, length: u32) -> Self {
        Self { seed, length, next: 0 }
    }
}

impl Search for Portfolio {
    fn propose(&mut self, most: usize) -> Vec<Attempt> {
        let first = self.next;
        self.next += most as u64;
        let attempt =
            |number| Attempt { number, request: request(self.seed, number, self.length), steps: Vec::new() };
        (first..self.next).map(attempt).collect()
    }
}

/// How the run with this number is made. It takes about `length` steps.
fn request(seed: u64, number: u64, length: u32) -> Request {
    let mut random = Random::new(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let depth = 2 + (number / 20 % 4) as u8;
    // A fixed round of twenty: every share is kept in any twenty runs, however small the budget.
    let policy = match number % 20 {
        0 | 2 | 5 | 7 | 10 | 12 | 15 | 17 => Kind::RandomWalk,
        1 | 6 | 11 | 16 | 19 => Kind::Pos,
        3 | 8 | 13 | 18 => Kind::Pct { depth, length },
        _ => Kind::Sticky,
    };
    Request {
        seed: random.next_u64(),
        policy,
        start_gate: random.one_in(2),
        spurious_wakes: random.one_in(2),
        busy_machine: random.one_in(4),
        staleness: staleness(&mut random),
        budget: BUDGET,
        ..Request::NONE
    }
}

fn staleness(random: &mut Random) -> Staleness {
    match random.below(12) {
        0 => Staleness::Evenly,
        1 => Staleness::Oldest,
        2 => Staleness::Seldom,
        _ => Staleness::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_runs_in_a_row_have_every_policy_in_its_share() {
        let count =
            |wanted: fn(Kind) -> bool| (40..60).filter(|&n| wanted(request(1, n, 100).policy)).count();
        assert_eq!(count(|kind| kind == Kind::RandomWalk), 8);
        assert_eq!(count(|kind| kind == Kind::Pos), 5);
        assert_eq!(count(|kind| matches!(kind, Kind::Pct { .. })), 4);
        assert_eq!(count(|kind| kind == Kind::Sticky), 3);
    }

    #[test]
    fn the_same_seed_and_number_give_the_same_run() {
        assert_eq!(request(3, 17, 100), request(3, 17, 100));
        assert_ne!(request(3, 17, 100).seed, request(4, 17, 100).seed);
    }
}
