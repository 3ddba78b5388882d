//! `cargo grade check`: grade exercises and report.

use std::sync::Arc;
use std::time::Duration;

use confine::sandbox::Network;
use engine::case::Case;
use engine::compile::Build;
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Exercise;
use report::late::{LateRule, Moment};
use report::verdict::Verdict;
use report::{Audience, ExerciseReport, Report};

use super::ahead::{Ahead, Built, Task};
use super::side_by_side::{AT_ONCE, Queue, in_order};
use crate::cli::args::CheckArgs;
use crate::cli::reports;
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::progress::Progress;
use crate::grade::rubric::Rubric;
use crate::grade::{self, Options};

pub(super) fn run(args: &CheckArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&workspace, &args.exercises)?;
    if args.source.is_some() && exercises.len() != 1 {
        return Err(Error::usage("--source stands for one exercise's source: name that exercise"));
    }
    let lateness = Lateness::read(args, &workspace, &exercises)?;
    let outputs = reports::open(&args.output, &args.reports)?;
    let mut graded = Graded::default();
    let stopped = grade_all(args, &workspace, &exercises, &lateness, &mut graded).err();
    let Graded { reports, mut missing, fault, unusable } = graded;
    let stopped = stopped.or(fault);
    missing.extend(exercises[reports.len()..].iter().map(|exercise| exercise.name.to_owned()));
    let report = Report::new(args.seed, reports);
    match stopped {
        None => {
            reports::write(outputs, &report, audience(args))?;
            unusable.map_or_else(|| Ok(code(&report, args.allow_stubs)), Err)
        }
        // What the user can put right by calling it again makes no report.
        Some(error) if error.exit_code() == exit_code::USAGE => Err(error),
        Some(error) => {
            reports::write(outputs, &report.stopped(error.to_string(), missing), audience(args))?;
            Err(error)
        }
    }
}

/// What the report means for whoever called, where stubs may be allowed.
fn code(report: &Report, allow_stubs: bool) -> u8 {
    let verdicts = report.exercises.iter().map(|exercise| exercise.verdict);
    let counts = |verdict: &Verdict| !(allow_stubs && *verdict == Verdict::NotImplemented);
    exit_code::of(Verdict::worst(verdicts.filter(counts)))
}

fn audience(args: &CheckArgs) -> Audience {
    match (args.teacher, args.after_due) {
        (true, _) => Audience::Teacher,
        (false, true) => Audience::AfterDue,
        (false, false) => Audience::Student,
    }
}

/// What was graded so far.
#[derive(Default)]
struct Graded {
    reports: Vec<ExerciseReport>,
    /// Exercises that the grader failed at.
    missing: Vec<String>,
    /// Why it failed at the first of them.
    fault: Option<Error>,
    /// Why there is no source for the first exercise that has none. The report says so, too.
    unusable: Option<Error>,
}

/// Grades exercises, some at once, into `graded`, which keeps what there is when it must stop. Trouble with one exercise
/// does not keep the others from being graded.
fn grade_all(
    args: &CheckArgs,
    workspace: &Workspace,
    exercises: &[&'static Exercise],
    lateness: &Lateness,
    graded: &mut Graded,
) -> Result<(), Error> {
    let CheckArgs { seed, schedules, preemptions, .. } = *args;
    let options = Options { seed, schedules, preemptions, ..Options::default() };
    let read = |exercise: &&'static Exercise| {
        Ok(Arc::new(Source::read(workspace, exercise.name, args.source.as_deref())?))
    };
    let sources: Vec<Result<Arc<Source>, Error>> = exercises.iter().map(read).collect();
    let readable = exercises.iter().zip(&sources).filter(|(_, source)| source.is_ok());
    let readable: Vec<&Exercise> = readable.map(|(exercise, _)| *exercise).collect();
    super::enter(workspace, &readable, &args.sandbox)?;
    for (exercise, source) in exercises.iter().zip(&sources) {
        source.iter().for_each(|source| eprint!("{}", super::not_used(workspace, exercise, source)));
    }
    let progress = Arc::new(Progress::on_terminal());
    let tasks = exercises.iter().copied().zip(sources);
    let (_ahead, queues) = queues(workspace, tasks, seed, &progress);
    let grade_built = |exercise: &Exercise, source: &Source, built: Result<Build, Error>, took: Duration| {
        let graded = grade::grade_built(workspace, exercise, source, built?, &options, &progress)?;
        Ok(ExerciseReport { seconds: graded.seconds + took.as_secs_f64(), ..graded })
    };
    let grade = |(exercise, built): Built| {
        let (result, unusable) = match built {
            Ok((source, built, took)) => (grade_built(exercise, &source, built, took), None),
            Err(error) => (grade::without_source(workspace, exercise, &error), Some(error)),
        };
        match result {
            // It ends the call: what comes behind it need not be graded.
            Err(error) if !error.is_of_one_task() => Err(error),
            result => Ok((exercise, result, unusable)),
        }
    };
    in_order(queues, grade, |(exercise, result, unusable)| {
        graded.unusable = graded.unusable.take().or(unusable);
        let mut report = match result {
            Ok(report) => report,
            Err(error) => {
                let report = grade::not_graded(workspace, exercise, &error)?;
                graded.missing.push(exercise.name.to_owned());
                graded.fault.get_or_insert(error);
                report
            }
        };
        lateness.apply(graded.reports.len(), &mut report);
        progress.graded(&report.line());
        graded.reports.push(report);
        Ok(())
    })
}

/// Those that share the machine's own network one after the other, and some of the others at once.
fn queues(
    workspace: &Workspace,
    tasks: impl Iterator<Item = Task>,
    seed: u64,
    progress: &Arc<Progress>,
) -> (Ahead, Vec<Queue<'static, Built>>) {
    let is_shared = |case: &Case| case.network == Network::Shared;
    let is_alone = |(_, (exercise, _)): &(usize, Task)| (exercise.cases)(seed).iter().any(is_shared);
    let (alone, beside) = tasks.enumerate().partition(is_alone);
    let (ahead, [alone, beside]) = Ahead::new(workspace, [alone, beside], progress);
    let queue = |lane, at_once| Queue { tasks: Box::new(lane), at_once };
    (ahead, vec![queue(alone, 1), queue(beside, AT_ONCE)])
}

/// What is known about being late, read before the work so that a mistake is said at once.
struct Lateness {
    handed_in: Option<Moment>,
    /// For each exercise, its rule and when it was due.
    rules: Vec<Option<(LateRule, Moment)>>,
}

impl Lateness {
    fn read(args: &CheckArgs, workspace: &Workspace, exercises: &[&Exercise]) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for exercise in exercises {
            let rule = Rubric::read(workspace, exercise)?.late().copied();
            rules.push(rule.and_then(|rule| Some((rule, args.due.or(rule.due)?))));
        }
        if args.handed_in.is_some() && rules.iter().all(Option::is_none) {
            let reason = "--handed-in needs an exercise whose rubric.toml has `[late]` and that has a due date, \
                          there or by --due";
            return Err(Error::usage(reason));
        }
        Ok(Self { handed_in: args.handed_in, rules })
    }

    fn apply(&self, index: usize, report: &mut ExerciseReport) {
        let (Some(handed_in), Some((rule, due))) = (self.handed_in, self.rules[index]) else { return };
        if let Some(late) = rule.apply(due, handed_in, report.score) {
            report.hand_in_late(late);
        }
    }
}
