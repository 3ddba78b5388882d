//! Sets of threads, as bits of one word.

/// A thread: 0 is the main thread, the others are numbered in the order in which they are created.
pub type ThreadId = u8;

/// How many threads one run may create.
pub const MOST_THREADS: usize = 64;

/// A set of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadSet(pub u64);

impl ThreadSet {
    /// No thread.
    pub const EMPTY: Self = Self(0);

    /// Only `thread`.
    pub fn only(thread: ThreadId) -> Self {
        Self(1 << thread)
    }

    /// Adds `thread`.
    pub fn insert(&mut self, thread: ThreadId) {
        self.0 |= 1 << thread;
    }

    /// Adds `thread`, or takes it out.
    #[inline]
    pub fn set(&mut self, thread: ThreadId, is_in: bool) {
        self.0 = self.0 & !(1 << thread) | u64::from(is_in) << thread;
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in one of them.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not in the other one.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `thread` is in it; what stands for a stale load in a schedule never is.
    pub fn contains(self, thread: ThreadId) -> bool {
        self.0.checked_shr(thread.into()).is_some_and(|bits| bits & 1 == 1)
    }

    /// Whether there is no thread in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many threads are in it.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The `index`th thread, from the lowest; the set must have more than `index` threads.
    pub fn nth(self, index: u32) -> ThreadId {
        self.iter().nth(index as usize).unwrap_or(0)
    }

    /// The threads, from the lowest.
    pub fn iter(self) -> impl Iterator<Item = ThreadId> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let lowest = (rest != 0).then(|| rest.trailing_zeros() as ThreadId)?;
            rest &= rest - 1;
            Some(lowest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::ThreadSet;

    #[test]
    fn threads_come_from_the_lowest() {
        let set = ThreadSet(0b1010_0001);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 7]);
        assert_eq!((set.nth(0), set.nth(2), set.len()), (0, 7, 3));
    }
}
