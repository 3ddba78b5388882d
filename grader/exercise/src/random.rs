//! A small generator of reproducible random numbers, for inputs drawn by chance.

use std::hash::{BuildHasher, RandomState};

/// A seed that nobody knows before: of 32 bits, so that every reader of numbers has it exactly, and never 0, which
/// everybody knows.
pub fn drawn_seed() -> u64 {
    (RandomState::new().hash_one(0_u8) >> 32).max(1)
}

/// Reads a seed; `random` draws one.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    match text {
        "random" => Ok(drawn_seed()),
        _ => text.parse().map_err(|_| "a seed is a whole number from 0 on, or `random`".to_owned()),
    }
}

/// The generator of schedules with what inputs need.
/// The same seed gives the same numbers on every machine and in every version.
#[derive(Clone, Debug)]
pub struct Random(schedule::random::Random);

impl Random {
    /// A generator that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(schedule::random::Random::new(seed))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is above 0. Small bounds alone come out evenly.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.any() % bound
    }

    /// One of `choices`, which are not empty.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = self.below(choices.len() as u64);
        &choices[usize::try_from(index).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_seed_is_not_the_one_that_everybody_knows() {
        let drawn: Vec<u64> = (0..4).map(|_| parse_seed("random").unwrap()).collect();
        assert!(drawn.iter().all(|seed| (1..1 << 32).contains(seed)), "{drawn:?}");
        assert!(drawn.iter().any(|seed| *seed != drawn[0]), "{drawn:?}");
        assert_eq!(parse_seed("17"), Ok(17));
        assert!(parse_seed("-1").is_err() && parse_seed("chance").is_err());
    }

    #[test]
    fn the_numbers_are_those_of_the_published_generator() {
        let mut random = Random::new(1_234_567);
        let numbers = [random.any(), random.any(), random.any()];
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_all_of_it() {
        let mut random = Random::new(0);
        let drawn: std::collections::BTreeSet<u64> = (0..100).map(|_| random.below(5)).collect();
        assert_eq!(drawn, (0..5).collect());
        assert!([1, 2].contains(random.pick(&[1, 2])));
    }
}
