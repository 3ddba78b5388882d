//! Schedules as text: `T1×12 T0×3` lets thread 1 take twelve steps, then thread 0 three. `T1×5 ~1 T0×3`: what thread 1 loads
//! after five steps is what was stored before the newest value.

use std::fmt;
use std::str::FromStr;

use crate::ThreadId;
use crate::thread_set::MOST_THREADS;

/// The longest schedule that can be written or run, in steps: no run takes more.
pub const MOST_STEPS: usize = 1 << 18;

/// The most events that a trace keeps: the first ones of a longer run are lost, as how it ended is what matters.
pub const MOST_EVENTS: usize = 1 << 14;

/// The oldest value that a load may return: so many stores are newer.
pub const MOST_AGE: u8 = 7;

/// Stands where a step does, and says that the load which the last thread is about to do returns a value that so many stores
/// are newer than: from 1 to [`MOST_AGE`].
pub const fn stale(age: u8) -> ThreadId {
    MOST_THREADS as u8 - 1 + age
}

/// How many stores are newer than what a load returns, where that is what the step says.
pub const fn age_of(step: ThreadId) -> Option<u8> {
    match step.checked_sub(MOST_THREADS as u8 - 1) {
        Some(age @ 1..) => Some(age),
        _ => None,
    }
}

/// Whether a load returns something else than the newest value.
pub fn is_stale(steps: &[ThreadId]) -> bool {
    steps.iter().any(|&step| age_of(step).is_some())
}

/// Who took each step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The thread of each step; between them, what [`stale`] stands for.
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

    /// The runs of equal steps: thread and length. A stale load is one of its own.
    pub fn runs(&self) -> impl Iterator<Item = (ThreadId, usize)> {
        self.steps.chunk_by(|a, b| a == b && age_of(*a).is_none()).map(|run| (run[0], run.len()))
    }

    /// Whether a load returns something else than the newest value.
    pub fn is_stale(&self) -> bool {
        is_stale(&self.steps)
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
            match age_of(thread) {
                Some(age) => write!(f, "{space}~{age}")?,
                None => write!(f, "{space}T{thread}×{length}")?,
            }
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
            let (thread, length) = parse_run(word).map_err(fault)?;
            if length == 0 || length > MOST_STEPS - steps.len() {
                return Err(fault("a schedule has at most 262144 steps, and no empty ones"));
            }
            steps.extend(std::iter::repeat_n(thread, length));
        }
        Ok(Self { steps })
    }
}

fn parse_run(word: &str) -> Result<(ThreadId, usize), &'static str> {
    if let Some(age) = word.strip_prefix('~') {
        let age = age.parse().ok().filter(|age| (1..=MOST_AGE).contains(age));
        return Ok((stale(age.ok_or("a stale load is written ~1, up to ~7")?), 1));
    }
    let (thread, length) = parse_steps(word).ok_or("a step is written T1×12")?;
    if usize::from(thread) >= MOST_THREADS {
        return Err("there are at most 64 threads, T0 to T63");
    }
    Ok((thread, length))
}

fn parse_steps(word: &str) -> Option<(ThreadId, usize)> {
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
    fn stale_loads_stand_between_steps() {
        let schedule: Schedule = "T1×5 ~1 T1 ~7 T0×3".parse().unwrap();
        assert_eq!(schedule.to_string(), "T1×5 ~1 T1×1 ~7 T0×3");
        assert_eq!(schedule.steps[5], stale(1));
        assert!(schedule.is_stale() && !Schedule::new([0, 63]).is_stale());
        assert_eq!("~1 ~1".parse(), Ok(Schedule::new([stale(1); 2])));
        assert_eq!(age_of(63), None);
        for wrong in ["~0", "~8", "~", "~x", "~1×2", "~256"] {
            let said = wrong.parse::<Schedule>().unwrap_err().to_string();
            assert!(said.ends_with("a stale load is written ~1, up to ~7"), "{said}");
        }
        assert!(format!("T0×{MOST_STEPS} ~1").parse::<Schedule>().is_err());
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
        fn what_is_printed_is_read_back(steps in proptest::collection::vec(0u8..71, 0..200)) {
            let schedule = Schedule::new(steps);
            prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = text.parse::<Schedule>();
        }
    }
}
