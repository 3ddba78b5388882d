//! What the program has to print.

/// The primes up to a bound, ascending.
pub(super) struct Primes(Vec<u64>);

impl Primes {
    /// Sieves as Eratosthenes did.
    pub(super) fn up_to(bound: usize) -> Self {
        let mut crossed = vec![false; bound + 1];
        let mut primes = Vec::new();
        for number in 2..=bound {
            if !crossed[number] {
                primes.push(number as u64);
                (number * number..=bound).step_by(number).for_each(|multiple| crossed[multiple] = true);
            }
        }
        Self(primes)
    }

    /// The primes up to `limit`, which is not above the bound.
    fn until(&self, limit: u64) -> &[u64] {
        &self.0[..self.0.partition_point(|&prime| prime <= limit)]
    }

    /// The line for `limit`.
    pub(super) fn summary(&self, limit: u64) -> String {
        let primes = self.until(limit);
        summary(limit, primes.len() as u64, primes.last().copied())
    }

    /// The lines for `limit` with `--list`.
    pub(super) fn list(&self, limit: u64) -> Vec<String> {
        self.until(limit).iter().map(u64::to_string).collect()
    }
}

/// Limits that take long: the number of primes up to each, and the largest of them.
const LARGE: &[(u64, u64, u64)] = &[
    (2_000_000, 148_933, 1_999_993),
    (6_000_000, 412_849, 5_999_993),
    (20_000_000, 1_270_607, 19_999_999),
    (60_000_000, 3_562_115, 59_999_999),
    (200_000_000, 11_078_937, 199_999_991),
    (600_000_000, 31_324_703, 599_999_971),
    (2_000_000_000, 98_222_287, 1_999_999_973),
];

/// What has to be printed for the largest limit there is (OEIS A006880, A003618).
pub(super) const LARGEST_LINE: &str = "1000000000000: 37607912018 primes, largest 999999999989";

/// The limits that take long, ascending.
pub(super) fn large_limits() -> impl Iterator<Item = u64> {
    LARGE.iter().map(|&(limit, ..)| limit)
}

/// Whether `line` is what has to be printed for one of the limits that take long.
pub(super) fn is_right_for_a_large_limit(line: &str) -> bool {
    LARGE.iter().any(|&(limit, count, largest)| line == summary(limit, count, Some(largest)))
}

fn summary(limit: u64, count: u64, largest: Option<u64>) -> String {
    match largest {
        Some(largest) => format!("{limit}: {count} primes, largest {largest}"),
        None => format!("{limit}: 0 primes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_published_values_of_the_prime_counting_function() {
        // OEIS A006880 and, for the largest, A003618.
        let published =
            [(10, 4, 7), (100, 25, 97), (1000, 168, 997), (10_000, 1229, 9973), (100_000, 9592, 99_991)];
        let primes = Primes::up_to(100_000);
        for (limit, count, largest) in published {
            assert_eq!(primes.summary(limit), format!("{limit}: {count} primes, largest {largest}"));
        }
    }

    #[test]
    fn the_smallest_limits_have_few_primes_or_none() {
        let primes = Primes::up_to(5);
        assert_eq!(
            [0, 1, 2, 3, 4].map(|limit| primes.summary(limit)),
            [
                "0: 0 primes",
                "1: 0 primes",
                "2: 1 primes, largest 2",
                "3: 2 primes, largest 3",
                "4: 2 primes, largest 3"
            ]
        );
        assert_eq!(primes.list(4), ["2", "3"]);
        assert_eq!(primes.list(1), [""; 0]);
    }

    #[test]
    fn large_limits_are_sieved_to_the_same_lines() {
        let primes = Primes::up_to(6_000_000);
        assert!(large_limits().take(2).all(|limit| is_right_for_a_large_limit(&primes.summary(limit))));
        assert!(!is_right_for_a_large_limit("2000000: 148932 primes, largest 1999993"));
    }
}
