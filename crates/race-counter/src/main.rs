//! Several threads add 1 to one counter, again and again, in three ways: one that loses additions, and two that do not.
//!
//! The tempting bug: to believe that an atomic type, or a mutex around each access, makes `counter = counter + 1`
//! safe. Between the read and the write another thread can do the same, and one of the two additions is lost.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::builder::RangedU64ValueParser;
use clap::{Parser, ValueEnum};

/// By default Linux gives a process room for about 16,000 threads; at that limit the standard library would abort it.
const MAX_THREADS: usize = 10_000;

/// Adds 1 to one counter with several threads, and counts the additions that get lost.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// How many threads add to the counter
    #[arg(long, value_name = "T", default_value_t = 2, value_parser = at_least_one())]
    threads: usize,
    /// How often each thread adds 1
    #[arg(long, value_name = "K", default_value_t = 100_000)]
    increments: u64,
    /// How the threads share the counter
    #[arg(long, value_enum, default_value_t = Choice::All)]
    mode: Choice,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Choice {
    /// Read, then write: additions can get lost
    Unsynchronized,
    /// A lock around each addition
    Mutex,
    /// An addition that cannot be divided
    Atomic,
    /// All of these, one after the other
    All,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the lines has seen enough.
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when standard error is closed as well.
            let _ = writeln!(io::stderr(), "race-counter: {error:#}");
            ExitCode::FAILURE
        }
    }
}

type Count = fn(&Args) -> Result<u64>;

const MODES: [(Choice, &str, Count); 3] = [
    (Choice::Unsynchronized, "unsynchronized", count_unsynchronized),
    (Choice::Mutex, "mutex", count_with_mutex),
    (Choice::Atomic, "atomic", count_with_atomic),
];

fn run(args: &Args) -> Result<()> {
    ensure!(args.threads <= MAX_THREADS, "{} threads: more than {MAX_THREADS}", args.threads);
    for (mode, name, count) in MODES {
        if [mode, Choice::All].contains(&args.mode) {
            let counted = count(args)?;
            say(&Outcome {
                mode: name,
                expected: args.threads as u128 * u128::from(args.increments),
                counted,
            })?;
        }
    }
    Ok(())
}

/// Adds 1 with a read and a write of the shared counter, two steps that other threads can come between. Gives back
/// the counter at the end.
fn count_unsynchronized(args: &Args) -> Result<u64> {
    // BEGIN SOLUTION
    use std::sync::atomic::{AtomicU64, Ordering};

    // Safe Rust has no other way to let threads write to one number without a lock. Each of the two steps is
    // atomic; the addition that they make up together is not.
    let counter = AtomicU64::new(0);
    in_threads(args, || {
        let seen = counter.load(Ordering::Relaxed);
        counter.store(seen + 1, Ordering::Relaxed);
    })?;
    Ok(counter.into_inner())
    // END SOLUTION
}

/// Adds 1 under a mutex. Gives back the counter at the end.
fn count_with_mutex(args: &Args) -> Result<u64> {
    // BEGIN SOLUTION
    use std::sync::Mutex;

    let counter = Mutex::new(0);
    // The guard lives until the end of the statement, so read and write are done under the same lock.
    in_threads(args, || *counter.lock().unwrap() += 1)?;
    Ok(counter.into_inner().unwrap())
    // END SOLUTION
}

/// Adds 1 with one atomic operation. Gives back the counter at the end.
fn count_with_atomic(args: &Args) -> Result<u64> {
    // BEGIN SOLUTION
    use std::sync::atomic::{AtomicU64, Ordering};

    let counter = AtomicU64::new(0);
    // `Relaxed` is enough: the number guards nothing else, and the threads are joined before it is read.
    in_threads(args, || {
        counter.fetch_add(1, Ordering::Relaxed);
    })?;
    Ok(counter.into_inner())
    // END SOLUTION
}

/// Starts the threads, lets each call `add_one` as often as asked for, and waits for all of them. If the system refuses
/// a thread, those before it still do their work.
fn in_threads(args: &Args, add_one: impl Fn() + Sync) -> Result<()> {
    let add_often = || (0..args.increments).for_each(|_| add_one());
    thread::scope(|scope| {
        for number in 0..args.threads {
            thread::Builder::new()
                .spawn_scoped(scope, add_often)
                .with_context(|| format!("thread {number}"))?;
        }
        Ok(())
    })
}

/// What a mode came to; its text is the line to be printed.
struct Outcome {
    mode: &'static str,
    /// Wider than the counter: the product of the two options need not fit into it.
    expected: u128,
    counted: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, line: &mut fmt::Formatter) -> fmt::Result {
        let Outcome { mode, expected, counted } = self;
        // Signed, for a wrong solution may count too much.
        let lost = expected.cast_signed() - i128::from(*counted);
        write!(line, "{mode} expected {expected} counted {counted} lost {lost}")
    }
}

/// Writes a line in one write. Unlike `println!`, it does not panic on a closed output.
fn say(line: &impl fmt::Display) -> Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
