//! A fixed number of worker threads squares many numbers, prints the results in order, and survives a job that panics.
//!
//! The tempting bug: `while let Some(job) = queue.lock().unwrap().next() { … }`. The guard of the lock lives until the
//! end of the loop's body, so each worker keeps the queue locked while it works, and only one works at a time.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use clap::builder::RangedU64ValueParser;

/// By default Linux gives a process room for about 16,000 threads; at that limit the standard library would abort it.
const MAX_WORKERS: usize = 10_000;

/// Squares the numbers 1 to N with a fixed pool of threads.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// How many threads run the jobs
    #[arg(long, value_name = "W", default_value_t = 5, value_parser = at_least_one())]
    workers: usize,
    /// How many numbers to square; 0 prints nothing
    #[arg(long, value_name = "N", default_value_t = 10)]
    jobs: u64,
    /// Let this job panic [default: none]
    #[arg(long, value_name = "J")]
    panic_on: Option<u64>,
    /// Say on standard error which worker starts and ends which job [default: off]
    #[arg(long)]
    verbose: bool,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_failed) => ExitCode::FAILURE,
        // Whoever read the results has seen enough.
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("thread-pool: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// What a job came to: its number, and its result unless it panicked.
type Outcome = (u64, Option<u128>);

/// Gives back how many jobs failed.
fn run(args: &Args) -> Result<u64> {
    ensure!(args.workers <= MAX_WORKERS, "{} workers: more than {MAX_WORKERS}", args.workers);
    run_jobs(args)
}

/// Runs all jobs on the workers and prints their outcomes in job order. Gives back how many jobs failed, or the first
/// error of [`report`] or of a worker that could not be started.
fn run_jobs(args: &Args) -> Result<u64> {
    // BEGIN SOLUTION
    use std::sync::{Mutex, mpsc};
    use std::thread;

    // All jobs are known from the start, so the queue need not store them: it is what is left of the range.
    let queue = Mutex::new(1..=args.jobs);
    // A closure of its own gives the guard back before the job is run; see the tempting bug.
    let next_job = || queue.lock().unwrap().next();
    let serve = &|worker, sender: mpsc::SyncSender<Outcome>| {
        while let Some(job) = next_job() {
            if sender.send((job, run_job(worker, job, args))).is_err() {
                break;
            }
        }
    };
    thread::scope(|scope| {
        // Bounded, so that the workers do not run far ahead of a slow reader. The receiver belongs to this closure:
        // when it returns early, a worker that still has an outcome learns that nobody wants it.
        let (sender, outcomes) = mpsc::sync_channel(args.workers);
        for worker in 0..args.workers {
            let sender = sender.clone();
            let work = move || serve(worker, sender);
            thread::Builder::new().spawn_scoped(scope, work).with_context(|| format!("worker {worker}"))?;
        }
        // The outcomes end when the last sender is gone, and this one is not a worker's.
        drop(sender);
        print_in_order(outcomes)
    })
    // END SOLUTION
}

/// Runs one job on this thread. A panic of the job ends here and gives `None`.
fn run_job(worker: usize, job: u64, args: &Args) -> Option<u128> {
    // BEGIN SOLUTION
    use std::panic;

    let note = |what: &str| {
        if args.verbose {
            complain(&format!("worker {worker} {what} job {job}"));
        }
    };
    note("starts");
    let result = panic::catch_unwind(|| square(job, args.panic_on));
    note("ends");
    result.ok()
    // END SOLUTION
}

/// Prints the outcomes in job order, each as soon as those before it are there. Gives back how many jobs failed.
fn print_in_order(outcomes: impl IntoIterator<Item = Outcome>) -> Result<u64> {
    // BEGIN SOLUTION
    use std::collections::BTreeMap;

    let (mut next, mut failed) = (1, 0);
    let mut early = BTreeMap::new();
    for (job, result) in outcomes {
        early.insert(job, result);
        while let Some(result) = early.remove(&next) {
            report((next, result))?;
            failed += u64::from(result.is_none());
            next += 1;
        }
    }
    Ok(failed)
    // END SOLUTION
}

/// The work of a job. It panics if the job is the one that was chosen for it.
fn square(job: u64, panic_on: Option<u64>) -> u128 {
    if Some(job) == panic_on {
        panic!("this job was told to panic");
    }
    u128::from(job).pow(2)
}

/// Writes the line of a job in one write, and complains if it failed. Unlike `println!`, it does not panic on a closed
/// output.
fn report((job, result): Outcome) -> Result<()> {
    let line = match result {
        Some(square) => format!("{job} squared is {square}\n"),
        None => format!("{job} failed\n"),
    };
    io::stdout().write_all(line.as_bytes()).context("standard output")?;
    if result.is_none() {
        complain(&format!("thread-pool: job {job}: panicked"));
    }
    Ok(())
}

/// Writes a line to standard error. Not `eprintln!`, which panics when standard error is closed.
fn complain(line: &str) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
