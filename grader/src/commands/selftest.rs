//! `cargo grade selftest`: the grader graded. Every mutant must fail for the check that it names,
//! every variant must pass, every stub must be not-implemented.

use std::io::Write;
use std::path::Path;

use schedule::Schedule;

use crate::cli::SelftestArgs;
use crate::error::Error;
use crate::exercise::Exercise;
use crate::exit_code;
use crate::grade::{self, Options};
use crate::progress::Progress;
use crate::report::{ExerciseReport, Failure};
use crate::solution_region;
use crate::source::Source;
use crate::specimen::{self, Expected};
use crate::verdict::Verdict;
use crate::workspace::Workspace;

pub(super) fn run(args: &SelftestArgs) -> Result<u8, Error> {
    let exercises = super::selected(&args.exercises)?;
    let mut selftest = Selftest {
        workspace: Workspace::find()?,
        options: Options { schedules: args.schedules, ..Options::default() },
        progress: Progress::on_terminal(),
        right: 0,
        wrong: 0,
    };
    for exercise in exercises {
        selftest.test(exercise)?;
    }
    let Selftest { right, wrong, .. } = selftest;
    say(&format!("{right} as expected, {wrong} not\n"));
    Ok(if wrong == 0 { exit_code::PASS } else { exit_code::FAIL })
}

struct Selftest {
    workspace: Workspace,
    options: Options,
    progress: Progress,
    right: usize,
    wrong: usize,
}

impl Selftest {
    fn test(&mut self, exercise: &Exercise) -> Result<(), Error> {
        for specimen in specimen::all(&self.workspace, exercise)? {
            let source = Source::read(&self.workspace, exercise.name, Some(&specimen.path))?;
            let report = self.grade(exercise, &source)?;
            let (kind, problem) = match &specimen.expected {
                Expected::Fails(check) => ("mutant", mutant_problem(&report, check)),
                Expected::Passes => ("variant", variant_problem(&report)),
            };
            self.count(exercise, kind, &specimen.name, &report, problem);
        }
        let report = self.grade(exercise, &self.stub(exercise)?)?;
        let problem =
            (report.verdict != Verdict::NotImplemented).then(|| format!("it is {}", report.verdict.word()));
        self.count(exercise, "stub", "", &report, problem);
        Ok(())
    }

    fn grade(&self, exercise: &Exercise, source: &Source) -> Result<ExerciseReport, Error> {
        grade::grade(&self.workspace, exercise, source, &self.options, &self.progress)
    }

    /// The crate as students get it: every solution region is a `todo!()`.
    fn stub(&self, exercise: &Exercise) -> Result<Source, Error> {
        let mut source = Source::read(&self.workspace, exercise.name, None)?;
        let folder = self.workspace.crate_folder(exercise.name).join("src");
        for (path, content) in &mut source.files {
            let content_error = |reason: String| Error::Content { path: folder.join(path), reason };
            let text = String::from_utf8_lossy(content);
            let (stub, _) =
                solution_region::strip(&text).map_err(|error| content_error(error.to_string()))?;
            *content = stub.into_bytes();
        }
        Ok(source)
    }

    fn count(
        &mut self,
        exercise: &Exercise,
        kind: &str,
        name: &str,
        report: &ExerciseReport,
        problem: Option<String>,
    ) {
        let found = report.verdict.word();
        let effort = format!("{} schedules, {} runs", report.explored.schedules, report.stressed.runs);
        let first = report.checks.iter().find_map(|check| shown_failure(check.failure.as_ref()?));
        let (mark, note) = match &problem {
            None => ("ok   ", String::new()),
            Some(problem) => ("WRONG", format!("  {problem}")),
        };
        let name = Path::new(exercise.name).join(name);
        say(&format!(
            "{mark} {kind:<8} {:<48} {found:<15} {effort:<26} {:>5.1} s  {}{note}\n",
            name.display(),
            report.seconds,
            first.unwrap_or_default(),
        ));
        *(if problem.is_none() { &mut self.right } else { &mut self.wrong }) += 1;
    }
}

/// How soon a failure was found, how the run ended, and how short its schedule became.
fn shown_failure(failure: &Failure) -> Option<String> {
    let schedule: Schedule = failure.schedule.as_ref()?.parse().ok()?;
    let after = failure.found_after?;
    Some(format!("schedule {after}, {}, {} switches", failure.ending, schedule.switches()))
}

fn mutant_problem(report: &ExerciseReport, check: &str) -> Option<String> {
    if let Some(message) = &report.message {
        return Some(message.clone());
    }
    let verdict = report.checks.iter().find(|found| found.id == check).map(|found| found.verdict);
    match verdict {
        Some(Verdict::Fail) => None,
        other => Some(format!("`{check}` must fail but is {}", other.map_or("absent", Verdict::word))),
    }
}

fn variant_problem(report: &ExerciseReport) -> Option<String> {
    let bad = report.checks.iter().find(|check| check.verdict != Verdict::Pass);
    match (&report.message, bad) {
        (Some(message), _) => Some(message.clone()),
        (None, Some(check)) => Some(format!("`{}` is {}: {}", check.id, check.verdict.word(), check.message)),
        (None, None) => None,
    }
}

/// Each line as soon as it is known: the whole takes minutes. A closed output is nobody's fault.
fn say(line: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
