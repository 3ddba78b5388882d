//! Whether the work of a case is that of threads that share something.

use confine::run::RunError;
use engine::case::Case;
use engine::explore::{Survey, survey};
use engine::judgement::Fault;
use engine::observation::Observation;
use report::Failure;

use super::{Findings, Grading};

impl Grading<'_> {
    /// Holds a case against its [`engine::case::Sharing`], where it has one.
    pub(super) fn survey(&self, case: &Case, findings: &mut Findings) -> Result<(), RunError> {
        let Some(sharing) = case.sharing.as_ref().filter(|_| findings.stub.is_none()) else { return Ok(()) };
        if sharing.checks.iter().all(|check| findings.has_failed(check)) {
            return Ok(());
        }
        let surveyed = survey(&self.program, case, sharing, self.options.seed)?;
        for check in sharing.checks {
            match &surveyed {
                Survey::Shown | Survey::NoRun => {}
                Survey::Unproven(reason) => {
                    findings.result(check).unproven(format!("case {}: {reason}", case.id));
                }
                Survey::NotShown { most, runs } => {
                    let seen = format!("in none of {runs} schedules more than {} did", thread_count(*most));
                    let fault = Fault::new(sharing.expected, seen);
                    let failure = self.failure((case, check), &Observation::default(), fault, None);
                    let ended = "it is about several schedules together".to_owned();
                    findings.result(check).broken(Failure { ending: "none".into(), ended, ..failure });
                }
            }
        }
        Ok(())
    }
}

fn thread_count(count: usize) -> String {
    format!("{count} thread{}", if count == 1 { "" } else { "s" })
}
