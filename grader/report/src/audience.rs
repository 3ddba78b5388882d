//! Who reads a report, and what of it is theirs to see.

use serde::{Deserialize, Serialize};

use super::{ExerciseReport, Points, Report, sum};
use crate::verdict::Verdict;

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
    /// The same report where `of` says when students see a check, of its exercise and its id: a rubric may have
    /// changed since the report was made.
    pub fn with_visibility(mut self, of: impl Fn(&str, &str) -> Visibility) -> Self {
        for exercise in &mut self.exercises {
            for check in &mut exercise.checks {
                check.visibility = of(&exercise.exercise, &check.id);
            }
        }
        self
    }

    /// The report as `audience` may see it. Of a check that is kept from them only the points stay, in
    /// [`ExerciseReport::withheld`] and in the sums.
    pub fn seen_by(&self, audience: Audience) -> Self {
        let exercises = self.exercises.iter().map(|exercise| exercise.seen_by(audience)).collect();
        Self { exercises, ..self.clone() }
    }
}

impl ExerciseReport {
    fn seen_by(&self, audience: Audience) -> Self {
        let (mut checks, kept_back): (Vec<_>, Vec<_>) =
            self.checks.iter().cloned().partition(|check| audience.sees(check.visibility));
        let mut withheld = self.withheld;
        for check in &kept_back {
            let before = withheld.get_or_insert_default();
            *before = Points {
                score: sum([before.score, check.score].into_iter()),
                max_score: sum([before.max_score, check.max_score].into_iter()),
            };
        }
        // Why nothing was judged may lie with another check, which is named.
        for check in checks.iter_mut().filter(|check| check.verdict == Verdict::Skipped) {
            check.message = kept_back
                .iter()
                .fold(std::mem::take(&mut check.message), |text, kept| without_name(&text, &kept.id));
        }
        // A case can be called as its check.
        let is_shown = |case: &str| kept_back.iter().all(|check| check.id != case);
        let mut explored = self.explored.clone();
        explored.bounded.retain(|of| is_shown(&of.case));
        explored.proofs.retain(|of| is_shown(&of.case));
        explored.fewer.retain(|of| is_shown(&of.case));
        Self { checks, withheld, explored, ..self.clone() }
    }
}

/// The text with something else in place of the word `name`.
fn without_name(text: &str, name: &str) -> String {
    let is_part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || "-_".contains(char));
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let is_word =
            !is_part(before.chars().last().or(left.chars().last())) && !is_part(after.chars().next());
        left += before;
        left += if is_word { "a check that is not shown" } else { name };
        rest = after;
    }
    left + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

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
    fn what_students_see_follows_the_rubric_of_today() {
        let now = |_: &str, check: &str| match check {
            "linearizable" => Visibility::Hidden,
            _ => Visibility::Visible,
        };
        let seen = sample::report().with_visibility(now).seen_by(Audience::Student);
        let text = serde_json::to_string(&seen).unwrap();
        assert!(!text.contains("linearizable") && text.contains("secret-audit"), "{text}");
    }

    #[test]
    fn the_reason_of_a_skipped_check_names_no_hidden_one() {
        let mut report = sample::report();
        let exercise = report.exercises.iter_mut().find(|of| of.exercise == "bank-account").unwrap();
        let skipped = exercise.checks.iter_mut().find(|check| check.verdict == Verdict::Skipped).unwrap();
        skipped.message = "no run kept secret-audit or linearizable".into();
        let seen = serde_json::to_string(&report.seen_by(Audience::Student)).unwrap();
        assert!(seen.contains("no run kept a check that is not shown or linearizable"), "{seen}");
        assert_eq!(without_name("un-fifo, fifo", "fifo"), "un-fifo, a check that is not shown");
    }

    #[test]
    fn after_the_due_date_only_hidden_checks_stay_hidden() {
        assert!(
            Audience::AfterDue.sees(Visibility::AfterDue) && !Audience::AfterDue.sees(Visibility::Hidden)
        );
        assert!(Audience::Teacher.sees(Visibility::Hidden));
    }
}
