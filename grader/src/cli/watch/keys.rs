//! The keys of a watch.

/// What somebody wants who presses a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// To grade the same again.
    Again,
    /// To go on with the next exercise.
    Next,
    /// One more hint.
    Hint,
    /// The whole report, where the screen shows a part.
    All,
    /// To see what the keys are.
    Keys,
    /// To leave.
    Quit,
}

impl Key {
    /// What a byte from a terminal stands for.
    pub fn of(byte: u8) -> Option<Self> {
        Some(match byte.to_ascii_lowercase() {
            b'r' => Self::Again,
            b'n' => Self::Next,
            b'h' => Self::Hint,
            b'a' => Self::All,
            b'?' => Self::Keys,
            b'q' => Self::Quit,
            _ => return None,
        })
    }
}

/// What the keys are, for people.
pub const KEYS: &str = "\
h  one more hint
r  grade it again
n  grade the next exercise
a  the whole report
?  these keys
q  quit
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_told_of_does_something() {
        let letters = KEYS.lines().map(|line| line.as_bytes()[0]);
        assert!(letters.clone().all(|letter| Key::of(letter).is_some()));
        assert_eq!(
            letters.count(),
            (0..=u8::MAX)
                .filter(|&byte| byte.is_ascii_lowercase() || byte == b'?')
                .filter_map(Key::of)
                .count()
        );
        assert_eq!(Key::of(b'x'), None);
    }
}
