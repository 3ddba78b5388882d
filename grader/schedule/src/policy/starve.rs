use super::{Policy, View};
use crate::ThreadId;
use crate::random::Random;

/// One thread never runs as long as another one can go on. Whoever needs it must wait: a program that blocks
/// comes to rest, and one that waits busily goes on without end.
pub struct Starve(pub ThreadId);

impl Policy for Starve {
    fn choose(&mut self, view: &View<'_>, _random: &mut Random) -> ThreadId {
        let starved = self.0;
        if view.current != starved && view.candidates.contains(view.current) {
            return view.current;
        }
        view.candidates.iter().find(|&thread| thread != starved).unwrap_or(starved)
    }
}
