//! What all judged runs together say of one check.

use exercises::Check;
use report::verdict::Verdict;
use report::{CheckReport, Failure, Lesson};

use crate::grade::rubric::Worth;

/// Counts judgements of one check. The first failure is the one that is shown.
#[derive(Default)]
pub(crate) struct CheckResult {
    kept: u64,
    kept_under_control: u64,
    unproven: Option<String>,
    failure: Option<Failure>,
    shown: Option<Failure>,
    lesson: Lesson,
    /// Some run that kept it was asked for something.
    has_done: bool,
}

impl CheckResult {
    /// `asked` says whether the run was asked for something: else it can keep a promise by doing nothing.
    pub(crate) fn kept(&mut self, asked: bool) {
        self.kept += 1;
        self.has_done |= asked;
    }

    pub(crate) fn kept_under_control(&mut self, schedules: u64, asked: bool) {
        self.kept_under_control += schedules;
        self.has_done |= asked && schedules > 0;
    }

    /// Whether some run that was asked for something kept it.
    pub(crate) fn has_done(&self) -> bool {
        self.has_done
    }

    pub(crate) fn unproven(&mut self, reason: String) {
        self.unproven.get_or_insert(reason);
    }

    pub(crate) fn broken(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// A run shows what some run must show.
    pub(crate) fn shown(&mut self, run: Failure, lesson: Lesson) {
        self.shown.get_or_insert(run);
        self.lesson = self.lesson.max(lesson);
        self.has_done = true;
    }

    fn has_been_kept(&self) -> bool {
        self.shown.is_some() || self.kept + self.kept_under_control > 0
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// One failure outweighs any number of runs that kept the promise, and so does one run that
    /// proved nothing where it should have. `nothing_done` says why a pass would rest on nothing: what was kept by
    /// doing nothing is no pass. `not_judged` says why no run says anything, where none does.
    pub(crate) fn report(
        self,
        check: &Check,
        worth: Worth,
        nothing_done: Option<String>,
        not_judged: &str,
    ) -> CheckReport {
        let nothing_done = nothing_done.filter(|_| self.has_been_kept());
        let (verdict, message) = match (&self.failure, self.unproven, self.kept + self.kept_under_control) {
            (Some(failure), _, _) => (Verdict::Fail, format!("{}: {}", check.about, failure.seen)),
            (None, Some(reason), _) => (Verdict::Inconclusive, unproven(reason, self.kept)),
            (None, None, _) if let Some(reason) = nothing_done => (Verdict::Skipped, reason),
            (None, None, 0) if let Some(shown) = &self.shown => {
                (Verdict::Pass, format!("shown: {}", shown.seen))
            }
            (None, None, 0) => (Verdict::Skipped, not_judged.to_owned()),
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
            lesson: self.lesson,
        }
    }
}

/// Runs without control judge what they can, and pass nothing that control should have looked at.
fn unproven(reason: String, runs: u64) -> String {
    match runs {
        0 => reason,
        runs => format!("{reason}; 0 failures in {runs} runs without control"),
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
    use report::Visibility;

    use super::*;

    const WORTH: Worth = Worth { points: 3.0, visibility: Visibility::Visible };
    const CHECK: Check = Check { id: "right", about: "the output is right" };

    fn report(result: CheckResult) -> CheckReport {
        let nothing_done = (!result.has_done()).then(|| "nothing was done".to_owned());
        result.report(&CHECK, WORTH, nothing_done, "no run came far enough to judge it")
    }

    fn failure() -> Failure {
        serde_json::from_value(serde_json::json!({
            "expected": "", "seen": "it is wrong", "ending": "exit", "ended": "", "case": "", "call": "",
            "schedule": null, "replay": "", "lines": [], "trace": [],
        }))
        .unwrap()
    }

    #[test]
    fn a_check_that_nothing_judged_is_not_a_pass() {
        assert_eq!(report(CheckResult::default()).verdict, Verdict::Skipped);
    }

    #[test]
    fn one_unproven_run_among_many_kept_is_inconclusive_and_scores_nothing() {
        let mut result = CheckResult::default();
        result.kept(true);
        result.unproven("the machine was too slow".into());
        let report = report(result);
        assert_eq!((report.verdict, report.score), (Verdict::Inconclusive, 0.0));
        assert_eq!(report.message, "the machine was too slow; 0 failures in 1 runs without control");
    }

    #[test]
    fn kept_runs_alone_are_a_pass_with_their_number() {
        let mut result = CheckResult::default();
        result.kept(true);
        result.kept(false);
        let report = report(result);
        assert_eq!(
            (report.verdict, report.score, report.message.as_str()),
            (Verdict::Pass, 3.0, "0 failures in 2 runs")
        );
    }

    #[test]
    fn what_only_idle_runs_kept_is_skipped_and_scores_nothing() {
        let mut result = CheckResult::default();
        result.kept(false);
        result.kept_under_control(100, false);
        result.kept_under_control(0, true);
        let report = report(result);
        assert_eq!((report.verdict, report.score), (Verdict::Skipped, 0.0));
        assert_eq!(report.message, "nothing was done");
    }

    #[test]
    fn a_failure_is_a_failure_whatever_was_done() {
        let mut result = CheckResult::default();
        result.kept(false);
        result.broken(failure());
        assert_eq!(report(result).verdict, Verdict::Fail);
    }

    #[test]
    fn what_proved_nothing_stays_inconclusive_where_nothing_was_done() {
        let mut result = CheckResult::default();
        result.kept(false);
        result.unproven("the machine was too slow".into());
        assert_eq!(report(result).verdict, Verdict::Inconclusive);
    }
}
