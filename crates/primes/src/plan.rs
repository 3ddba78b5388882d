//! How the numbers up to a limit are cut into pieces, and how what is found in the pieces adds up.

/// The primes that no piece holds: a byte has a bit only for numbers that none of them divides.
pub(crate) const BELOW_WHEEL: [u64; 3] = [2, 3, 5];

/// The longest piece, in bytes of 30 numbers: it fits the second-level cache of a core and takes milliseconds.
const MAX_PIECE: usize = 256 * 1024;

/// The pieces of all workers together, in bytes: however many workers there are, memory stays bounded.
const MAX_PIECES: usize = 16 * 1024 * 1024;

/// Each worker gets at least this many pieces of a small limit, too.
const PIECES_PER_WORKER: usize = 4;

/// The pieces of the numbers up to a limit. Every worker makes the same plan from the same arguments.
pub(crate) struct Plan {
    pub(crate) limit: u64,
    pub(crate) pieces: usize,
    piece_len: usize,
}

/// Numbers that are sieved together: `len` bytes, the first of them for the numbers from `30 * first` on.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) first: u64,
    pub(crate) len: usize,
    /// Numbers above it are not candidates, though the last byte may have room for them.
    pub(crate) limit: u64,
}

impl Plan {
    pub(crate) fn new(limit: u64, workers: usize) -> Self {
        let len = Piece::whole(limit).len;
        let piece_len = len.div_ceil(workers * PIECES_PER_WORKER).min(MAX_PIECE).min(MAX_PIECES / workers);
        Self { limit, pieces: len.div_ceil(piece_len), piece_len }
    }

    pub(crate) fn piece(&self, index: usize) -> Piece {
        let whole = Piece::whole(self.limit);
        let first = index * self.piece_len;
        Piece { first: first as u64, len: self.piece_len.min(whole.len - first), ..whole }
    }
}

impl Piece {
    pub(crate) fn whole(limit: u64) -> Self {
        Self { first: 0, len: (limit / 30 + 1) as usize, limit }
    }
}

/// How many primes there are and which is the largest (0 where there are none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) largest: u64,
}

impl Tally {
    /// Of the primes that no piece holds.
    pub(crate) fn below_wheel(limit: u64) -> Self {
        let primes = BELOW_WHEEL.iter().filter(|&&p| p <= limit);
        Self { count: primes.clone().count() as u64, largest: primes.max().copied().unwrap_or(0) }
    }

    pub(crate) const BYTES: usize = 16;

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        (u128::from(self.count) << 64 | u128::from(self.largest)).to_le_bytes()
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let both = u128::from_le_bytes(bytes);
        Self { count: (both >> 64) as u64, largest: both as u64 }
    }

    pub(crate) fn merge(self, other: Self) -> Self {
        Self { count: self.count + other.count, largest: self.largest.max(other.largest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_every_byte_once() {
        for limit in [0, 1, 29, 30, 1_000, 10_000, 30_000_000] {
            for workers in [1, 2, 3, 64, 1024] {
                let plan = Plan::new(limit, workers);
                let mut next = 0;
                for index in 0..plan.pieces {
                    let piece = plan.piece(index);
                    assert_eq!(piece.first, next, "limit {limit}, {workers} workers");
                    assert!((1..=MAX_PIECE).contains(&piece.len) && piece.len * workers <= MAX_PIECES);
                    next += piece.len as u64;
                }
                assert_eq!(next, limit / 30 + 1, "limit {limit}, {workers} workers");
            }
        }
    }

    #[test]
    fn small_limits_are_shared_by_all_workers() {
        assert!(Plan::new(10_000, 8).pieces >= 8);
    }

    #[test]
    fn a_tally_keeps_the_sum_and_the_largest() {
        let merged = Tally { count: 3, largest: 5 }.merge(Tally { count: 2, largest: 11 });
        assert_eq!(merged, Tally { count: 5, largest: 11 });
        assert_eq!(merged.merge(Tally::default()), merged);
    }

    #[test]
    fn a_tally_survives_the_pipe() {
        let tally = Tally { count: 37_607_912_018, largest: 999_999_999_989 };
        assert_eq!(Tally::from_bytes(tally.to_bytes()), tally);
    }

    #[test]
    fn small_primes_count_up_to_the_limit_only() {
        let tallies =
            [0, 1, 2, 3, 4, 5, 100].map(Tally::below_wheel).map(|tally| (tally.count, tally.largest));
        assert_eq!(tallies, [(0, 0), (0, 0), (1, 2), (2, 3), (2, 3), (3, 5), (3, 5)]);
    }
}
