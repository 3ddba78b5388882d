//! What exploring a case adds to the findings.

use confine::run::RunError;
use engine::case::{Case, Witness};
use engine::explore::{self, Exploration, Extent, Finding, Proof};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use report::{BoundedReport, Failure, FewerReport, Lesson, ProofReport};

use super::{Findings, Grading};
use crate::error::Error;

impl Grading<'_> {
    /// Explores a case with its part of the exercise's schedules.
    pub(super) fn explore(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        if case.percent == 0 {
            return Ok(());
        }
        let extent = Extent {
            schedules: self.options.schedules_of(case),
            preemptions: self.options.preemptions,
            time: None,
        };
        let failed = |check: &str| findings.has_failed(check);
        let what = format!("{}: {}", self.exercise.name, case.id);
        self.progress.begin(what, "schedules", extent.schedules);
        let tell = |count| self.progress.done(count);
        match explore::explore(&self.program, case, self.options.seed, extent, failed, tell) {
            Ok(exploration) => self.add(case, exploration, extent.schedules, findings),
            Err(error) => {
                let judged = case.judges.iter().chain(&case.writer_judges).chain(&case.starved_judges);
                let checks = judged.map(|(check, _)| *check);
                let shown = case.witnesses.iter().map(|witness| witness.check);
                let shared = case.sharing.iter().flat_map(|sharing| sharing.checks.iter().copied());
                return uncontrolled(case, error, checks.chain(shown).chain(shared), findings);
            }
        }
        let starved = case.starved_judges.iter().map(|(check, _)| *check);
        self.starve(case, findings).or_else(|error| uncontrolled(case, error, starved, findings))?;
        let shared = case.sharing.iter().flat_map(|sharing| sharing.checks.iter().copied());
        self.survey(case, findings).or_else(|error| uncontrolled(case, error, shared, findings))
    }

    /// Runs a case with one thread after another kept from running, where a promise is about that.
    fn starve(&self, case: &Case, findings: &mut Findings) -> Result<(), RunError> {
        if case.starved_judges.is_empty() || findings.stub.is_some() {
            return Ok(());
        }
        for (thread, seen) in explore::starve(&self.program, case, self.options.seed)? {
            for (check, judge) in &case.starved_judges {
                match judge.judge_unasked(&seen) {
                    Judgement::Nothing => {}
                    Judgement::Kept => findings.result(check).kept_under_control(1, !case.is_idle),
                    Judgement::Unproven(reason) => {
                        findings.result(check).unproven(format!("case {}: {reason}", case.id));
                    }
                    Judgement::Broken(fault) => {
                        let seen_then = format!("with T{thread} held back, {}", fault.seen);
                        let fault = Fault { seen: seen_then, ..fault };
                        self.broken(check, self.failure((case, check), &seen, fault, None), findings);
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&self, case: &Case, exploration: Exploration, asked: u64, findings: &mut Findings) {
        findings.explored.schedules += exploration.schedules;
        findings.explored.distinct += exploration.distinct.len() as u64;
        findings.spent += exploration.spent;
        if let Some(asked) = self.options.preemptions.filter(|_| exploration.schedules > 0) {
            findings.explored.bounded.push(bounded(&case.id, &exploration, asked));
        }
        findings.explored.proofs.extend(proof(&case.id, &exploration));
        let few = fewer(&case.id, &exploration, asked);
        let is_enough = few.is_none() || exploration.schedules >= explore::ENOUGH.min(asked);
        findings.long_endings += u32::from(exploration.slow || !is_enough);
        let too_few = few.as_ref().filter(|_| !is_enough).map(FewerReport::to_string);
        findings.explored.fewer.extend(few);
        findings.stub = exploration.stub.as_ref().and_then(Observation::reached_stub);
        let schedules = exploration.schedules;
        let lost = exploration.lost;
        // Its server was stopped or did not answer: that can take a minute each time.
        findings.long_endings += u32::from(matches!(lost, Some(RunError::Lost(_))));
        for mut finding in exploration.findings {
            let witness = finding.witness.map(|place| &case.witnesses[place]);
            let found = finding.counterexample.take().map(|found| {
                let schedule = found.record.schedule.to_string();
                let picture = self.picture(&found.record, &found.fault, found.remedy.as_ref());
                let failure = self.failure((case, finding.check), &found.seen, found.fault, Some(schedule));
                Failure { found_after: Some(found.found_after), ..failure.with_picture(picture) }
            });
            let result = findings.result(finding.check);
            too_few.iter().for_each(|reason| result.unproven(format!("case {reason}")));
            let in_case = |reason: String| format!("case {}: {reason}", case.id);
            if let Some(lost) = lost.as_ref().filter(|_| found.is_none()) {
                result.unproven(in_case(format!("after {schedules} schedules: {lost}")));
            }
            match (witness, found) {
                (None, found) => {
                    result.kept_under_control(finding.kept, !case.is_idle);
                    finding.unproven.into_iter().for_each(|reason| result.unproven(in_case(reason)));
                    found.into_iter().for_each(|failure| self.broken(finding.check, failure, findings));
                }
                (Some(witness), Some(shown)) => {
                    let lesson = if witness.is_lesson { Lesson::Named } else { Lesson::None };
                    result.shown(shown, lesson);
                }
                // The schedules that were not tried might have shown it.
                (Some(_), None) if lost.is_some() => {}
                (Some(witness), None) => {
                    match not_shown(finding, witness, self.options.preemptions.is_some()) {
                        Judgement::Broken(fault) => {
                            let failure =
                                self.failure((case, witness.check), &Observation::default(), fault, None);
                            let ended = "it is about all schedules together".to_owned();
                            result.broken(Failure { ending: "none".into(), ended, ..failure });
                        }
                        Judgement::Unproven(reason) => result.unproven(in_case(reason)),
                        Judgement::Kept | Judgement::Nothing => {}
                    }
                }
            }
        }
    }
}

/// What it says that no run shows what some run must show.
fn not_shown(finding: Finding, witness: &Witness, is_bounded: bool) -> Judgement {
    match (finding.unproven, finding.kept) {
        // That run might have shown it.
        (Some(reason), _) => Judgement::Unproven(reason),
        // No run came to its end, and that is another check's.
        (None, 0) => Judgement::Nothing,
        (None, kept) if kept < explore::ENOUGH || is_bounded => {
            Judgement::Unproven("too few schedules were tried to show it".into())
        }
        (None, kept) => {
            let fault = Fault::new(witness.expected, format!("none of {kept} schedules shows it"));
            Fault { sentence: witness.sentence, ..fault }.into()
        }
    }
}

/// Says in the report that `checks` are not proven: a pass without control would be luck. What an earlier run of the
/// program has left can keep the grader from preparing the next one, too.
fn uncontrolled(
    case: &Case,
    error: RunError,
    checks: impl Iterator<Item = &'static str>,
    findings: &mut Findings,
) -> Result<(), Error> {
    // Its server was stopped or did not answer: that can take a minute each time.
    findings.long_endings += u32::from(matches!(error, RunError::Lost(_)));
    let (RunError::Control(reason) | RunError::Lost(reason) | RunError::Setup(reason)) = error else {
        return Err(error.into());
    };
    for check in checks {
        findings.result(check).unproven(format!("case {}: {reason}", case.id));
    }
    Ok(())
}

/// That all orders were tried, and none breaks a promise.
fn proof(case: &str, exploration: &Exploration) -> Option<ProofReport> {
    let Proof { operations, classes, runs } = exploration.proof?;
    Some(ProofReport { case: case.to_owned(), operations, classes, runs })
}

/// That not all schedules were run that were asked for, as they take too long.
pub(crate) fn fewer(case: &str, exploration: &Exploration, asked: u64) -> Option<FewerReport> {
    let cost = exploration.dear.filter(|_| exploration.schedules < asked)?;
    let milliseconds = u64::try_from(cost.as_millis().max(1).next_power_of_two()).unwrap_or(u64::MAX);
    Some(FewerReport { case: case.to_owned(), schedules: exploration.schedules, asked, milliseconds })
}

/// How far a search of all schedules with few preemptions came.
pub(crate) fn bounded(case: &str, exploration: &Exploration, asked: u32) -> BoundedReport {
    let complete = exploration.complete;
    BoundedReport {
        case: case.to_owned(),
        schedules: exploration.schedules,
        complete_preemptions: complete.map(|complete| complete.preemptions),
        complete_schedules: complete.map_or(0, |complete| complete.schedules),
        complete: complete.is_some_and(|complete| complete.preemptions == asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness() -> Witness {
        let case = Case::of_args("x", [""; 0]).witness("overlaps", "an overlap", |_| None);
        case.witnesses.into_iter().next().unwrap()
    }

    fn judged(kept: u64, unproven: Option<&str>) -> Judgement {
        let unproven = unproven.map(str::to_owned);
        let finding = Finding { check: "overlaps", witness: Some(0), kept, unproven, counterexample: None };
        not_shown(finding, &witness(), false)
    }

    #[test]
    fn what_no_run_shows_is_a_failure_only_where_enough_runs_could_have_shown_it() {
        assert!(matches!(judged(explore::ENOUGH, None), Judgement::Broken(_)));
        assert!(matches!(judged(explore::ENOUGH - 1, None), Judgement::Unproven(_)));
    }

    #[test]
    fn runs_that_prove_nothing_are_no_failure() {
        assert_eq!(judged(0, Some("not at its end")), Judgement::Unproven("not at its end".into()));
        assert_eq!(judged(5_000, Some("not at its end")), Judgement::Unproven("not at its end".into()));
    }

    #[test]
    fn runs_that_never_end_say_nothing_of_what_they_must_show() {
        assert_eq!(judged(0, None), Judgement::Nothing);
    }
}
