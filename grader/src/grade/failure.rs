//! How a failure is put into a report: what was seen, the picture of the run, and the command that shows it again.

use engine::case::Case;
use engine::controlled::RunRecord;
use engine::counterexample;
use engine::explore::Remedy;
use engine::judgement::Fault;
use engine::libtest;
use engine::observation::Observation;
use engine::picture::Picture;
use engine::symbols::{OwnCode, Symbols, panic_line};
use report::Failure;

use super::Grading;
use super::excerpts::{last_said, lines_around, quoted};

impl Grading<'_> {
    pub(super) fn picture(&self, record: &RunRecord, fault: &Fault, remedy: Option<&Remedy>) -> Picture {
        let symbols = Symbols::read(&self.program.path, self.exercise.name, self.source);
        let picture = counterexample::picture(record, &symbols, fault.line, remedy);
        if self.is_by_tests() { libtest::without_harness(picture) } else { picture }
    }

    fn is_by_tests(&self) -> bool {
        self.source.checks.is_some()
    }

    pub(super) fn failure(
        &self,
        (case, check): (&Case, &str),
        seen: &Observation,
        fault: Fault,
        schedule: Option<String>,
    ) -> Failure {
        let sentence = case.broken_sentence(check, &fault);
        let lines = &seen.stdout.lines;
        let lines = match self.is_by_tests() {
            true => lines_around(&libtest::own_lines(lines, check), None),
            false => lines_around(lines, fault.line),
        };
        Failure {
            sentence: sentence.and_then(|id| self.contract.sentence(id)).cloned(),
            lines,
            expected: fault.expected,
            seen: fault.seen,
            ending: seen.ending().word().to_owned(),
            ended: seen.ending().to_string(),
            case: case.id.clone(),
            call: case.scenario.shown(self.exercise.name),
            replay: self.replay_command(case, schedule.as_deref()),
            found_after: None,
            place: panic_line(&seen.stderr.lines, &OwnCode::of_exercise(self.exercise.name)),
            stderr: last_said(&seen.stderr.lines),
            trace: Vec::new(),
            picture: None,
            schedule,
        }
    }

    fn replay_command(&self, case: &Case, schedule: Option<&str>) -> String {
        let mut command = format!("cargo grade replay {} --case {}", self.exercise.name, case.id);
        if let Some(schedule) = schedule {
            command += &format!(" --schedule '{schedule}'");
        }
        if self.options.seed != 0 {
            command += &format!(" --seed {}", self.options.seed);
        }
        if let Some(path) = &self.source.origin {
            command += &format!(" --source {}", quoted(path));
        }
        command
    }
}
