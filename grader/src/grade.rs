//! Grading one exercise: build it, run its cases, judge what they leave, add up the points.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::case::{Case, Judgement, Observation};
use crate::compile::{self, Build};
use crate::error::Error;
use crate::exercise::Exercise;
use crate::progress::Progress;
use crate::report::{CheckReport, ExerciseReport, Explored, Failure, Stressed};
use crate::rubric::Rubric;
use crate::run::Ending;
use crate::source::Source;
use crate::stress;
use crate::tally::Tally;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// How a case is run and judged, whatever the exercise.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Everything drawn by chance comes from it.
    pub seed: u64,
    /// Only this case, where it is named.
    pub case: Option<String>,
}

/// Grades `source` as the solution of `exercise`.
///
/// # Errors
/// When the grader itself cannot do its work. A wrong program is a report, not an error.
pub fn grade(
    workspace: &Workspace,
    exercise: &Exercise,
    source: &Source,
    options: &Options,
    progress: &Progress,
) -> Result<ExerciseReport, Error> {
    let rubric = Rubric::read(workspace, exercise)?;
    progress.say(format!("{}: building", exercise.name));
    let built = compile::build(workspace, exercise.name, source)?;
    let started = Instant::now();
    let mut report = match built {
        Build::Errors(message) => without_runs(exercise, &rubric, Verdict::BuildError, message),
        Build::Program(program) => {
            let grading = Grading { exercise, program, source, options, progress };
            grading.report(&rubric)?
        }
    };
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

/// A report for a program of which no run was judged.
fn without_runs(exercise: &Exercise, rubric: &Rubric, verdict: Verdict, message: String) -> ExerciseReport {
    let max_score = exercise.checks.iter().map(|check| rubric.points(check.id)).sum();
    ExerciseReport {
        exercise: exercise.name.to_owned(),
        verdict,
        score: 0.0,
        max_score,
        message: Some(message),
        explored: Explored::default(),
        stressed: Stressed::default(),
        checks: Vec::new(),
        seconds: 0.0,
    }
}

/// Two runs that had to be ended are enough: each costs its whole limit.
const MOST_LONG_ENDINGS: u32 = 2;

struct Grading<'a> {
    exercise: &'a Exercise,
    program: PathBuf,
    source: &'a Source,
    options: &'a Options,
    progress: &'a Progress,
}

/// What the runs showed so far.
#[derive(Default)]
struct Findings {
    tallies: Vec<(&'static str, Tally)>,
    runs: u64,
    long_endings: u32,
    stub: Option<String>,
}

impl Grading<'_> {
    fn report(&self, rubric: &Rubric) -> Result<ExerciseReport, Error> {
        let cases = self.cases()?;
        let mut findings = Findings::default();
        for (index, case) in cases.iter().enumerate() {
            self.progress.say(format!("{}: {} ({} of {})", self.exercise.name, case.id, index + 1, cases.len()));
            self.stress(case, &mut findings)?;
            if let Some(message) = findings.stub {
                return Ok(without_runs(self.exercise, rubric, Verdict::NotImplemented, message));
            }
            if findings.long_endings >= MOST_LONG_ENDINGS {
                break;
            }
        }
        Ok(self.summary(rubric, findings))
    }

    fn cases(&self) -> Result<Vec<Case>, Error> {
        let mut cases = (self.exercise.cases)(self.options.seed);
        if let Some(wanted) = &self.options.case {
            if !cases.iter().any(|case| case.id == *wanted) {
                return Err(Error::unknown("case", wanted, cases.iter().map(|case| case.id.as_str())));
            }
            cases.retain(|case| case.id == *wanted);
        }
        Ok(cases)
    }

    fn stress(&self, case: &Case, findings: &mut Findings) -> Result<(), Error> {
        for run in 0..case.runs {
            let undecided = case.judges.iter().any(|(check, _)| !findings.has_failed(check));
            if !undecided {
                return Ok(());
            }
            let seen = stress::perform(&self.program, case, self.options.seed, run)?;
            findings.runs += 1;
            if let Some(stub) = reached_stub(&seen) {
                findings.stub = Some(stub);
                return Ok(());
            }
            self.judge(case, &seen, findings);
            if seen.code().is_none() {
                findings.long_endings += u32::from(!matches!(seen.ending(), Ending::Deadlocked { .. }));
                return Ok(());
            }
        }
        Ok(())
    }

    /// A run that did not end by itself says something only about whether the program terminates.
    fn judge(&self, case: &Case, seen: &Observation, findings: &mut Findings) {
        for (check, judge) in &case.judges {
            let tally = findings.tally(check);
            if seen.ending().proves_nothing() {
                tally.unproven(format!("case {}: {}", case.id, seen.ending()));
            } else if seen.code().is_some() || *check == "terminates" {
                match judge(seen) {
                    Judgement::Kept => tally.kept(),
                    Judgement::Unproven(reason) => tally.unproven(format!("case {}: {reason}", case.id)),
                    Judgement::Broken(fault) => tally.broken(self.failure(case, seen, fault)),
                }
            }
        }
    }

