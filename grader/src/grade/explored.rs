//! What exploring a case adds to the findings.

use super::{Findings, Grading};
use crate::case::{Case, Fault, Judgement, Observation};
use crate::error::Error;
use crate::explore::{self, Exploration, Extent};
use crate::report::{BoundedReport, Failure, FewerReport};
use crate::run::RunError;

impl Grading<'_> {
    /// Explores a case with its part of the exercise's schedules.
    pub(super) fn explore(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        if case.share == 0 {
            return Ok(());
        }
        let extent = Extent {
            schedules: (self.options.schedules * u64::from(case.share)).div_ceil(100),
            preemptions: self.options.preemptions,
        };
        let failed = |check: &str| findings.has_failed(check);
        let what = format!("{}: {}", self.exercise.name, case.id);
        self.progress.begin(what, "schedules", extent.schedules);
        let tell = |count| self.progress.done(count);
        let explored = explore::explore(&self.control, case, self.options.seed, extent, failed, tell);
        let explored = explored.and_then(|exploration| {
            self.add(case, exploration, extent.schedules, findings);
            self.starve(case, findings)
        });
        // Its server was stopped or did not answer: that can take a minute each time.
        findings.long_endings += u32::from(matches!(explored, Err(RunError::Lost(_))));
        match explored {
            Ok(()) => {}
            // Said in the report: without control nothing is proven, and a pass would be luck. What an earlier run
            // of the program has left can keep the grader from preparing the next one.
            Err(RunError::Control(reason) | RunError::Lost(reason) | RunError::Stage(reason)) => {
                let checks = case.judges.iter().chain(&case.controlled_judges).map(|(check, _)| *check);
                for check in checks.chain(case.witnesses.iter().map(|witness| witness.check)) {
                    findings.tally(check).unproven(format!("case {}: {reason}", case.id));
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Runs a case with one thread after another kept from running, where a promise is about that.
    fn starve(&self, case: &Case, findings: &mut Findings) -> Result<(), RunError> {
        if case.starved_judges.is_empty() || findings.stub.is_some() {
            return Ok(());
        }
        for (thread, seen) in explore::starve(&self.control, case, self.options.seed)? {
            for (check, judge) in &case.starved_judges {
                let tally = findings.tally(check);
                match judge(&seen) {
                    Judgement::Kept => tally.kept_under_control(1),
                    Judgement::Unproven(reason) => tally.unproven(format!("case {}: {reason}", case.id)),
                    Judgement::Broken(fault) => {
                        let seen_then = format!("while T{thread} does not run, {}", fault.seen);
                        let fault = Fault { seen: seen_then, ..fault };
                        tally.broken(self.failure(case, &seen, fault, None));
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
        let few = fewer(&case.id, &exploration, asked);
        let is_enough = few.is_none() || exploration.schedules >= explore::ENOUGH.min(asked);
        findings.long_endings += u32::from(exploration.slow || !is_enough);
        let too_few = few.as_ref().filter(|_| !is_enough).map(FewerReport::to_string);
        findings.explored.fewer.extend(few);
        findings.stub = exploration.stub.as_ref().and_then(Observation::reached_stub);
        // With fewer, that nothing shows is chance; and few preemptions show little.
        let searched = exploration.schedules >= explore::ENOUGH && self.options.preemptions.is_none();
        for finding in exploration.findings {
            let witness = finding.witness.map(|place| &case.witnesses[place]);
            let found = finding.counterexample.map(|found| {
                let schedule = found.record.schedule.to_string();
                let picture = self.picture(&found.record, &found.fault);
                let failure = self.failure(case, &found.seen, found.fault, Some(schedule));
                Failure { found_after: Some(found.found_after), ..failure.with_picture(picture) }
            });
            let tally = findings.tally(finding.check);
            too_few.iter().for_each(|reason| tally.unproven(format!("case {reason}")));
            let in_case = |reason: String| format!("case {}: {reason}", case.id);
            match (witness, found) {
                (None, found) => {
                    tally.kept_under_control(finding.kept);
                    finding.unproven.into_iter().for_each(|reason| tally.unproven(in_case(reason)));
                    found.into_iter().for_each(|failure| tally.broken(failure));
                }
                (Some(witness), Some(shown)) => tally.shown(shown, witness.is_lesson),
                (Some(_), None) if !searched => {
                    tally.unproven(in_case("too few schedules were tried to show it".into()));
                }
                (Some(witness), None) => {
                    let seen = format!("none of {} schedules shows it", exploration.schedules);
                    let fault = Fault::new(witness.expected, seen);
                    let failure = self.failure(case, &Observation::default(), fault, None);
                    let ended = "it is about all schedules together".to_owned();
                    tally.broken(Failure { ending: "none".into(), ended, ..failure });
                }
            }
        }
    }
}

/// That not all schedules were run that were asked for, as they take too long.
fn fewer(case: &str, exploration: &Exploration, asked: u64) -> Option<FewerReport> {
    let cost = exploration.dear.filter(|_| exploration.schedules < asked)?;
    let milliseconds = u64::try_from(cost.as_millis().max(1).next_power_of_two()).unwrap_or(u64::MAX);
    Some(FewerReport { case: case.to_owned(), schedules: exploration.schedules, asked, milliseconds })
}

fn bounded(case: &str, exploration: &Exploration, asked: u32) -> BoundedReport {
    let complete = exploration.complete;
    BoundedReport {
        case: case.to_owned(),
        schedules: exploration.schedules,
        complete_preemptions: complete.map(|complete| complete.preemptions),
        complete_schedules: complete.map_or(0, |complete| complete.schedules),
        complete: complete.is_some_and(|complete| complete.preemptions == asked),
    }
}
