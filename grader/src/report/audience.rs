//! Who reads a report, and what of it is theirs to see.

use serde::{Deserialize, Serialize};

use super::{ExerciseReport, Points, Report};

/// When a student may see what a check came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Always.
    #[default]
    Visible,
    /// Once nobody can hand in any more.
    AfterDue,
    /// Never.
    Hidden,
}

/// The readers of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Students who may still hand in.
    Student,
    /// Students once nobody can hand in any more.
    AfterDue,
    /// Those who see everything.
    Teacher,
}

impl Visibility {
    /// Whether it is the usual one.
    pub(crate) fn is_visible(&self) -> bool {
        *self == Self::Visible
    }
}

impl Audience {
    /// Whether these readers see a check of this visibility.
    pub fn sees(self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Visible => true,
            Visibility::AfterDue => self != Self::Student,
            Visibility::Hidden => self == Self::Teacher,
        }
    }
}

impl Report {
    /// The report as `audience` may see it. Of a check that is kept from them only the points stay, in
    /// [`ExerciseReport::withheld`] and in the sums.
    pub fn seen_by(&self, audience: Audience) -> Self {
        let exercises = self.exercises.iter().map(|exercise| exercise.seen_by(audience)).collect();
        Self { exercises, ..self.clone() }
    }
}

impl ExerciseReport {
    fn seen_by(&self, audience: Audience) -> Self {
        let (checks, kept_back): (Vec<_>, Vec<_>) =
            self.checks.iter().cloned().partition(|check| audience.sees(check.visibility));
        let mut withheld = self.withheld;
        for check in kept_back {
            let sum = withheld.get_or_insert_default();
            *sum = Points { score: sum.score + check.score, max_score: sum.max_score + check.max_score };
        }
        Self { checks, withheld, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn students_see_neither_name_nor_words_of_a_hidden_check() {
        let seen = serde_json::to_string(&sample::report().seen_by(Audience::Student)).unwrap();
        assert!(!seen.contains("secret") && !seen.contains("later"), "{seen}");
    }

    #[test]
    fn the_points_of_a_hidden_check_stay_in_the_sum() {
        let report = sample::report();
        let seen = report.seen_by(Audience::Student);
        assert_eq!((seen.score, seen.max_score), (report.score, report.max_score));
        let exercise = seen.exercises.iter().find(|exercise| exercise.withheld.is_some()).unwrap();
        assert_eq!(exercise.withheld, Some(Points { score: 1.0, max_score: 2.0 }));
    }

    #[test]
    fn after_the_due_date_only_hidden_checks_stay_hidden() {
        assert!(
            Audience::AfterDue.sees(Visibility::AfterDue) && !Audience::AfterDue.sees(Visibility::Hidden)
        );
        assert!(Audience::Teacher.sees(Visibility::Hidden));
    }
}
