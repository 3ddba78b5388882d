//! Reader threads take numbers out of files, child processes of this program look which are prime, and bounded buffers
//! in between make the faster side wait for the slower.
//!
//! The tempting bug: to count the answers as they come and to take the end of a child's pipe for the end of its work. A
//! child that is killed ends its pipe, too, and the batch that it held is missing in a count that looks complete.

mod lines;
mod prime;
mod worker;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};
use clap::Parser;
use clap::builder::RangedU64ValueParser;
use crossbeam_channel::{Receiver, Sender};

use crate::lines::Lines;
use crate::worker::Tester;

/// More would help no machine, and could stop it.
const MAX_WORKERS: u64 = 1024;

/// So many numbers go to a worker at once. A batch fits a pipe, whoever reads it.
const BATCH: usize = 512;

/// Counts the primes among the integers of each FILE.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// How many threads read files at once, at most
    #[arg(long, value_name = "R", default_value_t = 4)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    readers: usize,
    /// How many child processes test numbers, at most 1024
    #[arg(long, value_name = "W", default_value_t = 2)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_WORKERS))]
    workers: usize,
    /// Let each worker die that meets this number [default: none]
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    crash_on: Option<i64>,
    /// Be a worker
    #[arg(long, hide = true)]
    worker: bool,
    /// Where the numbers are, one a line
    #[arg(value_name = "FILE", required_unless_present = "worker")]
    files: Vec<PathBuf>,
}

/// A file and what is known about its numbers.
struct Source {
    path: PathBuf,
    total: AtomicU64,
    primes: AtomicU64,
    /// Something was wrong with it.
    flawed: AtomicBool,
    /// It cannot be counted.
    lost: AtomicBool,
}

/// Some numbers of one file.
struct Batch<'a> {
    source: &'a Source,
    numbers: Vec<i64>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.worker {
        return worker::serve(args.crash_on);
    }
    match run(&args) {
        Ok(code) => code,
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let sources: Vec<Source> = args.files.iter().cloned().map(Source::new).collect();
    count_all(args, &sources)?;
    let mut code = ExitCode::SUCCESS;
    for source in sources {
        if source.flawed.into_inner() {
            code = ExitCode::FAILURE;
        }
        if !source.lost.into_inner() {
            let (primes, total) = (source.primes.into_inner(), source.total.into_inner());
            say(&format!("{}: {primes} of {total} are prime", source.path.display()))?;
        }
    }
    Ok(code)
}

/// Has every source read and every number of it tested. When it returns, no thread and no worker is left.
fn count_all(args: &Args, sources: &[Source]) -> Result<()> {
    // BEGIN SOLUTION
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    let testers =
        (0..args.workers).map(|number| Tester::start(args.crash_on).context(format!("worker {number}")));
    let testers: Vec<Tester> = testers.collect::<Result<_>>()?;
    // Each worker finds a batch waiting while it has another in hand; more would only take memory.
    let (batches, inbox) = crossbeam_channel::bounded(args.workers);
    let next = &AtomicUsize::new(0);
    thread::scope(|scope| {
        for (number, tester) in testers.into_iter().enumerate() {
            let (name, inbox) = (format!("tester {number}"), inbox.clone());
            let test = move || test_all(tester, inbox);
            thread::Builder::new().name(name.clone()).spawn_scoped(scope, test).context(name)?;
        }
        for number in 0..args.readers.min(sources.len()) {
            let (name, batches) = (format!("reader {number}"), batches.clone());
            let read = move || {
                while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    read(source, &batches);
                }
            };
            thread::Builder::new().name(name.clone()).spawn_scoped(scope, read).context(name)?;
        }
        // The testers wait for batches as long as there is a sender, and the scope waits for the testers.
        drop((batches, inbox));
        Ok(())
    })
    // END SOLUTION
}

/// Sends the numbers of a file on their way, in batches. What is wrong with a line concerns this line only.
fn read<'a>(source: &'a Source, batches: &Sender<Batch<'a>>) {
    // BEGIN SOLUTION
    let send = |numbers: Vec<i64>| {
        source.total.fetch_add(numbers.len() as u64, Ordering::Relaxed);
        // There is a receiver as long as there are testers, and these stay as long as there is a sender.
        let _ = batches.send(Batch { source, numbers });
    };
    let read = || -> io::Result<()> {
        let mut numbers = Vec::new();
        for line in Lines::open(&source.path)? {
            let line = line?;
            match line.value() {
                Some(value) => numbers.push(value),
                None => source.bad_line(line.number, &line.text),
            }
            if numbers.len() == BATCH {
                send(std::mem::take(&mut numbers));
            }
        }
        if !numbers.is_empty() {
            send(numbers);
        }
        Ok(())
    };
    if let Err(error) = read() {
        source.lose(&error.to_string());
    }
    // END SOLUTION
}

/// Passes batches to one worker after another's death, until no more can come.
fn test_all(mut tester: Tester, batches: Receiver<Batch>) {
    // BEGIN SOLUTION
    for Batch { source, numbers } in batches {
        if source.lost.load(Ordering::Relaxed) {
            continue;
        }
        match tester.count_primes(&numbers) {
            Some(count) => _ = source.primes.fetch_add(count, Ordering::Relaxed),
            None => source.lose("worker died"),
        }
    }
    // END SOLUTION
}

impl Source {
    fn new(path: PathBuf) -> Self {
        let (total, primes) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { path, total, primes, flawed: AtomicBool::new(false), lost: AtomicBool::new(false) }
    }

    fn bad_line(&self, number: u64, text: &str) {
        self.flawed.store(true, Ordering::Relaxed);
        complain(&format!("{}:{number}: not a number: {text}", self.path.display()));
    }

    /// Says so once, however many batches meet the same fate.
    fn lose(&self, reason: &str) {
        self.flawed.store(true, Ordering::Relaxed);
        if !self.lost.swap(true, Ordering::Relaxed) {
            complain(&format!("{}: {reason}", self.path.display()));
        }
    }
}

/// Writes a line in one write. Unlike `println!`, it does not panic on a closed output.
fn say(line: &str) -> Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

/// Where standard error is closed, the exit code still tells.
fn complain(reason: &str) {
    let _ = io::stderr().write_all(format!("pipeline: {reason}\n").as_bytes());
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
