//! What a build and a run cost, with the sandbox and without it, and how many schedules a second are made in each way
//! (`LOCKSTEP_RUNS`): `cargo bench --package grader --bench speed`, which takes a quarter of an hour.
//!
//! A process enters the sandbox once and for all, so each round of measurements is a process of its own: this program
//! again. Rounds of different kinds take turns, so that a machine that becomes slower does so for all; the medians are
//! printed.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Parser;
use confine::run::{Invocation, keeper};
use engine::compile::{self, Build};
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};
use grader::cli::args::SandboxArgs;
use grader::error::Error;
use grader::grade::progress::Progress;
use grader::grade::{self, Options};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use schedule::protocol::RUNS_VARIABLE;

const ROUNDS: usize = 5;
const ROUNDS_OF_SCHEDULES: usize = 3;
const BUILDS: u32 = 4;
const RUNS: u32 = 200;
const RUNS_OF_LINES: u32 = 5;
/// Exercises, and with how many schedules each is explored.
const EXPLORED: [(&str, u64); 12] = [
    ("even-odd", 4000),
    ("bank-account", 4000),
    ("producer-consumer", 4000),
    ("race-counter", 4000),
    ("hello-threads", 4000),
    ("thread-pool", 2000),
    ("file-reader", 4000),
    ("primes", 1400),
    ("message-queue", 400),
    ("pipeline", 100),
    ("chat-server", 400),
    ("downloader", 100),
];
/// As the case allows, in a process each, and so with kernel threads.
const WAYS: [Option<&str>; 3] = [None, Some("fork"), Some("threads")];

/// Says to this program that it is to measure, and in which way.
const MODE: &str = "LOCKSTEP_BENCH";
const OPEN: &str = "--unsafe-no-sandbox";
const JAILED: &str = "sandbox";
const EXPLORES: &str = "schedules";

#[derive(Parser)]
struct Sandbox {
    #[command(flatten)]
    args: SandboxArgs,
}

