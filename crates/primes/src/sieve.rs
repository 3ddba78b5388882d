//! A segmented sieve of Eratosthenes: any stretch of the numbers is sieved alone, in memory that stays small.
//!
//! Of 30 numbers in a row, 8 are divisible by none of 2, 3 and 5: a byte stands for 30 numbers, a bit for each of the 8.
//! The multiples p·r, p·(r + 30), p·(r + 60), … then lie exactly p bytes apart and all hit the same bit.

use crate::plan::{Piece, Tally};

/// What a candidate may leave when divided by 30; the place in this list is its bit.
const WHEEL: [u64; 8] = [1, 7, 11, 13, 17, 19, 23, 29];

/// The smallest primes take the most work, but what they cross off repeats every 17,017 bytes.
const PATTERN_PRIMES: [u64; 4] = [7, 11, 13, 17];
const PATTERN_LEN: u64 = 7 * 11 * 13 * 17;

/// What is needed to sieve any segment up to a limit; shared by all threads of a process.
pub(crate) struct Sieve {
    pattern: Vec<u8>,
    /// The primes from 19 to the square root of the limit, ascending.
    primes: Vec<u32>,
}

impl Sieve {
    pub(crate) fn new(limit: u64) -> Self {
        // A segment from the second repetition: in the first, the primes themselves are not crossed off.
        let mut pattern = vec![0xFF; PATTERN_LEN as usize];
        for p in PATTERN_PRIMES {
            cross_off(&mut pattern, PATTERN_LEN, p);
        }
        Self { pattern, primes: sieving_primes(limit.isqrt()) }
    }

    /// Sieves one piece of the numbers.
    pub(crate) fn segment(&self, piece: Piece) -> Segment {
        let mut bits = self.without_pattern_multiples(piece);
        let end = 30 * (piece.first + piece.len as u64);
        for p in self.primes.iter().map(|&p| u64::from(p)).take_while(|p| p * p < end) {
            cross_off(&mut bits, piece.first, p);
        }
        if piece.first == 0 {
            bits[0] = 0b1111_1110; // Of 1, 7, 11, 13, 17, 19, 23 and 29 all but 1 are primes.
        }
        let mut segment = Segment { first: piece.first, bits };
        segment.clear_above(piece.limit);
        segment
    }

    fn without_pattern_multiples(&self, piece: Piece) -> Vec<u8> {
        let mut bits = Vec::with_capacity(piece.len);
        while bits.len() < piece.len {
            let from = ((piece.first + bits.len() as u64) % PATTERN_LEN) as usize;
            let rest = &self.pattern[from..];
            bits.extend_from_slice(&rest[..rest.len().min(piece.len - bits.len())]);
        }
        bits
    }
}

fn sieving_primes(root: u64) -> Vec<u32> {
    if root <= PATTERN_PRIMES[3] {
        return Vec::new();
    }
    let primes = Sieve::new(root).segment(Piece::whole(root));
    primes.primes().filter(|p| !PATTERN_PRIMES.contains(p)).map(|p| p as u32).collect()
}

/// Clears the multiples of `p`, but not `p`, in the bytes from number `30 * first` on.
fn cross_off(bits: &mut [u8], first: u64, p: u64) {
    let into_stride = first % p;
    for residue in WHEEL {
        let product = p * residue;
        let mut at = product / 30 + p - into_stride;
        if at >= p {
            at -= p;
        }
        if residue == 1 && first <= product / 30 {
            at += p;
        }
        let keep = !(1 << bit_of(product));
        let mut at = at as usize;
        while at < bits.len() {
            bits[at] &= keep;
            at += p as usize;
        }
    }
}

/// The bit of a number that is divisible by none of 2, 3 and 5.
fn bit_of(number: u64) -> usize {
    const BITS: [u8; 30] = {
        let mut bits = [0; 30];
        let mut bit = 0;
        while bit < WHEEL.len() {
            bits[WHEEL[bit] as usize] = bit as u8;
            bit += 1;
        }
        bits
    };
    usize::from(BITS[(number % 30) as usize])
}

/// The primes of one piece: a set bit is a prime. Bytes count from `first`.
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) bits: Vec<u8>,
}

