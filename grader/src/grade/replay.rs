//! Running one schedule again, once or many times.

use std::collections::HashSet;

use confine::run::Ending;
use engine::case::Case;
use engine::compile;
use engine::controlled::RunRecord;
use engine::explore;
use engine::judgement::Judgement;
use engine::observation::Observation;
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Exercise;
use report::{ExerciseReport, Lesson, listing};
use schedule::protocol::Header;
use schedule::{Schedule, age_of};

use super::{Findings, Grading, Options, Prepared, excerpts};
use crate::error::Error;
use crate::grade::progress::Progress;

/// Runs the one case of `options` along `schedule` so many times and judges the first run. The report counts as
/// distinct how many of the runs differed: in their steps, their output, or how they ended.
///
/// # Errors
/// As for [`super::grade`], and when the program does not follow the schedule.
pub fn replay(
    workspace: &Workspace,
    exercise: &Exercise,
    source: &Source,
    options: &Options,
    schedule: &Schedule,
    times: u64,
) -> Result<ExerciseReport, Error> {
    let progress = Progress::hidden();
    let build = compile::build(workspace, exercise.name, source, &drop)?;
    let grading = match Grading::prepare(workspace, exercise, source, build, options, &progress)? {
        Prepared::Grading(grading) => grading,
        Prepared::Report(report) => {
            return Ok(ExerciseReport { source: listing(source, exercise.name, false), ..report });
        }
    };
    let mut findings = Findings::default();
    for case in &grading.cases()? {
        grading.replay(case, schedule, times, &mut findings)?;
    }
    Ok(ExerciseReport { source: grading.listing(), ..grading.summary(findings) })
}

impl Grading<'_> {
    fn replay(
        &self,
        case: &Case,
        schedule: &Schedule,
        times: u64,
        findings: &mut Findings,
    ) -> Result<(), Error> {
        let mut replayer = explore::Replayer::new(&self.program, case, self.options.seed)?;
        let mut different = HashSet::new();
        for time in 0..times {
            let (seen, record) = replayer.run(schedule)?;
            if let Ending::Diverged { step } = seen.ending() {
                return Err(Error::Diverged { step: *step, why: divergence(&record, schedule) });
            }
            if time == 0 {
                self.judge_replayed(case, &seen, &record, findings);
            }
            let Header { hash, finish, status, .. } = record.header;
            let said: Vec<String> =
                seen.stderr.lines.iter().map(|line| excerpts::without_number(line)).collect();
            different.insert((hash, finish as u8, status, seen.stdout.bytes, said));
        }
        findings.explored.schedules += times;
        findings.explored.distinct += different.len() as u64;
        Ok(())
    }

    fn judge_replayed(&self, case: &Case, seen: &Observation, record: &RunRecord, findings: &mut Findings) {
        for witness in &case.witnesses {
            if let Some(Judgement::Broken(fault)) = witness.shows.judge(seen) {
                let picture = self.picture(record, &fault, None);
                let shown =
                    self.failure((case, witness.check), seen, fault, Some(record.schedule.to_string()));
                findings.result(witness.check).shown(shown.with_picture(picture), Lesson::Drawn);
            }
        }
        for (check, judge) in case.judges.iter().chain(&case.writer_judges) {
            match judge.judge(seen) {
                Some(Judgement::Broken(fault)) => {
                    let picture = self.picture(record, &fault, None);
                    let failure = self.failure((case, check), seen, fault, Some(record.schedule.to_string()));
                    findings.result(check).broken(failure.with_picture(picture));
                }
                Some(Judgement::Unproven(reason)) => findings.result(check).unproven(reason),
                Some(Judgement::Kept) => findings.result(check).kept_under_control(1, true),
                None | Some(Judgement::Nothing) => {}
            }
        }
    }
}

/// What stood in the way of a schedule's next step.
fn divergence(record: &RunRecord, schedule: &Schedule) -> String {
    let next = schedule.steps.get(record.header.steps as usize);
    match next {
        Some(&step) if age_of(step).is_some() => "no load there can return that old a value".to_owned(),
        Some(&thread) if usize::from(thread) >= record.threads.len() => format!("there is no T{thread} yet"),
        Some(&thread) if record.threads[usize::from(thread)].ended => format!("T{thread} has ended"),
        Some(&thread) => format!("T{thread} waits and cannot take it"),
        None => "the run had ended".to_owned(),
    }
}
