use super::{Policy, View};
use crate::ThreadId;
use crate::random::Random;

/// The thread that runs goes on, but for one point in twelve on average: few preemptions, at
/// random places, as an operating system makes them.
pub struct Sticky;

impl Policy for Sticky {
    fn choose(&mut self, view: &View<'_>, random: &mut Random) -> ThreadId {
        if view.candidates.contains(view.current) && !random.one_in(12) {
            return view.current;
        }
        view.candidates.nth(random.below(view.candidates.len()))
    }
}
