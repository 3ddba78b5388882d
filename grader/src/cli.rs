//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use schedule::Schedule;

use crate::grade::SCHEDULES;
use crate::report::Format;
use crate::sandbox::{Layer, Raised};

/// Grades concurrent programs under stress and under controlled thread schedules.
///
/// Without a command it is `check`: grade every exercise, or those that are named.
#[derive(Debug, Parser)]
#[command(name = "cargo grade", bin_name = "cargo grade", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub check: CheckArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Grade exercises (the default command)
    Check(CheckArgs),
    /// Run one case again and show what the program did
    Replay(ReplayArgs),
    /// List the exercises, their checks and points
    List(ListArgs),
    /// Test the grader: mutants fail for their check, variants pass, stubs are not implemented
    Selftest(SelftestArgs),
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The exercises to grade [default: all]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
    /// Grade this in place of the crate's own source: a file for src/main.rs, a folder for src/
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
    /// Everything drawn by chance comes from this number
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many schedules to explore an exercise with, over all its cases
    #[arg(long, value_name = "N", default_value_t = SCHEDULES)]
    pub schedules: u64,
    /// Explore all schedules with at most B preemptions instead of random ones, the fewest first
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(..=9))]
    pub preemptions: Option<u32>,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The exercise
    pub exercise: String,
    /// The case, as a report names it
    #[arg(long)]
    pub case: String,
    /// Who takes each step, as a report shows it: T1×12 T0×3 (x for × will do)
    #[arg(long)]
    pub schedule: Option<Schedule>,
    /// Run the schedule so often; the report says how many of the runs were distinct
    #[arg(long, value_name = "N", default_value_t = 1, requires = "schedule", value_parser = clap::value_parser!(u64).range(1..))]
    pub times: u64,
    /// Run this in place of the crate's own source: a file for src/main.rs, a folder for src/
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
    /// The seed of the report
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct SelftestArgs {
    /// Only the variants, which must all pass
    #[arg(long)]
    pub variants: bool,
    /// How many schedules to explore each program with
    #[arg(long, value_name = "N", default_value_t = SCHEDULES)]
    pub schedules: u64,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    /// The exercises to test [default: all]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
}

/// How programs are kept from doing harm.
#[derive(Args, Clone, Debug)]
pub struct SandboxArgs {
    /// Refuse to grade where the sandbox is weaker than `strong`
    #[arg(long, conflicts_with = "unsafe_no_sandbox")]
    pub official: bool,
    /// Run programs without a sandbox: they can do what you can
    #[arg(long)]
    pub unsafe_no_sandbox: bool,
    /// Another limit than the usual one: cpu, wall, build (seconds), memory, output, disk (MiB), processes
    #[arg(long, value_name = "NAME=NUMBER")]
    pub limit: Vec<Raised>,
    /// Leave a layer of the sandbox out, to test that the others hold alone
    #[arg(long, value_name = "LAYER", value_enum, hide = true, conflicts_with = "official")]
    pub without: Vec<Layer>,
}

#[derive(Args, Debug)]
pub struct OutputArgs {
    /// The form of the result
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Write the result to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}
