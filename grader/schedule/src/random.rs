//! A small generator of random numbers: the same seed gives the same numbers, everywhere.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

/// From one state to the next.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// A generator that is determined by `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of `seed` as it is when `count` numbers were drawn.
    pub const fn after(seed: u64, count: u64) -> Self {
        Self(seed.wrapping_add(count.wrapping_mul(STEP)))
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A number below `bound`, which is not 0. The bias is far below what a test could notice.
    pub fn below(&mut self, bound: u32) -> u32 {
        (((self.next_u64() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// True once in `count` times on average.
    pub fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            [(); 4].map(|()| 0).map({
                let mut r = Random::new(seed);
                move |_: i32| r.below(100)
            })
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn the_numbers_before_can_be_left_out() {
        let mut random = Random::new(7);
        let drawn: Vec<u64> = (0..5).map(|_| random.next_u64()).collect();
        assert!((0..5).all(|count| Random::after(7, count).next_u64() == drawn[count as usize]));
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut random = Random::new(1);
        assert!((0..10_000).all(|_| random.below(3) < 3));
    }
}