fn main() -> ExitCode {
    let outcome = match env::var(MODE) {
        Ok(mode) => measure(&mode),
        Err(_) => compare().and_then(|()| compare_ways()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line `NAME<tab>NUMBER` for each figure.
fn measure(mode: &str) -> Result<(), Error> {
    keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
    let workspace = Workspace::find()?;
    let args = ["bench"].into_iter().chain((mode == OPEN).then_some(OPEN));
    let course = Course::of(&workspace)?;
    let explored = EXPLORED.map(|(name, _)| course.find(name).expect("an exercise of the course"));
    grader::cli::commands::enter(&workspace, &explored, &Sandbox::parse_from(args).args)?;
    if mode == EXPLORES {
        return measure_schedules(&workspace, &explored);
    }
    println!("build of even-odd, ms\t{}", build(&workspace)? * 1e3);
    let program = program(&workspace)?;
    println!("run of even-odd, ms\t{}", run(&program, RUNS, "1", false)? * 1e3);
    println!("run with 10,000 lines, ms\t{}", run(&program, RUNS_OF_LINES, "10000", false)? * 1e3);
    println!("run with 10,000 lines, audited, ms\t{}", run(&program, RUNS_OF_LINES, "10000", true)? * 1e3);
    Ok(())
}

/// Schedules a second of each exercise, on all processors and then on one.
fn measure_schedules(workspace: &Workspace, explored: &[&Exercise]) -> Result<(), Error> {
    let measure = |processors: &str| {
        for (exercise, (name, count)) in explored.iter().zip(EXPLORED) {
            println!("{name}, {processors}\t{}", schedules(workspace, exercise, count)?);
        }
        Ok::<(), Error>(())
    };
    measure("all processors")?;
    stay_on_one_core().map_err(|error| Error::usage(error.to_string()))?;
    measure("one processor")
}

/// Seconds of one build. Each source has a comment of its own, so that none is found ready.
fn build(workspace: &Workspace) -> Result<f64, Error> {
    let mut source = Source::read(workspace, "even-odd", None)?;
    let mut seconds = 0.0;
    for number in 0..BUILDS {
        let comment = format!("// {} {number}\n", std::process::id());
        source.files.get_mut(Path::new("main.rs")).expect("a program").extend(comment.bytes());
        let started = Instant::now();
        let built = compile::build(workspace, "even-odd", &source, &drop)?;
        seconds += started.elapsed().as_secs_f64();
        if let Build::Ready(program) = built {
            fs::remove_file(&program.path).map_err(Error::file(&program.path))?;
        }
    }
    Ok(seconds / f64::from(BUILDS))
}

fn program(workspace: &Workspace) -> Result<PathBuf, Error> {
    let source = Source::read(workspace, "even-odd", None)?;
    match compile::build(workspace, "even-odd", &source, &drop)? {
        Build::Ready(program) => Ok(program.path),
        _ => Err(Error::usage("even-odd does not compile")),
    }
}

/// Seconds of one of `runs` runs that print so many lines.
fn run(program: &Path, runs: u32, lines: &str, is_audited: bool) -> Result<f64, Error> {
    let folder = confine::sandbox::folder(1 << 20).map_err(Error::file("a folder"))?;
    let started = Instant::now();
    for _ in 0..runs {
        let call = Invocation::new(program, folder.path()).args(["--max", lines]);
        if is_audited { call.audited() } else { call }.run()?;
    }
    Ok(started.elapsed().as_secs_f64() / f64::from(runs))
}

fn schedules(workspace: &Workspace, exercise: &Exercise, schedules: u64) -> Result<f64, Error> {
    let source = Source::read(workspace, exercise.name, None)?;
    let options = Options { schedules: Some(schedules), runs: Some(1), ..Options::default() };
    let report = grade::grade(workspace, exercise, &source, &options, &Progress::hidden())?;
    Ok(report.explored.per_second)
}

fn stay_on_one_core() -> rustix::io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let mut first = CpuSet::new();
    (0..CpuSet::MAX_CPU).find(|&core| allowed.is_set(core)).into_iter().for_each(|core| first.set(core));
    sched_setaffinity(None, &first)
}

fn compare() -> Result<(), Error> {
    let mut found: BTreeMap<String, [Vec<f64>; 2]> = BTreeMap::new();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        for (column, mode) in [OPEN, JAILED].into_iter().enumerate() {
            for (name, value) in figures(mode, None)? {
                found.entry(name).or_default()[column].push(value);
            }
        }
    }
    println!("{:44} {:>9} {:>9} {:>7}", "", "without", "with", "ratio");
    for (name, [without, with]) in found {
        let (without, with) = (median(without), median(with));
        println!("{name:44} {without:9.1} {with:9.1} {:7.2}", with / without);
    }
    Ok(())
}

fn compare_ways() -> Result<(), Error> {
    let mut found: BTreeMap<String, [Vec<f64>; 3]> = BTreeMap::new();
    for round in 0..ROUNDS_OF_SCHEDULES {
        eprintln!("round {} of {ROUNDS_OF_SCHEDULES}, schedules", round + 1);
        for (column, way) in WAYS.into_iter().enumerate() {
            for (name, value) in figures(EXPLORES, way)? {
                found.entry(name).or_default()[column].push(value);
            }
        }
    }
    println!(
        "{:36} {:>8} {:>8} {:>8} {:>9} {:>9}",
        "schedules a second", "default", "fork", "threads", "/ fork", "/ threads"
    );
    for (name, values) in found {
        let [usual, fork, threads] = values.map(median);
        println!(
            "{name:36} {usual:8.0} {fork:8.0} {threads:8.0} {:9.1} {:9.1}",
            usual / fork,
            usual / threads
        );
    }
    Ok(())
}

/// The figures of one round, with runs made in one of the [`WAYS`].
fn figures(mode: &str, way: Option<&str>) -> Result<Vec<(String, f64)>, Error> {
    let this = env::current_exe().map_err(Error::file("this program"))?;
    let mut command = Command::new(this);
    command.env(MODE, mode);
    way.into_iter().for_each(|way| _ = command.env(RUNS_VARIABLE, way));
    let output = command.output().map_err(Error::file("this program"))?;
    if !output.status.success() {
        return Err(Error::usage(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let figure = |line: &str| {
        let (name, value) = line.split_once('\t')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    Ok(text.lines().filter_map(figure).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