    fn failure(&self, case: &Case, seen: &Observation, fault: crate::case::Fault) -> Failure {
        Failure {
            lines: lines_around(&seen.stdout.lines, fault.line),
            expected: fault.expected,
            seen: fault.seen,
            ending: seen.ending().word().to_owned(),
            ended: seen.ending().to_string(),
            case: case.id.clone(),
            call: case.scenario.shown(self.exercise.name),
            schedule: None,
            replay: self.replay_command(case),
        }
    }

    fn replay_command(&self, case: &Case) -> String {
        let mut command = format!("cargo grade replay {} --case {}", self.exercise.name, case.id);
        if self.options.seed != 0 {
            command += &format!(" --seed {}", self.options.seed);
        }
        if let Some(path) = &self.source.origin {
            command += &format!(" --source {}", quoted(path));
        }
        command
    }

    fn summary(&self, rubric: &Rubric, mut findings: Findings) -> ExerciseReport {
        let checks: Vec<CheckReport> = self
            .exercise
            .checks
            .iter()
            .map(|check| std::mem::take(findings.tally(check.id)).report(check, rubric.points(check.id)))
            .collect();
        let mut report = ExerciseReport {
            exercise: self.exercise.name.to_owned(),
            verdict: Verdict::Pass,
            score: 0.0,
            max_score: 0.0,
            message: None,
            explored: Explored::default(),
            stressed: Stressed { runs: findings.runs },
            checks,
            seconds: 0.0,
        };
        report.recount();
        report
    }
}

impl Findings {
    fn tally(&mut self, check: &'static str) -> &mut Tally {
        let index = self.tallies.iter().position(|(id, _)| *id == check).unwrap_or_else(|| {
            self.tallies.push((check, Tally::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[index].1
    }

    fn has_failed(&self, check: &str) -> bool {
        self.tallies.iter().any(|(id, tally)| *id == check && tally.has_failed())
    }
}

/// Where a `todo!` was reached, in a program that is still a stub.
fn reached_stub(seen: &Observation) -> Option<String> {
    let line = seen.stderr.lines.iter().position(|line| line.starts_with("not yet implemented"))?;
    let place = seen.stderr.lines.get(line.checked_sub(1)?)?.split_once(" panicked at ")?.1;
    Some(format!("the stub at {} is still to be written", place.trim_end_matches(':')))
}

/// Up to four lines on both sides of the line at fault, or the last lines.
fn lines_around(lines: &[String], fault: Option<usize>) -> Vec<String> {
    const AROUND: usize = 4;
    let centre = fault.unwrap_or(lines.len());
    let first = centre.saturating_sub(AROUND);
    lines
        .iter()
        .enumerate()
        .skip(first)
        .take(centre - first + AROUND + 1)
        .map(|(index, line)| {
            let mark = if fault == Some(index) { '>' } else { ' ' };
            format!("{mark}{:>5} │ {}", index + 1, shown(line))
        })
        .collect()
}

/// A line as a report may show it: control characters escaped, length bounded.
fn shown(line: &str) -> String {
    const MOST: usize = 200;
    let escaped = line.chars().flat_map(|c| {
        let plain = (!c.is_control()).then_some(c);
        plain.into_iter().chain(c.is_control().then(|| c.escape_default()).into_iter().flatten())
    });
    let mut text: String = escaped.take(MOST + 1).collect();
    if text.chars().count() > MOST {
        text.pop();
        text.push('…');
    }
    text
}

/// `path` as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Vec<String> {
        (1..=count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn the_line_at_fault_is_marked_between_its_neighbours() {
        let lines = lines_around(&numbered(20), Some(9));
        assert_eq!(lines.len(), 9);
        assert_eq!((lines[3].as_str(), lines[4].as_str()), ("     9 │ 9", ">   10 │ 10"));
    }

    #[test]
    fn without_a_line_at_fault_the_last_ones_are_shown() {
        assert_eq!(lines_around(&numbered(20), None), ["    17 │ 17", "    18 │ 18", "    19 │ 19", "    20 │ 20"]);
    }

    #[test]
    fn what_a_student_prints_cannot_steer_the_terminal() {
        assert_eq!(shown("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 201);
    }

    #[test]
    fn a_path_with_a_quote_survives_the_shell() {
        assert_eq!(quoted(Path::new("it's.rs")), r"'it'\''s.rs'");
        assert_eq!(quoted(Path::new("a/b-1.rs")), "a/b-1.rs");
    }

    #[test]
    fn a_stub_is_known_by_its_panic() {
        let seen = Observation {
            stderr: "\nthread 'main' (1) panicked at src/main.rs:7:5:\nnot yet implemented\n".into(),
            ..Observation::default()
        };
        assert_eq!(reached_stub(&seen).unwrap(), "the stub at src/main.rs:7:5 is still to be written");
    }
}
