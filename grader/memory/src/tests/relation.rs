//! Relations between few things, as rows of bits.

/// Which of up to 64 things are related to which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation(Vec<u64>);

impl Relation {
    /// Between `size` things, those pairs that `are` says.
    pub(super) fn of(size: usize, are: impl Fn(usize, usize) -> bool) -> Self {
        let row = |from| (0..size).filter(|&to| are(from, to)).fold(0, |row, to| row | 1 << to);
        Self((0..size).map(row).collect())
    }

    pub(super) fn has(&self, from: usize, to: usize) -> bool {
        self.0[from] >> to & 1 == 1
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine | theirs).collect())
    }

    /// From what `self` relates to what `other` relates from.
    pub(super) fn then(&self, other: &Self) -> Self {
        let row = |row: &u64| {
            (0..self.0.len()).filter(|at| row >> at & 1 == 1).fold(0, |all, at| all | other.0[at])
        };
        Self(self.0.iter().map(row).collect())
    }

    /// With each thing related to itself.
    pub(super) fn or_same(&self) -> Self {
        Self(self.0.iter().enumerate().map(|(at, row)| row | 1 << at).collect())
    }

    /// Over any number of steps, at least one.
    pub(super) fn closed(&self) -> Self {
        let mut closed = self.clone();
        loop {
            let more = closed.or(&closed.then(&closed));
            if more == closed {
                return closed;
            }
            closed = more;
        }
    }

    pub(super) fn turned(&self) -> Self {
        Self::of(self.0.len(), |from, to| self.has(to, from))
    }

    /// Only pairs that `are` says, too.
    pub(super) fn only(&self, are: impl Fn(usize, usize) -> bool) -> Self {
        Self::of(self.0.len(), |from, to| self.has(from, to) && are(from, to))
    }

    /// Whether nothing is related to itself.
    pub(super) fn is_irreflexive(&self) -> bool {
        (0..self.0.len()).all(|at| !self.has(at, at))
    }

    pub(super) fn is_acyclic(&self) -> bool {
        self.closed().is_irreflexive()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|row| *row == 0)
    }
}
