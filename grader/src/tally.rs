//! What all judged runs together say of one check.

use crate::exercise::Check;
use crate::report::{CheckReport, Failure};
use crate::rubric::Worth;
use crate::verdict::Verdict;

/// Counts judgements of one check. The first failure is the one that is shown.
#[derive(Default)]
pub(crate) struct Tally {
    kept: u64,
    kept_under_control: u64,
    unproven: Option<String>,
    failure: Option<Failure>,
    shown: Option<Failure>,
    is_lesson: bool,
}

impl Tally {
    pub(crate) fn kept(&mut self) {
        self.kept += 1;
    }

    pub(crate) fn kept_under_control(&mut self, schedules: u64) {
        self.kept_under_control += schedules;
    }

    pub(crate) fn unproven(&mut self, reason: String) {
        self.unproven.get_or_insert(reason);
    }

    pub(crate) fn broken(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// A run shows what some run must show.
    pub(crate) fn shown(&mut self, run: Failure, is_lesson: bool) {
        self.shown.get_or_insert(run);
        self.is_lesson |= is_lesson;
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// One failure outweighs any number of runs that kept the promise, and so does one run that
    /// proved nothing where it should have.
    pub(crate) fn report(self, check: &Check, worth: Worth) -> CheckReport {
        let (verdict, message) = match (&self.failure, self.unproven, self.kept + self.kept_under_control) {
            (Some(failure), _, _) => (Verdict::Fail, format!("{}: {}", check.about, failure.seen)),
            (None, Some(reason), _) => (Verdict::Inconclusive, reason),
            (None, None, 0) if let Some(shown) = &self.shown => {
                (Verdict::Pass, format!("shown: {}", shown.seen))
            }
            (None, None, 0) => (Verdict::Skipped, "no run came far enough to judge it".to_owned()),
            (None, None, _) => (Verdict::Pass, passed(self.kept_under_control, self.kept)),
        };
        CheckReport {
            id: check.id.to_owned(),
            verdict,
            score: if verdict == Verdict::Pass { worth.points } else { 0.0 },
            max_score: worth.points,
            visibility: worth.visibility,
            message,
            failure: self.failure,
            shown: self.shown.filter(|_| verdict == Verdict::Pass),
            is_lesson: self.is_lesson,
        }
    }
}

/// What a pass rests on, and no more than that.
fn passed(schedules: u64, runs: u64) -> String {
    match (schedules, runs) {
        (0, runs) => format!("0 failures in {runs} runs"),
        (schedules, 0) => format!("0 failures in {schedules} schedules"),
        (schedules, runs) => format!("0 failures in {schedules} schedules and {runs} runs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Visibility;

    const WORTH: Worth = Worth { points: 3.0, visibility: Visibility::Visible };
    const CHECK: Check = Check { id: "right", about: "the output is right" };

    #[test]
    fn a_check_that_nothing_judged_is_not_a_pass() {
        assert_eq!(Tally::default().report(&CHECK, WORTH).verdict, Verdict::Skipped);
    }

    #[test]
    fn one_unproven_run_among_many_kept_is_inconclusive_and_scores_nothing() {
        let mut tally = Tally::default();
        tally.kept();
        tally.unproven("the machine was too slow".into());
        let report = tally.report(&CHECK, WORTH);
        assert_eq!((report.verdict, report.score), (Verdict::Inconclusive, 0.0));
    }

    #[test]
    fn kept_runs_alone_are_a_pass_with_their_number() {
        let mut tally = Tally::default();
        tally.kept();
        tally.kept();
        let report = tally.report(&CHECK, WORTH);
        assert_eq!(
            (report.verdict, report.score, report.message.as_str()),
            (Verdict::Pass, 3.0, "0 failures in 2 runs")
        );
    }
}
