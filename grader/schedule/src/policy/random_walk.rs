use super::{Policy, View};
use crate::ThreadId;
use crate::random::Random;

/// Every candidate is as likely as every other, at every point.
pub struct RandomWalk;

impl Policy for RandomWalk {
    fn choose(&mut self, view: &View<'_>, random: &mut Random) -> ThreadId {
        view.candidates.nth(random.below(view.candidates.len()))
    }
}