impl Segment {
    pub(crate) fn primes(&self) -> impl Iterator<Item = u64> {
        (self.first..).zip(&self.bits).flat_map(|(byte, &bits)| {
            (0..8).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| 30 * byte + WHEEL[bit])
        })
    }

    pub(crate) fn tally(&self) -> Tally {
        // Eight bytes at once: bits are counted as fast in a long number as in a short one.
        let (words, rest) = self.bits.as_chunks::<8>();
        let in_words: u64 = words.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum();
        let in_rest: u64 = rest.iter().map(|byte| u64::from(byte.count_ones())).sum();
        let last = self.bits.iter().rposition(|&bits| bits != 0);
        let largest =
            last.map_or(0, |at| 30 * (self.first + at as u64) + WHEEL[self.bits[at].ilog2() as usize]);
        Tally { count: in_words + in_rest, largest }
    }

    fn clear_above(&mut self, limit: u64) {
        for at in (0..self.bits.len()).rev() {
            let byte = self.first + at as u64;
            if 30 * byte + 29 <= limit {
                break;
            }
            for bit in (0..8).filter(|&bit| 30 * byte + WHEEL[bit] > limit) {
                self.bits[at] &= !(1 << bit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::BELOW_WHEEL;

    fn is_prime(number: u64) -> bool {
        number >= 2 && (2..=number.isqrt()).all(|divisor| !number.is_multiple_of(divisor))
    }

    /// The primes up to `limit` from segments of `len` bytes.
    fn sieved(limit: u64, len: usize) -> Vec<u64> {
        let sieve = Sieve::new(limit);
        let mut primes: Vec<u64> = BELOW_WHEEL.into_iter().filter(|&p| p <= limit).collect();
        let whole = Piece::whole(limit);
        for first in (0..whole.len).step_by(len) {
            let piece = Piece { first: first as u64, len: len.min(whole.len - first), ..whole };
            primes.extend(sieve.segment(piece).primes());
        }
        primes
    }

    #[test]
    fn agrees_with_trial_division_for_every_small_limit() {
        let primes: Vec<u64> = (0..=2_000).filter(|&n| is_prime(n)).collect();
        for limit in 0..=2_000 {
            let expected = &primes[..primes.partition_point(|&p| p <= limit)];
            assert_eq!(sieved(limit, 1 + limit as usize % 9), expected, "limit {limit}");
        }
    }

    #[test]
    fn agrees_with_trial_division_for_every_segment_length() {
        let limit = 20_000;
        let expected: Vec<u64> = (0..=limit).filter(|&n| is_prime(n)).collect();
        for len in 1..=Piece::whole(limit).len {
            assert_eq!(sieved(limit, len), expected, "segments of {len} bytes");
        }
    }

    #[test]
    fn segments_may_end_anywhere_in_the_pattern() {
        let limit = 30 * 2 * PATTERN_LEN + 1_000;
        let expected = sieved(limit, Piece::whole(limit).len);
        assert!(expected.iter().step_by(97).all(|&n| is_prime(n)));
        for len in [1_000, 17_016, 17_017, 17_018, 30_000] {
            assert_eq!(sieved(limit, len), expected, "segments of {len} bytes");
        }
    }

    #[test]
    fn agrees_with_trial_division_at_the_highest_limit() {
        let limit = 1_000_000_000_000;
        let first = limit / 30 - 9;
        let segment = Sieve::new(limit).segment(Piece { first, len: 10, limit });
        let expected: Vec<u64> = (30 * first..=limit).filter(|&n| is_prime(n)).collect();
        assert_eq!(segment.primes().collect::<Vec<_>>(), expected);
        assert_eq!(segment.tally(), Tally { count: expected.len() as u64, largest: 999_999_999_989 });
    }

    #[test]
    fn a_tally_agrees_with_the_list() {
        let limit = 100_000;
        let sieve = Sieve::new(limit);
        for first in 0..Piece::whole(limit).len as u64 {
            let segment = sieve.segment(Piece { first, len: 1, limit });
            let largest = segment.primes().last().unwrap_or(0);
            assert_eq!(segment.tally(), Tally { count: segment.primes().count() as u64, largest });
        }
    }
}
