//! The same five bugs, looked for in three ways: by the grader, which controls the unmodified program; by
//! running that program again and again; and by shuttle, for which the program must be written again.
//!
//! Prints a table: how many schedules or runs until the first failure, and how many a second.

mod ports;

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use confine::interrupt;
use confine::run::keeper;
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::Course;
use grader::grade::progress::Progress;
use grader::grade::{Options, grade};
use report::ExerciseReport;
use shuttle::Config;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};

/// Schedules that the grader and shuttle may try.
const MOST_SCHEDULES: usize = 2_000;
/// Runs of the plain loop: more time than either of the others takes.
const PLAIN_RUNS: u32 = 1_000;

struct Bug {
    exercise: &'static str,
    mutant: &'static str,
    case: &'static str,
    port: fn(bool),
}

const BUGS: [Bug; 5] = [
    Bug {
        exercise: "bank-account",
        mutant: "deposit-load-store",
        case: "deposits",
        port: ports::deposit_load_store,
    },
    Bug {
        exercise: "bank-account",
        mutant: "opposite-lock-orders",
        case: "opposite-transfers",
        port: ports::opposite_lock_orders,
    },
    Bug {
        exercise: "even-odd",
        mutant: "turn-stored-outside-the-mutex",
        case: "max-7",
        port: ports::turn_stored_outside_the_mutex,
    },
    Bug {
        exercise: "even-odd",
        mutant: "registers-after-looking",
        case: "max-2",
        port: ports::registers_after_looking,
    },
    Bug {
        exercise: "producer-consumer",
        mutant: "close-wakes-one",
        case: "two-and-two",
        port: ports::close_wakes_one,
    },
];

fn main() -> ExitCode {
    if env::args_os().nth(1).is_some_and(|first| first == keeper::ARGUMENT) {
        return if keeper::keep().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<()> {
    interrupt::listen()?;
    panic::set_hook(Box::new(|_| ()));
    println!(
        "{:<48} {:>20} {:>24} {:>20} {:>20}",
        "bug", "Lockstep", "plain loop", "shuttle random", "shuttle PCT"
    );
    for bug in &BUGS {
        let name = format!("{}/{}", bug.exercise, bug.mutant);
        let random = with_shuttle(bug.port, || RandomScheduler::new_from_seed(0, MOST_SCHEDULES));
        let pct = with_shuttle(bug.port, || PctScheduler::new_from_seed(0, 3, MOST_SCHEDULES));
        println!("{name:<48} {:>20} {:>24} {random:>20} {pct:>20}", controlled(bug)?, plain(bug)?);
    }
    println!("\nfirst failure: number of the schedule or run; in brackets, schedules or runs a second");
    Ok(())
}

fn report(bug: &Bug, schedules: u64, runs: u32) -> Result<ExerciseReport> {
    let workspace = Workspace::find()?;
    let exercise = Course::of(&workspace)?.find(bug.exercise).context("no such exercise")?;
    let mutants = workspace.root().join("fixtures").join(bug.exercise).join("mutants");
    let path = mutants.join(bug.mutant).with_extension("rs");
    let source = Source::read(&workspace, bug.exercise, Some(&path))?;
    let (case, schedules, runs) = (Some(bug.case.into()), Some(schedules), Some(runs));
    let options = Options { case, schedules, runs, ..Options::default() };
    Ok(grade(&workspace, exercise, &source, &options, &Progress::hidden())?)
}

fn controlled(bug: &Bug) -> Result<String> {
    // A case gets its share of the exercise's schedules; the first failure is far below.
    let report = report(bug, MOST_SCHEDULES as u64, 0)?;
    let failures = report.checks.iter().filter_map(|check| check.failure.as_ref());
    let first = failures.filter_map(|failure| failure.found_after).min();
    Ok(shown(first, report.explored.schedules, report.explored.per_second))
}

fn plain(bug: &Bug) -> Result<String> {
    let report = report(bug, 0, PLAIN_RUNS)?;
    let runs = report.stressed.runs;
    let failed = report.checks.iter().any(|check| check.failure.is_some());
    Ok(shown(failed.then_some(runs), runs, runs as f64 / report.seconds))
}

fn with_shuttle<S: Scheduler + 'static>(port: fn(bool), scheduler: impl Fn() -> S) -> String {
    let (first, tried, _) = run_shuttle(port, false, scheduler());
    let (_, well, seconds) = run_shuttle(port, true, scheduler());
    shown(first, tried, well as f64 / seconds)
}

/// The schedule that failed, how many there were, and the seconds that they took.
fn run_shuttle<S: Scheduler + 'static>(port: fn(bool), fixed: bool, scheduler: S) -> (Option<u64>, u64, f64) {
    let tried = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&tried);
    let mut config = Config::new();
    config.failure_persistence = shuttle::FailurePersistence::None;
    let started = Instant::now();
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        shuttle::Runner::new(scheduler, config).run(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            port(fixed);
        })
    }));
    let count = tried.load(Ordering::Relaxed);
    (result.is_err().then_some(count), count, started.elapsed().as_secs_f64())
}

fn shown(first: Option<u64>, tried: u64, per_second: f64) -> String {
    let first = first.map_or(format!("none in {tried}"), |first| first.to_string());
    format!("{first} ({per_second:.0}/s)")
}
