use super::{Policy, View, highest};
use crate::random::Random;
use crate::{MOST_THREADS, ThreadId};

/// The deepest bug that it looks for.
const MOST_DEPTH: usize = 8;

/// Probabilistic concurrency testing: the thread with the highest priority runs; at `depth - 1`
/// random steps the running thread's priority falls below all others. Finds a bug that takes
/// `depth` ordering constraints with probability at least 1 / (threads · length^(depth-1))
/// (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic
/// Guarantees of Finding Bugs, ASPLOS 2010).
pub struct Pct {
    priorities: [u64; MOST_THREADS],
    /// The steps at which a priority falls, in no order.
    changes: [u32; MOST_DEPTH],
    depth: usize,
}

impl Pct {
    /// For bugs of this depth in runs of about `length` steps.
    pub fn new(depth: u8, length: u32, random: &mut Random) -> Self {
        let depth = usize::from(depth).clamp(1, MOST_DEPTH);
        let changes = [(); MOST_DEPTH].map(|()| random.below(length.max(1)));
        Self { priorities: [0; MOST_THREADS], changes, depth }
    }
}

impl Policy for Pct {
    fn spawned(&mut self, thread: ThreadId, random: &mut Random) {
        // Above every priority that a change gives.
        self.priorities[usize::from(thread)] = random.next_u64() | 1 << 32;
    }

    fn choose(&mut self, view: &View<'_>, _random: &mut Random) -> ThreadId {
        let due = self.changes[..self.depth - 1].iter().position(|step| *step == view.step);
        if let Some(change) = due {
            self.priorities[usize::from(view.current)] = change as u64;
        }
        highest(view.candidates, |thread| self.priorities[usize::from(thread)])
    }
}
