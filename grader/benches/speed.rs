//! What a build, a run and a schedule cost, with the sandbox and without it: `cargo bench --package grader`.
//!
//! A process enters the sandbox once and for all, so each round of measurements is a process of its own: this program
//! again. Rounds with and without take turns, so that a machine that becomes slower does so for both; the medians are
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

const ROUNDS: usize = 5;
const BUILDS: u32 = 4;
const RUNS: u32 = 200;
const RUNS_OF_LINES: u32 = 5;
const SCHEDULES: u64 = 4000;
const EXPLORED: [&str; 3] = ["even-odd", "bank-account", "producer-consumer"];

/// Says to this program that it is to measure, and in which way.
const MODE: &str = "LOCKSTEP_BENCH";
const OPEN: &str = "--unsafe-no-sandbox";
const JAILED: &str = "sandbox";

#[derive(Parser)]
struct Sandbox {
    #[command(flatten)]
    args: SandboxArgs,
}

fn main() -> ExitCode {
    let outcome = match env::var(MODE) {
        Ok(mode) => measure(&mode),
        Err(_) => compare(),
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
    let explored = EXPLORED.map(|name| course.find(name).expect("an exercise of the course"));
    grader::cli::commands::enter(&workspace, &explored, &Sandbox::parse_from(args).args)?;
    println!("build of even-odd, ms\t{}", build(&workspace)? * 1e3);
    let program = program(&workspace)?;
    println!("run of even-odd, ms\t{}", run(&program, RUNS, "1", false)? * 1e3);
    println!("run with 10,000 lines, ms\t{}", run(&program, RUNS_OF_LINES, "10000", false)? * 1e3);
    println!("run with 10,000 lines, audited, ms\t{}", run(&program, RUNS_OF_LINES, "10000", true)? * 1e3);
    for exercise in explored {
        println!("schedules/s of {}, two cores\t{}", exercise.name, schedules(&workspace, exercise)?);
    }
    stay_on_one_core().map_err(|error| Error::usage(error.to_string()))?;
    for exercise in explored {
        println!("schedules/s of {}, one core\t{}", exercise.name, schedules(&workspace, exercise)?);
    }
    Ok(())
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

fn schedules(workspace: &Workspace, exercise: &Exercise) -> Result<f64, Error> {
    let source = Source::read(workspace, exercise.name, None)?;
    let options = Options { schedules: SCHEDULES, runs: Some(1), ..Options::default() };
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
            for (name, value) in figures(mode)? {
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

/// The figures of one round.
fn figures(mode: &str) -> Result<Vec<(String, f64)>, Error> {
    let this = env::current_exe().map_err(Error::file("this program"))?;
    let output = Command::new(this).env(MODE, mode).output().map_err(Error::file("this program"))?;
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
