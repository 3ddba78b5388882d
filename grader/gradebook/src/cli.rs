//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use grader::cli::args::SandboxArgs;
use report::late::Moment;

use crate::error::Error;
use crate::export::Format;
use crate::export::dialect::{Decimal, Separator};
use crate::partition::Partition;
use crate::policy::Policy;
use crate::when::Zone;

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
    /// How many schedules to explore an exercise with, over all its cases [default: 20000, or 2000 for cases in which the
    /// program talks to others]
    #[arg(long, value_name = "N")]
    pub schedules: Option<u64>,
    /// Everything drawn by chance comes from this number [default: that of the gradebook; for a new one it is drawn]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Write a page for each student into this folder
    #[arg(long, value_name = "FOLDER")]
    pub reports: Option<PathBuf>,
    /// When each submission came: CSV with the columns folder and submitted_at [default: its newest file's time]
    #[arg(long, value_name = "FILE")]
    pub handed_in: Option<PathBuf>,
    #[command(flatten)]
    pub due: DueArgs,
    /// Take names of folders and files as they are, also where they look like those that Moodle or Canvas give
    #[arg(long)]
    pub plain_names: bool,
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
pub struct DueArgs {
    /// When it was due, in place of what `[late]` in rubric.toml says: 2026-03-01T23:59:00+01:00, or 2026-03-01 23:59
    #[arg(long, value_name = "TIME")]
    pub due: Option<String>,
    /// Where times without an offset are those of the clocks on the wall, as Europe/Berlin [default: as this machine's]
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<Zone>,
}

impl DueArgs {
    /// The place of times.
    pub fn zone(&self) -> Zone {
        self.time_zone.clone().unwrap_or_else(Zone::of_system)
    }

    /// When it was due. That it depends on the place is said.
    ///
    /// # Errors
    /// When it is no time.
    pub fn due(&self) -> Result<Option<Moment>, Error> {
        let Some(text) = &self.due else { return Ok(None) };
        let zone = self.zone();
        let (due, is_of_place) =
            zone.moment(text).map_err(|reason| Error::usage(format!("--due: {reason}")))?;
        if is_of_place {
            eprintln!("--due: taken as {due}, a time of {zone} (--time-zone ZONE)");
        }
        Ok(Some(due))
    }
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
    pub spreadsheet: SpreadsheetArgs,
    #[command(flatten)]
    pub due: DueArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub book: BookArgs,
}

/// For files that people open in a spreadsheet: the formats csv and nbgrader. What Moodle and Canvas import is as they
/// want it.
#[derive(Args, Clone, Copy, Debug)]
pub struct SpreadsheetArgs {
    /// What is between two cells (csv, nbgrader) [default: comma; semicolon with a decimal comma]
    #[arg(long, value_enum)]
    pub separator: Option<Separator>,
    /// What is before the fraction of a number (csv, nbgrader): a spreadsheet in German or French wants a comma
    #[arg(long, value_enum)]
    pub decimal: Option<Decimal>,
    /// Begin with the mark by which Excel knows UTF-8 (csv, nbgrader)
    #[arg(long)]
    pub bom: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo grade collect --help` and `cargo grade-all --help` print it without the gradebook.
    #[test]
    fn the_grader_knows_the_help_by_heart() {
        let help = Cli::try_parse_from(["cargo gradebook", "collect", "--help"]).unwrap_err().to_string();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../src/cli/commands/collect-help.txt");
        if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
            std::fs::write(path, &help).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), help, "INSTA_UPDATE=always writes it anew");
    }
}
