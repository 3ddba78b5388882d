//! Whether a number is prime, in microseconds also for the largest.

/// As witnesses these are enough for every number of 64 bits.
const SMALL_PRIMES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

pub(crate) fn is_prime(number: i64) -> bool {
    let Ok(number) = u64::try_from(number) else { return false };
    if let Some(&divisor) = SMALL_PRIMES.iter().find(|&&prime| number.is_multiple_of(prime)) {
        return number == divisor;
    }
    number > 1 && SMALL_PRIMES.iter().all(|&witness| passes(number, witness))
}

/// Miller and Rabin's test of an odd number.
fn passes(number: u64, witness: u64) -> bool {
    let twos = (number - 1).trailing_zeros();
    let mut power = 1;
    for bit in (twos..u64::BITS).rev() {
        power = product(power, power, number);
        if (number - 1) >> bit & 1 == 1 {
            power = product(power, witness, number);
        }
    }
    if power == 1 {
        return true;
    }
    for _ in 1..twos {
        if power == number - 1 {
            return true;
        }
        power = product(power, power, number);
    }
    power == number - 1
}

fn product(a: u64, b: u64, modulus: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(modulus)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_division() {
        let by_division =
            |number: i64| number > 1 && (2..=number.isqrt()).all(|divisor| number % divisor != 0);
        for number in 0..3000 {
            assert_eq!(is_prime(number), by_division(number), "{number}");
        }
    }

    #[test]
    fn knows_large_numbers() {
        assert!(is_prime(i64::MAX - 24) && is_prime(2_147_483_647) && is_prime(1_000_000_000_039));
        assert!(!is_prime(i64::MAX) && !is_prime(3_215_031_751) && !is_prime(3_825_123_056_546_413_051));
        assert!(!is_prime(-7) && !is_prime(i64::MIN));
    }
}
