//! What students may see of an attempt: as the rubrics say now, whatever they said when it was graded.
//!
//! Exports and pages take only what went through here, so that none of them can show a check that is hidden.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use engine::workspace::Workspace;
use exercises::Course;
use grader::grade::rubric::Rubric;
use report::late::Moment;
use report::verdict::Verdict;
use report::{Audience, CheckReport, ExerciseReport, Report, Visibility};

use crate::attempt::{Attempt, AttemptOutcome, Timestamp};
use crate::book::Book;
use crate::error::Error;

/// Who sees what, at one moment.
#[derive(Default)]
pub struct Sight {
    rules: BTreeMap<String, (Rubric, Audience)>,
}

/// An attempt as its student may see it. Its `report` as text is gone.
#[derive(Clone)]
pub struct Seen {
    attempt: Attempt,
    report: Option<Report>,
}

impl Sight {
    /// What the rubrics of the exercises in `attempts` say at `now`. `due` stands in place of the dates that the
    /// gradebook and the rubrics have.
    ///
    /// # Errors
    /// When a rubric cannot be read: then nobody knows what is hidden.
    pub fn new(
        (workspace, course): (&Workspace, &Course),
        book: &Book,
        attempts: &[Attempt],
        due: Option<Moment>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let names: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.exercise.as_str()).collect();
        let mut sight = Self::default();
        for exercise in names.into_iter().filter_map(|name| course.find(name)) {
            let rubric = Rubric::read(workspace, exercise)?;
            let due = due.or(book.due(exercise.name)?).or(rubric.late().and_then(|late| late.due));
            sight.rules.insert(exercise.name.to_owned(), (rubric, audience(due, now)));
        }
        Ok(sight)
    }

    /// The only way to a [`Seen`].
    pub fn of(&self, attempt: &Attempt) -> Seen {
        let stored = attempt.report.as_ref().and_then(|text| serde_json::from_str::<Report>(text).ok());
        let seen = |report: Report| {
            // Older graders kept sums as processors add.
            let report = report
                .with_rounded_points()
                .with_visibility(|exercise, check| self.visibility(exercise, check));
            report.seen_by(
                self.rules.get(&attempt.exercise).map_or(Audience::Student, |(_, audience)| *audience),
            )
        };
        Seen {
            report: stored.map(seen),
            attempt: Attempt { report: None, message: message(attempt), ..attempt.clone() },
        }
    }

    /// Several at once.
    pub fn all(&self, attempts: &[Attempt]) -> Vec<Seen> {
        attempts.iter().map(|attempt| self.of(attempt)).collect()
    }

    /// An exercise without a rubric shows nothing of its checks.
    fn visibility(&self, exercise: &str, check: &str) -> Visibility {
        self.rules.get(exercise).map_or(Visibility::Hidden, |(rubric, _)| rubric.visibility(check))
    }
}

/// Without a due date nothing is ever after it.
fn audience(due: Option<Moment>, now: Timestamp) -> Audience {
    match due {
        Some(due) if due.unix_seconds() < now.0.div_euclid(1000) => Audience::AfterDue,
        _ => Audience::Student,
    }
}

/// What the grader says of its own failures may name anything.
fn message(attempt: &Attempt) -> Option<String> {
    match attempt.outcome {
        AttemptOutcome::GraderError => {
            Some("the grader failed at it; that says nothing about the program".to_owned())
        }
        _ => attempt.message.clone(),
    }
}

impl Seen {
    /// The report; none where nothing was graded, or where it cannot be read: nobody knows what is in it then.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// What the report says of the exercise.
    pub fn exercise_report(&self) -> Option<&ExerciseReport> {
        self.report.as_ref()?.exercises.first()
    }

    /// The checks that are the student's to see.
    pub fn checks(&self) -> &[CheckReport] {
        self.exercise_report().map_or(&[], |report| &report.checks)
    }

    /// The ids of those that failed.
    pub fn failed_checks(&self) -> impl Iterator<Item = &str> {
        let failed = self.checks().iter().filter(|check| check.verdict == Verdict::Fail);
        failed.map(|check| check.id.as_str())
    }
}

impl Deref for Seen {
    type Target = Attempt;

    fn deref(&self) -> &Attempt {
        &self.attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_after_the_due_date_a_second_later() {
        let due: Moment = "1970-01-01T01:00:10+01:00".parse().unwrap();
        assert_eq!(audience(Some(due), Timestamp(10_999)), Audience::Student);
        assert_eq!(audience(Some(due), Timestamp(11_000)), Audience::AfterDue);
        assert_eq!(audience(None, Timestamp(i64::MAX)), Audience::Student);
    }

    #[test]
    fn without_a_rubric_no_check_is_shown() {
        let report = crate::page::tests::REPORT.to_owned();
        let attempt = Attempt { report: Some(report), ..crate::policy::tests::attempt("ada", 6.5, 1) };
        let seen = Sight::default().of(&attempt);
        assert!(seen.checks().is_empty() && seen.attempt.report.is_none());
        assert_eq!(seen.exercise_report().unwrap().withheld.unwrap().max_score, 10.0);
    }

    #[test]
    fn points_of_older_reports_are_rounded() {
        let report = crate::page::tests::REPORT.replace("6.5", "0.7000000000000001");
        let attempt = Attempt { report: Some(report), ..crate::policy::tests::attempt("ada", 0.7, 1) };
        let seen = crate::page::tests::sight().of(&attempt);
        assert_eq!((seen.report().unwrap().score, seen.checks()[1].max_score), (0.7, 0.7));
    }

    #[test]
    fn what_the_grader_says_of_its_own_failure_is_for_teachers() {
        let failed = Attempt {
            outcome: AttemptOutcome::GraderError,
            message: Some("rubric.toml: the check `secret-audit` has no points".into()),
            ..crate::policy::tests::attempt("ada", 0.0, 1)
        };
        assert!(!Sight::default().of(&failed).message.clone().unwrap().contains("secret"));
    }
}
