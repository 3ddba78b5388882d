//! Any package's tests and programs under controlled schedules: what holds in one schedule must hold in all.
//!
//! A test is a check: it passes in every schedule, or one is shown in which it does not. A program has no promises of its
//! own; what must hold of any is in `promises.rs`.

mod checks;
mod listing;
mod promises;
mod sleeps;
mod task;

use std::ffi::OsString;
use std::time::{Duration, Instant};

use engine::case::Case;
use engine::compile::Executable;
use engine::escape::in_line;
use engine::explore::{self, Extent, Replayer};
use engine::program::Program;
use report::verdict::Verdict;
use report::{CheckReport, ExerciseReport, Explored, Stressed};
use schedule::Schedule;
use schedule::search::portfolio::Chances;

use crate::error::Error;
use crate::grade::progress::Progress;
use crate::grade::{bounded, fewer};
use listing::Listing;
use task::Task;

/// How far, and in which world.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything drawn by chance comes from it.
    pub seed: u64,
    /// How many schedules each test, or the program, is explored with.
    pub schedules: u64,
    /// How long each may take; then fewer schedules are run on a slower machine.
    pub time: Option<Duration>,
    /// Explore all schedules with at most so many preemptions instead of random ones.
    pub preemptions: Option<u32>,
    /// What may happen that no thread does.
    pub chances: Chances,
    /// The most steps of a run.
    pub most_steps: Option<u32>,
    /// Only tests with one of these words in their names; all for none.
    pub filters: Vec<String>,
    /// The words are whole names.
    pub exact: bool,
    /// Arguments of the program or the tests.
    pub args: Vec<String>,
    /// The output must be the same in all schedules.
    pub deterministic: bool,
    /// Run this schedule alone.
    pub schedule: Option<Schedule>,
    /// How users call this for the same target, before the name of a test.
    pub command: String,
}

/// Explores what was built.
///
/// # Errors
/// When the grader itself cannot do its work.
pub fn explore(
    program: &Program,
    executable: &Executable,
    tests: bool,
    options: &Options,
    progress: &Progress,
) -> Result<ExerciseReport, Error> {
    let started = Instant::now();
    let name = in_line(&format!("{} {}", executable.package, executable.option));
    let tasks = tasks(executable, tests, options)?;
    let mut explored = Explored::default();
    let mut checks = Vec::new();
    for (index, task) in tasks.iter().enumerate() {
        progress.begin(
            format!("{name}: {} ({} of {})", task.id, index + 1, tasks.len()),
            "schedules",
            options.schedules,
        );
        checks.extend(of_task(program, task, options, progress, &mut explored)?);
    }
    let source = checks::source(&checks, &executable.root);
    let mut report = ExerciseReport {
        exercise: name,
        verdict: Verdict::Pass,
        score: 0.0,
        max_score: 0.0,
        message: None,
        explored,
        stressed: Stressed::default(),
        checks,
        seconds: started.elapsed().as_secs_f64(),
        late: None,
        withheld: None,
        source,
    };
    report.recount();
    Ok(report)
}

/// A report for code that does not compile.
pub fn not_built(message: String) -> ExerciseReport {
    ExerciseReport {
        exercise: "build".to_owned(),
        verdict: Verdict::BuildError,
        score: 0.0,
        max_score: 0.0,
        message: Some(message),
        explored: Explored::default(),
        stressed: Stressed::default(),
        checks: Vec::new(),
        seconds: 0.0,
        late: None,
        withheld: None,
        source: Vec::new(),
    }
}

fn tasks(executable: &Executable, tests: bool, options: &Options) -> Result<Vec<Task>, Error> {
    if !tests {
        return Ok(vec![Task::program(executable, false, options)]);
    }
    Ok(match Listing::of(executable)? {
        // It has a `main` of its own (`harness = false`).
        Listing::NoHarness => vec![Task::program(executable, true, options)],
        Listing::Tests(names) => {
            let wanted = |name: &&String| {
                let fits =
                    |word: &String| if options.exact { name == &word } else { name.contains(word.as_str()) };
                options.filters.is_empty() || options.filters.iter().any(fits)
            };
            names.iter().filter(wanted).map(|name| Task::test(executable, name, options)).collect()
        }
    })
}

/// Explores one test, or the program. Where its usual run has one thread there is one schedule.
fn of_task(
    program: &Program,
    task: &Task,
    options: &Options,
    progress: &Progress,
    explored: &mut Explored,
) -> Result<Vec<CheckReport>, Error> {
    let none = Schedule::new(Vec::new());
    let run = |case: &Case, schedule| {
        Replayer::new(program, case, options.seed).and_then(|mut replayer| replayer.run(schedule))
    };
    let (usual, first) = match run(&task.case(None, options.chances), &none) {
        Ok(run) => run,
        Err(error) => return checks::not_controlled(task, error),
    };
    let case = task.case(Some(&usual), options.chances);
    let asked = match (&options.schedule, first.header.threads) {
        (Some(schedule), _) => {
            count_one(explored);
            return match run(&case, schedule) {
                Ok((seen, record)) => Ok(checks::of_run(program, task, &case, &seen, &record)),
                Err(error) => checks::not_controlled(task, error),
            };
        }
        (None, 1) => {
            count_one(explored);
            return Ok(checks::of_run(program, task, &case, &usual, &first));
        }
        // One thread beside that of libtest can do little, but a harness that looks like libtest may have none.
        (None, 2) if task.is_test => options.schedules.min(explore::ENOUGH),
        (None, _) => options.schedules,
    };
    let extent = Extent { schedules: asked, preemptions: options.preemptions, time: options.time };
    match explore::explore(program, &case, options.seed, extent, |_| false, |count| progress.done(count)) {
        Ok(exploration) => {
            explored.schedules += exploration.schedules;
            explored.distinct += exploration.distinct.len() as u64;
            explored.fewer.extend(fewer(&task.id, &exploration, asked));
            let most = options.preemptions.filter(|_| exploration.schedules > 0);
            explored.bounded.extend(most.map(|most| bounded(&task.id, &exploration, most)));
            let mut checks = checks::of_exploration(program, task, &case, exploration, asked);
            if sleeps::may_matter(options, &first, &checks) {
                checks.extend(sleeps::advice(program, task, &usual, options)?);
            }
            Ok(checks)
        }
        Err(error) => checks::not_controlled(task, error),
    }
}

fn count_one(explored: &mut Explored) {
    explored.schedules += 1;
    explored.distinct += 1;
}

/// The variables that a program finds: the user's, but for those that change how it is run, and cargo's.
fn environment(executable: &Executable) -> impl Iterator<Item = (OsString, OsString)> {
    const OURS: [&str; 3] = ["LD_PRELOAD", "RUST_BACKTRACE", "RUST_TEST_THREADS"];
    let of_user = std::env::vars_os().filter(|(name, _)| OURS.iter().all(|ours| name != ours));
    of_user.chain(executable.variables.iter().cloned())
}
