use super::{Policy, View};
use crate::ThreadId;
use crate::random::Random;

/// One thread is not chosen as long as another one can go on, and nobody is interrupted. Whoever needs another thread
/// must wait: a program that blocks comes to rest, and one that waits busily goes on without end. Not to be interrupted
/// is for those that block: who meets a thread in the middle of handing something over, as channels do, may look again
/// until it is done.
pub struct Starve(pub ThreadId);

impl Policy for Starve {
    fn choose(&mut self, view: &View<'_>, _random: &mut Random) -> ThreadId {
        let starved = self.0;
        if view.candidates.contains(view.current) {
            return view.current;
        }
        view.candidates.iter().find(|&thread| thread != starved).unwrap_or(starved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MOST_THREADS;
    use crate::thread_set::ThreadSet;

    fn chosen(candidates: &[ThreadId], current: ThreadId) -> ThreadId {
        let mut set = ThreadSet::EMPTY;
        candidates.iter().for_each(|&thread| set.insert(thread));
        let view = View { candidates: set, current, step: 0, pending: &[None; MOST_THREADS] };
        Starve(1).choose(&view, &mut Random::new(0))
    }

    #[test]
    fn a_starved_thread_begins_only_alone_and_is_not_interrupted_then() {
        assert_eq!(chosen(&[0, 1, 2], 0), 0);
        assert_eq!(chosen(&[1, 2], 0), 2);
        assert_eq!(chosen(&[1], 0), 1);
        assert_eq!(chosen(&[0, 1], 1), 1);
    }
}
