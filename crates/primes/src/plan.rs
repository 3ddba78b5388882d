//! How the numbers up to a limit are cut into pieces, and how the answers for the pieces add up.

/// At most this many bytes a piece, of 30 numbers each: fits the second-level cache of a core.
const MAX_PIECE: u64 = 256 * 1024;

#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) first: u64,
    pub(crate) len: usize,
    pub(crate) limit: u64,
}

impl Piece {
    pub(crate) fn whole(limit: u64) -> Self {
        Self { first: 0, len: (limit / 30 + 1) as usize, limit }
    }
}

#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) largest: u64,
}
