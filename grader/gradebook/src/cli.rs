//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use grader::cli::SandboxArgs;
use grader::grade::SCHEDULES;
use grader::late::Moment;

use crate::export::Format;
use crate::partition::Partition;
use crate::policy::Policy;

/// Grades the submissions of a class, and keeps every attempt in a gradebook.
#[derive(Debug, Parser)]
#[command(name = "cargo gradebook", bin_name = "cargo gradebook", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Grade a folder of submissions; what was graded before and has not changed is skipped
    Collect(CollectArgs),
    /// Write points as CSV, for other gradebooks
    Export(ExportArgs),
    /// Put gradebooks together
    Merge(MergeArgs),
    /// Show every attempt of a student
    Show(ShowArgs),
    /// Write the overview of a class
    Overview(OverviewArgs),
}

#[derive(Args, Debug)]
pub struct CollectArgs {
    /// Folders with a folder, a zip archive or a .rs file for each student
    #[arg(value_name = "FOLDER", required = true)]
    pub folders: Vec<PathBuf>,
    /// Grade this exercise; can be given again [default: all that somebody handed in]
    #[arg(long = "exercise", value_name = "EXERCISE")]
    pub exercises: Vec<String>,
    /// Submissions graded at once [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
    /// Grade one part of the class: slice:K/N (equal parts) or hash:K/N (a student stays in a part)
    #[arg(long, value_name = "PART")]
    pub partition: Option<Partition>,
    /// How many schedules to explore an exercise with, over all its cases
    #[arg(long, value_name = "N", default_value_t = SCHEDULES)]
    pub schedules: u64,
    /// Everything drawn by chance comes from this number [default: that of the gradebook; for a new one it is drawn]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Write a page for each student into this folder
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// When it was due, in place of what `[late]` in rubric.toml says, as 2026-03-01T23:59:00+01:00
    #[arg(long, value_name = "TIME")]
    pub due: Option<Moment>,
    /// When each submission came: CSV with the columns folder and submitted_at [default: its newest file's time]
    #[arg(long, value_name = "FILE")]
    pub handed_in: Option<PathBuf>,
    /// Grade again what has not changed, too
    #[arg(long)]
    pub again: bool,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub book: BookArgs,
}

#[derive(Args, Debug)]
pub struct BookArgs {
    /// The gradebook
    #[arg(long = "gradebook", value_name = "FILE", default_value = "gradebook.sqlite")]
    pub path: PathBuf,
}

#[derive(Args, Debug)]
pub struct PolicyArgs {
    /// Which attempt of a student counts
    #[arg(long, value_enum, default_value_t = Policy::Best)]
    pub policy: Policy,
}

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The form
    #[arg(long, value_enum)]
    pub format: Format,
    /// Write it to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only this exercise; can be given again [default: all in the gradebook]
    #[arg(long = "exercise", value_name = "EXERCISE")]
    pub exercises: Vec<String>,
    /// Who the students are: CSV with the columns folder and, as far as known, id, last_name, first_name,
    /// email, sis_id, login, section
    #[arg(long, value_name = "FILE")]
    pub roster: Option<PathBuf>,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub book: BookArgs,
}

#[derive(Args, Debug)]
pub struct MergeArgs {
    /// The gradebook to add to; it is made where there is none
    #[arg(value_name = "OUT")]
    pub into: PathBuf,
    /// The gradebooks whose attempts are added
    #[arg(value_name = "IN", required = true)]
    pub from: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    /// The student, by the name of the submission
    #[arg(value_name = "STUDENT")]
    pub student: String,
    #[command(flatten)]
    pub book: BookArgs,
}

#[derive(Args, Debug)]
pub struct OverviewArgs {
    /// The page to write
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub book: BookArgs,
}
