use super::{Policy, View};
use crate::ThreadId;
use crate::random::Random;

/// The thread that runs goes on until it cannot, then the lowest one: no preemption, no chance.
/// What follows a schedule that is replayed, and what exhaustive search deviates from.
pub struct Straight;

impl Policy for Straight {
    fn choose(&mut self, view: &View<'_>, _random: &mut Random) -> ThreadId {
        if view.candidates.contains(view.current) { view.current } else { view.candidates.nth(0) }
    }
}
