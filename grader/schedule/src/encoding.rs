//! Schedules as text: `T1×12 T0×3` lets thread 1 take twelve steps, then thread 0 three.

use std::fmt;
use std::str::FromStr;

use crate::ThreadId;
use crate::thread_set::MOST_THREADS;

/// The longest schedule that can be written or run, in steps: no run takes more.
pub const MOST_STEPS: usize = 1 << 18;

/// Who took each step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The thread of each step.
    pub steps: Vec<ThreadId>,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    word: String,
    reason: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` in the schedule: {}", self.word, self.reason)
    }
}

impl std::error::Error for ParseError {}

impl Schedule {
    /// A schedule of these steps.
    pub fn new(steps: impl Into<Vec<ThreadId>>) -> Self {
        Self { steps: steps.into() }
    }

    /// The runs of equal steps: thread and length.
    pub fn runs(&self) -> impl Iterator<Item = (ThreadId, usize)> {
        self.steps.chunk_by(|a, b| a == b).map(|run| (run[0], run.len()))
    }

    /// How many times another thread goes on than the one that took the last step.
    pub fn switches(&self) -> usize {
        self.runs().count().saturating_sub(1)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (thread, length)) in self.runs().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}T{thread}×{length}")?;
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = ParseError;

    /// Takes `x` for `×`, and `T3` for `T3×1`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut steps = Vec::new();
        for word in text.split_whitespace() {
            let fault = |reason| ParseError { word: word.to_owned(), reason };
            let (thread, length) = parse_run(word).ok_or_else(|| fault("a step is written T1×12"))?;
            if usize::from(thread) >= MOST_THREADS {
                return Err(fault("there are at most 64 threads, T0 to T63"));
            }
            if length == 0 || length > MOST_STEPS - steps.len() {
                return Err(fault("a schedule has at most 262144 steps, and no empty ones"));
            }
            steps.extend(std::iter::repeat_n(thread, length));
        }
        Ok(Self { steps })
    }
}

fn parse_run(word: &str) -> Option<(ThreadId, usize)> {
    let rest = word.strip_prefix('T')?;
    match rest.split_once(['×', 'x']) {
        Some((thread, length)) => Some((thread.parse().ok()?, length.parse().ok()?)),
        None => Some((rest.parse().ok()?, 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_schedule_reads_as_run_lengths() {
        let schedule = Schedule::new([1, 1, 1, 0, 0, 2]);
        assert_eq!(schedule.to_string(), "T1×3 T0×2 T2×1");
        assert_eq!(schedule.switches(), 2);
    }

    #[test]
    fn plain_letters_are_understood() {
        assert_eq!("T1x2 T0".parse(), Ok(Schedule::new([1, 1, 0])));
        assert_eq!("".parse(), Ok(Schedule::default()));
    }

    #[test]
    fn nonsense_is_named() {
        let message = |text: &str| text.parse::<Schedule>().unwrap_err().to_string();
        assert_eq!(message("T1×2 foo"), "`foo` in the schedule: a step is written T1×12");
        assert!(message("T64×1").contains("at most 64 threads"));
        assert!(message("T1×99999999").contains("at most 262144 steps"));
        assert!(message("T1×0").contains("no empty ones"));
        assert!(message("T0×18446744073709551615 T0×2").contains("at most 262144 steps"));
        assert!(message("T1×262144 T0").contains("at most 262144 steps"));
        assert!(format!("at most {MOST_STEPS} steps").parse::<Schedule>().is_err());
        assert_eq!(
            format!("T1×{MOST_STEPS}").parse::<Schedule>().map(|schedule| schedule.steps.len()),
            Ok(MOST_STEPS)
        );
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(steps in proptest::collection::vec(0u8..64, 0..200)) {
            let schedule = Schedule::new(steps);
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = text.parse::<Schedule>();
        }
    }
}
