//! Whether what a test or a program comes to depends on how long somebody sleeps: it then holds on this machine, and on a
//! busy one it may not. That is told as advice, of what holds otherwise.

use engine::controlled::RunRecord;
use engine::explore::{self, ENOUGH, Extent};
use engine::program::Program;
use report::CheckReport;
use report::verdict::Verdict;
use schedule::protocol::Operation;
use schedule::search::portfolio::Chances;

use super::task::Task;
use super::{Options, checks};
use crate::error::Error;

/// The advice.
const SLEEPS: &str = "sleeps";

/// Whether it is worth a look: somebody slept in the usual run, and all held where sleeps are as long as they say.
pub(super) fn may_matter(options: &Options, usual: &RunRecord, checks: &[CheckReport]) -> bool {
    let is_kept = |check: &CheckReport| check.max_score == 0.0 || check.verdict == Verdict::Pass;
    let sleeps = usual.events.iter().any(|event| event.operation == Operation::Sleep);
    sleeps && !options.chances.eager_time && checks.iter().all(is_kept)
}

/// What fails where sleeps can end early.
///
/// # Errors
/// When the grader itself cannot do its work.
pub(super) fn advice(
    program: &Program,
    task: &Task,
    usual: &engine::observation::Observation,
    options: &Options,
) -> Result<Option<CheckReport>, Error> {
    let chances = Chances { eager_time: true, ..options.chances };
    let task = task.in_a_world("--eager");
    let case = task.case(Some(usual), chances);
    let asked = options.schedules.min(ENOUGH);
    let extent = Extent { schedules: asked, preemptions: None, time: options.time };
    let exploration = explore::explore(program, &case, options.seed, extent, |_| false, drop)?;
    let found = checks::of_exploration(program, &task, &case, exploration, asked);
    let is_failed = |check: &CheckReport| check.max_score > 0.0 && check.verdict == Verdict::Fail;
    Ok(found.into_iter().find(is_failed).map(|check| CheckReport {
        id: if task.is_test { format!("{} ({SLEEPS})", check.id) } else { SLEEPS.to_owned() },
        message: format!("it depends on how long a sleep is: {}", check.message),
        max_score: 0.0,
        ..check
    }))
}
