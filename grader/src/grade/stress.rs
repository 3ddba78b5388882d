//! Running cases without control.
//!
//! A case that is explored, too, has the machine for itself, one run after another. The others mostly wait, for a server, a
//! child, a full pipe, and several are run at once.

use std::collections::HashSet;
use std::thread;

use confine::run::{Ending, RunError};
use engine::case::Case;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::stress;

use super::in_order::{Plan, Shared, in_order};
use super::{Findings, Grading, alone_on};
use crate::error::Error;

/// Runs that nobody else is run beside.
const ALONE: Shared = Shared { threads: 1, ahead: 1 };
/// So many runs are begun before what the first of them left is known: for a wrong program they may be in vain.
const AHEAD: usize = 8;

impl Grading<'_> {
    /// Runs a case that was explored.
    pub(super) fn stress(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        self.stress_all(&[case], ALONE, findings)
    }

    /// Runs cases that are not explored, until nothing more of the program is run.
    pub(super) fn stress_unexplored(&self, cases: &[&Case], findings: &mut Findings) -> Result<(), Error> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        self.stress_all(cases, Shared { threads: processors.clamp(2, AHEAD), ahead: AHEAD }, findings)
    }

    fn stress_all(&self, cases: &[&Case], shared: Shared, findings: &mut Findings) -> Result<(), Error> {
        let runs_of = |case: &Case| self.options.runs.unwrap_or(case.runs);
        let runs: Vec<(&Case, u32)> =
            cases.iter().flat_map(|case| (0..runs_of(case)).map(|run| (*case, run))).collect();
        let (seed, program) = (self.options.seed, &self.program.path);
        let mut plan = Runs { grading: self, runs: &runs, ended: HashSet::new(), findings };
        in_order(&mut plan, runs.len(), shared, |Task { case, run, is_hurried }| {
            let _alone = alone_on(case.network);
            stress::perform(program, case, seed, run, is_hurried)
        })
    }

    /// Whether a check that is worth points has failed.
    fn is_lost(&self, findings: &Findings) -> bool {
        findings.results.iter().any(|(check, result)| result.has_failed() && self.rubric.points(check) > 0.0)
    }

    /// Who wrote the lines of an audited run. That it was right is no proof, as only control shows many interleavings.
    fn judge_writers(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.writer_judges {
            if seen.has_evaded {
                let reason = "its lines came to standard output in a way that hides who wrote them";
                findings.result(check).unproven(format!("case {}: {reason}", case.id));
            }
            if seen.stdout.threads.is_none() {
                continue;
            }
            if let Some(Judgement::Broken(fault)) = judge.judge(seen) {
                let fault = Fault { seen: format!("in a run without control, {}", fault.seen), ..fault };
                self.broken(check, self.failure((case, check), seen, fault, None), findings);
            }
        }
    }

    /// A run that did not end by itself says something only about whether the program terminates.
    fn judge(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.judges {
            match judge.judge(seen) {
                None | Some(Judgement::Nothing) => {}
                Some(Judgement::Kept) => findings.result(check).kept(!case.is_idle),
                Some(Judgement::Unproven(reason)) => {
                    findings.result(check).unproven(format!("case {}: {reason}", case.id));
                }
                Some(Judgement::Broken(fault)) => {
                    self.broken(check, self.failure((case, check), seen, fault, None), findings);
                }
            }
        }
    }
}

/// The runs of some cases, in their order.
struct Runs<'a> {
    grading: &'a Grading<'a>,
    runs: &'a [(&'a Case, u32)],
    /// The cases of which nothing more is run, as one run did not come to its end.
    ended: HashSet<&'a str>,
    findings: &'a mut Findings,
}

/// One run.
struct Task<'a> {
    case: &'a Case,
    run: u32,
    is_hurried: bool,
}

impl Runs<'_> {
    fn is_wanted(&self, case: &Case, run: u32) -> bool {
        let findings = &self.findings;
        // What has failed is not hidden by more runs, and a wrong program can be very slow: one that sleeps in
        // place of waiting takes its time here, and none under control.
        let is_needless = self.grading.is_lost(findings) && (run > 0 || case.percent > 0);
        let is_undecided = case.judges.iter().any(|(check, _)| !findings.has_failed(check));
        is_undecided && !is_needless && !self.ended.contains(case.id.as_str())
    }
}

impl<'a> Plan for Runs<'a> {
    type Task = Task<'a>;
    type Done = Result<Observation, RunError>;
    type Error = Error;

    fn task(&mut self, number: usize) -> Option<Task<'a>> {
        let (case, run) = self.runs[number];
        // Nothing more is held against a program that has failed to end.
        let is_hurried = self.findings.long_endings > 0 && self.findings.has_failed_to_end();
        self.is_wanted(case, run).then_some(Task { case, run, is_hurried })
    }

    fn take(&mut self, number: usize, done: Option<Self::Done>) -> Result<bool, Error> {
        let (case, run) = self.runs[number];
        // What has become needless meanwhile says nothing.
        let Some(seen) = done.filter(|_| self.is_wanted(case, run)).transpose()? else { return Ok(true) };
        let (grading, findings) = (self.grading, &mut *self.findings);
        findings.runs += 1;
        if let Some(stub) = seen.reached_stub() {
            findings.stub = Some(stub);
            return Ok(false);
        }
        grading.judge(case, &seen, findings);
        grading.judge_writers(case, &seen, findings);
        findings.waited_for += u32::from(seen.was_waited_for());
        if seen.code().is_none() {
            findings.long_endings +=
                u32::from(!matches!(seen.ending(), Ending::Deadlocked { .. } | Ending::Stopped));
            self.ended.insert(&case.id);
        }
        Ok(!self.findings.is_cut())
    }
}
