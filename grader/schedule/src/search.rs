//! Which schedules are tried: a search proposes runs, the explorer makes them.

pub mod bounded;
pub mod dpor;
pub mod happens_before;
pub mod portfolio;

use crate::mechanism::Candidates;
use crate::policy::Kind;
use crate::protocol::Request;
use crate::{Schedule, ThreadId};

/// So many steps are enough for a run in which nothing goes on to be told: in the second half of them every choice is
/// fair. One in which something does goes on, up to [`crate::MOST_STEPS`].
pub const BUDGET: u32 = 40_000;

/// One run that a search proposes.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// How many attempts came before it.
    pub number: u64,
    /// How the run is made.
    pub request: Request,
    /// The steps that it takes first.
    pub steps: Vec<ThreadId>,
}

/// Proposes runs, and may learn from them. What it proposes follows from what it was made from and
/// what it learnt alone, so the same search of the same program is always the same.
pub trait Search {
    /// Up to `most` runs that can be made in any order; none when the search is at its end.
    fn propose(&mut self, most: usize) -> Vec<Attempt>;

    /// The steps that a proposed run took, and who could have taken each.
    /// Called in the order of the attempts, for runs with a trace.
    fn learn(&mut self, _attempt: &Attempt, _taken: &Schedule, _candidates: &[Candidates]) {}

    /// What has been searched completely, if the search can tell.
    fn complete(&self) -> Option<Complete> {
        None
    }
}

/// All schedules of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complete {
    /// All with at most so many preemptions.
    pub preemptions: u32,
    /// How many those are.
    pub schedules: u64,
}

/// How the steps of a schedule are run again, and what follows them is run without preemption.
pub fn replay() -> Request {
    Request { policy: Kind::Straight, trace: true, budget: BUDGET, ..Request::NONE }
}

/// How a run is made in which one thread does not run while others can; `usual` steps are a usual run.
pub fn starve(thread: ThreadId, usual: u32) -> Request {
    let budget = BUDGET.min(2_000 + 8 * usual);
    Request { policy: Kind::Starve { thread }, trace: false, budget, ..replay() }
}

/// How a schedule is followed as far as possible: steps that cannot be taken are left out.
pub fn follow() -> Request {
    Request { lenient: true, ..replay() }
}

/// How a schedule is followed where the program talks to the world outside, which is not always as fast.
pub fn follow_patiently() -> Request {
    const TWO_SECONDS: u32 = 200;
    Request { patience: TWO_SECONDS, ..follow() }
}
