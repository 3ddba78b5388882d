//! What a check, or a whole exercise, came to.

use serde::{Deserialize, Serialize};

/// Ordered from best to worst, so that the worst of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every run that was judged kept the promise.
    Pass,
    /// An earlier check that this one depends on failed, so there was nothing to judge. Never a pass.
    Skipped,
    /// The budget or the machine proved nothing. Never a pass.
    Inconclusive,
    /// Some run broke the promise.
    Fail,
    /// A stub's `todo!` was reached.
    NotImplemented,
    /// The source breaks a rule of the course, so it was not run.
    Refused,
    /// The source does not compile.
    BuildError,
}

impl Verdict {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skipped => "skipped",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::NotImplemented => "not-implemented",
            Self::Refused => "refused",
            Self::BuildError => "build-error",
        }
    }

    /// The verdict of a word that reports use.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::Pass,
            Self::Skipped,
            Self::Inconclusive,
            Self::Fail,
            Self::NotImplemented,
            Self::Refused,
            Self::BuildError,
        ];
        all.into_iter().find(|verdict| verdict.word() == word)
    }

    /// The worst of `verdicts`; `Pass` for none.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Pass)
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn one_failure_outweighs_everything_that_passed() {
        assert_eq!(Verdict::worst([Verdict::Pass, Verdict::Fail, Verdict::Skipped]), Verdict::Fail);
    }

    #[test]
    fn inconclusive_is_not_a_pass() {
        assert_eq!(Verdict::worst([Verdict::Pass, Verdict::Inconclusive]), Verdict::Inconclusive);
    }

    #[test]
    fn the_word_is_the_serialized_form() {
        let all = [
            Verdict::Pass,
            Verdict::Skipped,
            Verdict::Inconclusive,
            Verdict::Fail,
            Verdict::NotImplemented,
            Verdict::Refused,
            Verdict::BuildError,
        ];
        for verdict in all {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
    }
}
