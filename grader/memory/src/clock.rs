//! Vector clocks: what of each thread has happened before.

/// How many threads an execution may have.
pub const MOST_THREADS: usize = 16;

/// For each thread, how many of its operations are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clock([u32; MOST_THREADS]);

impl Clock {
    /// Knows nothing.
    pub(crate) const EMPTY: Self = Self([0; MOST_THREADS]);

    /// Counts one more operation of `thread`, and gives back its number, which is not 0.
    pub(crate) fn tick(&mut self, thread: usize) -> u32 {
        self.0[thread] += 1;
        self.0[thread]
    }

    /// Whether that operation is known: it has happened before. Number 0 is known to all.
    pub(crate) fn knows(&self, thread: usize, number: u32) -> bool {
        self.0[thread] >= number
    }

    /// Learns all that `other` knows.
    pub(crate) fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = theirs.max(*mine);
        }
    }

    /// Each learns what the other knows.
    pub(crate) fn meet(&mut self, other: &mut Self) {
        self.join(other);
        *other = *self;
    }

    /// Both together.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        self.join(other);
        self
    }
}
