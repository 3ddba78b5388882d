//! Who goes on: the policies, one a file.
//!
//! The protocol: the mechanism calls [`Policy::spawned`] once for each thread before the thread can be
//! chosen, and [`Policy::choose`] at every point, with at least one candidate. The answer must be
//! a candidate. A policy keeps all its state in fixed arrays, as it runs where nothing may be
//! allocated.

mod pct;
mod pos;
mod random_walk;
mod starve;
mod sticky;
mod straight;

use crate::random::Random;
use crate::{MOST_THREADS, ThreadId, ThreadSet};

pub use pct::Pct;
pub use pos::Pos;
pub use random_walk::RandomWalk;
pub use starve::Starve;
pub use sticky::Sticky;
pub use straight::Straight;

/// What a thread is about to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The object, by its address; 0 for none.
    pub object: u64,
    /// Whether it may change the object.
    pub writes: bool,
}

impl Pending {
    /// Whether the order of the two can matter.
    pub fn conflicts(self, other: Self) -> bool {
        self.object != 0 && self.object == other.object && (self.writes || other.writes)
    }
}

/// What a policy may look at when it chooses.
pub struct View<'a> {
    /// The threads that can go on; never empty.
    pub candidates: ThreadSet,
    /// The thread that took the last step; not always a candidate.
    pub current: ThreadId,
    /// How many choices were made before this one.
    pub step: u32,
    /// What each thread is about to do; nothing for one that is between two operations, which says what is next only when
    /// it comes there.
    pub pending: &'a [Option<Pending>; MOST_THREADS],
}

/// Chooses the next thread.
pub trait Policy {
    /// A thread has been created.
    fn spawned(&mut self, _thread: ThreadId, _random: &mut Random) {}

    /// One of `view.candidates`.
    fn choose(&mut self, view: &View<'_>, random: &mut Random) -> ThreadId;
}

/// Which policy a run uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`RandomWalk`].
    RandomWalk,
    /// [`Pos`].
    Pos,
    /// [`Pct`] with this depth, over runs of about this many steps.
    Pct { depth: u8, length: u32 },
    /// [`Sticky`].
    Sticky,
    /// [`Straight`].
    Straight,
    /// [`Starve`] of this thread.
    Starve { thread: ThreadId },
}

/// One of the policies, without allocation.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it cannot be boxed where nothing may be allocated"
)]
pub enum AnyPolicy {
    /// See [`RandomWalk`].
    RandomWalk(RandomWalk),
    /// See [`Pos`].
    Pos(Pos),
    /// See [`Pct`].
    Pct(Pct),
    /// See [`Sticky`].
    Sticky(Sticky),
    /// See [`Straight`].
    Straight(Straight),
    /// See [`Starve`].
    Starve(Starve),
}

impl AnyPolicy {
    /// The policy of this kind at the start of a run.
    pub fn new(kind: Kind, random: &mut Random) -> Self {
        match kind {
            Kind::RandomWalk => Self::RandomWalk(RandomWalk),
            Kind::Pos => Self::Pos(Pos::new()),
            Kind::Pct { depth, length } => Self::Pct(Pct::new(depth, length, random)),
            Kind::Sticky => Self::Sticky(Sticky),
            Kind::Straight => Self::Straight(Straight),
            Kind::Starve { thread } => Self::Starve(Starve(thread)),
        }
    }
}

impl Policy for AnyPolicy {
    fn spawned(&mut self, thread: ThreadId, random: &mut Random) {
        match self {
            Self::RandomWalk(policy) => policy.spawned(thread, random),
            Self::Pos(policy) => policy.spawned(thread, random),
            Self::Pct(policy) => policy.spawned(thread, random),
            Self::Sticky(policy) => policy.spawned(thread, random),
            Self::Straight(policy) => policy.spawned(thread, random),
            Self::Starve(policy) => policy.spawned(thread, random),
        }
    }

    fn choose(&mut self, view: &View<'_>, random: &mut Random) -> ThreadId {
        match self {
            Self::RandomWalk(policy) => policy.choose(view, random),
            Self::Pos(policy) => policy.choose(view, random),
            Self::Pct(policy) => policy.choose(view, random),
            Self::Sticky(policy) => policy.choose(view, random),
            Self::Straight(policy) => policy.choose(view, random),
            Self::Starve(policy) => policy.choose(view, random),
        }
    }
}

/// The candidate with the highest priority; the lowest thread of equal ones.
fn highest<P: PartialOrd>(candidates: ThreadSet, priority: impl Fn(ThreadId) -> P) -> ThreadId {
    let better =
        |best: ThreadId, thread: ThreadId| if priority(thread) > priority(best) { thread } else { best };
    candidates.iter().reduce(better).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 6] = [
        Kind::RandomWalk,
        Kind::Pos,
        Kind::Pct { depth: 3, length: 50 },
        Kind::Sticky,
        Kind::Straight,
        Kind::Starve { thread: 1 },
    ];

    /// The choices of one policy over 200 points with three threads, of which two can always run.
    fn choices(kind: Kind, seed: u64) -> Vec<ThreadId> {
        let mut random = Random::new(seed);
        let mut policy = AnyPolicy::new(kind, &mut random);
        (0..3).for_each(|thread| policy.spawned(thread, &mut random));
        let mut current = 0;
        let mut chosen = Vec::new();
        for step in 0..200 {
            let candidates = [ThreadSet(0b011), ThreadSet(0b110), ThreadSet(0b101)][step as usize % 3];
            let view = View {
                candidates,
                current,
                step,
                pending: &[Some(Pending { object: 8, writes: true }); MOST_THREADS],
            };
            current = policy.choose(&view, &mut random);
            assert!(candidates.contains(current), "{kind:?} chose a thread that cannot run");
            chosen.push(current);
        }
        chosen
    }

    #[test]
    fn every_policy_chooses_candidates_and_repeats_itself() {
        for kind in KINDS {
            assert_eq!(choices(kind, 5), choices(kind, 5), "{kind:?}");
        }
    }

    #[test]
    fn a_starved_thread_runs_only_alone() {
        assert!(!choices(Kind::Starve { thread: 1 }, 5).contains(&1));
    }

    #[test]
    fn random_policies_differ_by_seed() {
        for kind in &KINDS[..4] {
            assert_ne!(choices(*kind, 5), choices(*kind, 6), "{kind:?}");
        }
    }
}
