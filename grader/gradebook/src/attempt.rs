//! One attempt: what grading one submission of one exercise came to.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use report::late::Moment;
use report::rounded;
use report::verdict::Verdict;

/// What is kept of one grading.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The student, by the name of what was handed in.
    pub student: String,
    /// The exercise.
    pub exercise: String,
    /// The hash of everything that decides the result, see [`fingerprint`](crate::fingerprint).
    pub fingerprint: String,
    /// The hash of what was handed in, however it is graded; none in gradebooks of older graders.
    pub source: Option<String>,
    /// The hash of the rules for points: the rubric's points, what being late costs, the due date; none in gradebooks of
    /// older graders.
    pub rules: Option<String>,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// Points reached, without any penalty.
    pub score: f64,
    /// The most that could be reached.
    pub max_score: f64,
    /// Points to take off for being late.
    pub late_penalty: f64,
    /// Why nothing was judged.
    pub message: Option<String>,
    /// When it was handed in, as far as that is known: as the course says, else when its newest file was written.
    pub submitted_at: Option<Timestamp>,
    /// When it was graded.
    pub graded_at: Timestamp,
    /// How long grading took, with the build.
    pub seconds: f64,
    /// The report, as JSON; none where nothing was graded.
    pub report: Option<String>,
}

impl Attempt {
    /// The points that count: never below 0.
    pub fn final_score(&self) -> f64 {
        rounded(self.score - self.late_penalty).max(0.0)
    }
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AttemptOutcome {
    /// The grader's verdict.
    Graded(Verdict),
    /// The submission has nothing for this exercise.
    Missing,
    /// The submission cannot be read: a broken archive, a folder without permission.
    Unreadable,
    /// The grader failed: it says nothing about the submission, and is tried again next time.
    GraderError,
}

const VERDICTS: [Verdict; 7] = [
    Verdict::Pass,
    Verdict::Skipped,
    Verdict::Inconclusive,
    Verdict::Fail,
    Verdict::NotImplemented,
    Verdict::Refused,
    Verdict::BuildError,
];

impl AttemptOutcome {
    /// Every outcome, from best to worst.
    pub fn all() -> impl Iterator<Item = Self> {
        VERDICTS.into_iter().map(Self::Graded).chain([Self::Missing, Self::Unreadable, Self::GraderError])
    }

    /// The word that gradebooks and tables use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Graded(verdict) => verdict.word(),
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::GraderError => "grader-error",
        }
    }

    /// The outcome with this [`word`](Self::word).
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|outcome| outcome.word() == word)
    }

    /// Whether grading the same submission again can tell no more.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::GraderError | Self::Graded(Verdict::Inconclusive | Verdict::Skipped))
    }
}

/// Milliseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl From<SystemTime> for Timestamp {
    /// Times before 1970 become 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl From<Moment> for Timestamp {
    fn from(moment: Moment) -> Self {
        Self(moment.unix_seconds().saturating_mul(1000))
    }
}

impl fmt::Display for Timestamp {
    /// As in RFC 3339, to the second. What no calendar has is shown as the number that it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_second(self.0.div_euclid(1000)).ok();
        match time.filter(|time| time.as_second() >= 0) {
            Some(time) => write!(f, "{time}"),
            None => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_found_by_its_word() {
        for outcome in AttemptOutcome::all() {
            assert_eq!(AttemptOutcome::from_word(outcome.word()), Some(outcome));
        }
        assert_eq!(AttemptOutcome::from_word("excellent"), None);
    }

    #[test]
    fn a_penalty_takes_nothing_below_zero() {
        let attempt = Attempt { late_penalty: 4.0, ..crate::policy::tests::attempt("ada", 3.0, 0) };
        assert_eq!(attempt.final_score(), 0.0);
        let noisy = Attempt { late_penalty: 0.1, ..crate::policy::tests::attempt("ada", 0.3, 0) };
        assert_eq!(noisy.final_score(), 0.2);
    }

    #[test]
    fn times_are_shown_as_in_rfc_3339() {
        assert_eq!(Timestamp(1_700_000_000_123).to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(Timestamp(-5).to_string(), "-5 ms");
        assert_eq!(Timestamp(i64::MAX).to_string(), "9223372036854775807 ms");
    }
}
