//! Counts the lines, words and bytes of files, as `wc` does, with a pool of threads that read.
//!
//! The tempting bug: to print, or to push into a common list, where a file is done. Files are done in any order; a place
//! for each outcome, known before the work starts, keeps the order of the arguments without anybody waiting for anybody.

mod counts;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use clap::builder::RangedU64ValueParser;

use crate::counts::Counts;

/// Counts the lines, words and bytes of each FILE.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// How many threads read files at once, at most
    #[arg(long, value_name = "W", default_value_t = 4)]
    #[arg(value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    workers: usize,
    /// What is counted
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    let mut total = Counts::default();
    let mut code = ExitCode::SUCCESS;
    for (file, outcome) in args.files.iter().zip(count_all(&args.files, args.workers)?) {
        match outcome {
            Ok(counts) => {
                total = total.plus(counts);
                say(&format!("{counts} {}", file.display()))?;
            }
            Err(error) => {
                complain(&format!("{}: {error}", file.display()));
                code = ExitCode::FAILURE;
            }
        }
    }
    if args.files.len() > 1 {
        say(&format!("{total} total"))?;
    }
    Ok(code)
}

/// Counts the files on a pool of at most `workers` threads. The outcomes are in the order of the files.
fn count_all(files: &[PathBuf], workers: usize) -> Result<Vec<io::Result<Counts>>> {
    // BEGIN SOLUTION
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    let next = AtomicUsize::new(0);
    let places: Vec<OnceLock<_>> = files.iter().map(|_| OnceLock::new()).collect();
    // Each number is drawn once, so each file is counted once, by whoever is free first.
    let work = || {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(file) = files.get(index)
        {
            places[index].get_or_init(|| Counts::of(file));
        }
    };
    thread::scope(|scope| {
        for number in 0..workers.min(files.len()) {
            let name = format!("worker {number}");
            thread::Builder::new().name(name.clone()).spawn_scoped(scope, work).context(name)?;
        }
        anyhow::Ok(())
    })?;
    Ok(places.into_iter().filter_map(OnceLock::into_inner).collect())
    // END SOLUTION
}

/// Writes a line in one write. Unlike `println!`, it does not panic on a closed output.
fn say(line: &str) -> Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

/// Where standard error is closed, the exit code still tells.
fn complain(reason: &str) {
    let _ = writeln!(io::stderr(), "file-reader: {reason}");
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
