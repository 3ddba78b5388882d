//! Primes up to some limits, the work shared over child processes of this program or over the threads of a pool.
//! Tempting bug: to add up what a worker writes until its pipe ends. A worker that is killed ends its pipe, too,
//! and the count comes out smaller with nobody told.

mod plan;
mod processes;
mod sieve;
mod threads;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::builder::TypedValueParser as _;
use clap::{Parser, ValueEnum};

use crate::plan::{BELOW_WHEEL, Plan, Tally};
use crate::processes::Processes;
use crate::sieve::Segment;
use crate::threads::Threads;

const MAX_LIMIT: u64 = 1_000_000_000_000;

/// More would help no machine, and could stop it.
const MAX_WORKERS: i64 = 1024;

/// Counts or lists the primes up to each LIMIT, with the work shared over workers.
#[derive(Parser)]
struct Args {
    /// How many workers share the work, at most 1024; by default as many as the machine has cores
    #[arg(long, value_name = "W", default_value_t = cores())]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=MAX_WORKERS).map(usize::from))]
    workers: usize,

    /// What the workers are: child processes of this program, or threads of a rayon pool
    #[arg(long, value_enum, default_value_t = Mode::Processes)]
    mode: Mode,

    /// Print the primes, one a line, and not their count
    #[arg(long)]
    list: bool,

    /// Be worker K of a parent in mode `processes`
    #[arg(long, value_name = "K", hide = true)]
    worker: Option<usize>,

    /// Up to which numbers, at most 1000000000000 each
    #[arg(value_name = "LIMIT", default_values_t = [10_000, 20_000, 30_000])]
    #[arg(value_parser = clap::value_parser!(u64).range(..=MAX_LIMIT))]
    limits: Vec<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Threads,
    Processes,
}

/// A way to share the pieces of a plan over workers.
trait Crew {
    fn tally(&mut self, plan: &Plan) -> Result<Tally, Failure>;

    /// Has all pieces printed in ascending order, with few of them in memory.
    fn list(&mut self, plan: &Plan, print: Print) -> Result<(), Failure>;

    /// Once after the last plan, to hear whether the workers ended well.
    fn finish(&mut self) -> Result<(), Failure>;
}

type Print<'a> = &'a mut dyn FnMut(&Segment) -> Result<(), Failure>;

enum Failure {
    Output(io::Error),
    Threads(String),
    Worker { number: usize, reason: String },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match args.worker {
        Some(number) => processes::work(number, &args).map_err(Failure::Output),
        None => run(&args),
    };
    let (subject, reason) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Failure::Output(error)) => ("standard output".to_owned(), error.to_string()),
        Err(Failure::Threads(reason)) => ("threads".to_owned(), reason),
        Err(Failure::Worker { number, reason }) => (format!("worker {number}"), reason),
    };
    // Where standard error is closed, the exit code still tells.
    let _ = writeln!(io::stderr(), "primes: {subject}: {reason}");
    ExitCode::FAILURE
}

fn run(args: &Args) -> Result<(), Failure> {
    let mut crew: Box<dyn Crew> = match args.mode {
        Mode::Threads => Box::new(Threads::start(args)?),
        Mode::Processes => Box::new(Processes::start(args)?),
    };
    for plan in args.plans() {
        if args.list {
            print_primes(BELOW_WHEEL.into_iter().filter(|&p| p <= plan.limit))?;
            crew.list(&plan, &mut |segment| print_primes(segment.primes()))?;
        } else {
            let tally = Tally::below_wheel(plan.limit).merge(crew.tally(&plan)?);
            print_line(&summary(plan.limit, tally))?;
        }
    }
    crew.finish()
}

impl Args {
    fn plans(&self) -> impl Iterator<Item = Plan> {
        self.limits.iter().map(|&limit| Plan::new(limit, self.workers))
    }

    fn largest_limit(&self) -> u64 {
        self.limits.iter().copied().max().unwrap_or(0)
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from).min(MAX_WORKERS as usize)
}

fn summary(limit: u64, Tally { count, largest }: Tally) -> String {
    if count == 0 {
        return format!("{limit}: 0 primes\n");
    }
    format!("{limit}: {count} primes, largest {largest}\n")
}

fn print_primes(primes: impl Iterator<Item = u64>) -> Result<(), Failure> {
    let mut line = String::new();
    for prime in primes {
        line.clear();
        writeln!(line, "{prime}").expect("a string takes every line");
        print_line(&line)?;
    }
    Ok(())
}

/// One write call for the whole line, newline included; unlike `println!` it does not panic where nobody reads.
fn print_line(line: &str) -> Result<(), Failure> {
    io::stdout().write_all(line.as_bytes()).map_err(Failure::Output)
}
