//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use confine::sandbox::{Layer, Raised};
use exercises::random::parse_seed;
use report::Format;
use report::late::Moment;
use schedule::{MOST_STEPS, Schedule};

use crate::course::pull_request::ObjectId;

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
    /// Run any package's tests and programs under controlled schedules
    Explore(ExploreHereArgs),
    /// Run one case again and show what the program did
    Replay(ReplayArgs),
    /// List the exercises, their checks and points
    List(ListArgs),
    /// Build what grading needs, so that later calls need no network
    Prepare(PrepareArgs),
    /// Take away what was built for grading, and say what that frees; not while another call grades
    Clean(CleanArgs),
    /// Say what keeps programs from doing harm on this machine; each layer is tried
    Doctor,
    /// Test the grader: mutants fail for their check, variants pass, stubs are not implemented
    Selftest(SelftestArgs),
    /// Make a new exercise, complete and passing, for you to change
    New(NewArgs),
    /// Make the students' repository: the exercises without their solutions, and the grader
    Release(ReleaseArgs),
    /// Grade an exercise again whenever its source is saved
    Watch(WatchArgs),
    /// Give a hint for an exercise, and a further one each time
    Hint(HintArgs),
    /// Take the sources out of a pull request, as data
    #[command(hide = true)]
    TakePullRequest(TakePullRequestArgs),
    /// Turn a report into the comment on a pull request, after checking every part of it
    #[command(hide = true)]
    PullRequestComment(PullRequestCommentArgs),
    /// For teachers: grade a folder of submissions (the same as `cargo grade-all`)
    #[command(disable_help_flag = true)]
    Collect(CollectArgs),
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The exercises to grade [default: all]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
    /// Grade this in place of the crate's own source: a file for src/main.rs, a folder for src/
    #[arg(long, value_name = "PATH")]
    pub source: Option<PathBuf>,
    /// Everything drawn by chance comes from this number; `random` draws one
    #[arg(long, default_value_t = 0, value_parser = parse_seed)]
    pub seed: u64,
    /// How many schedules to explore an exercise with, over all its cases [default: 20000, or 2000 for cases in which the
    /// program talks to others]
    #[arg(long, value_name = "N")]
    pub schedules: Option<u64>,
    /// Explore all schedules with at most B preemptions instead of random ones, the fewest first
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(..=9))]
    pub preemptions: Option<u32>,
    /// Also write the result to a file in this form; may be given several times
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = ReportTarget::parse)]
    pub reports: Vec<ReportTarget>,
    /// When it was due, if not as rubric.toml says: 2026-03-01T23:59:00+01:00
    #[arg(long, value_name = "TIME", requires = "handed_in")]
    pub due: Option<Moment>,
    /// When it was handed in; takes off points for being late, as rubric.toml says
    #[arg(long, value_name = "TIME")]
    pub handed_in: Option<Moment>,
    /// Exercises that are not implemented yet do not make the exit code 1
    #[arg(long)]
    pub allow_stubs: bool,
    /// Show the checks that students see after the due date
    #[arg(long)]
    pub after_due: bool,
    /// Show all checks, also those that students never see
    #[arg(long)]
    pub teacher: bool,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Args, Debug)]
pub struct ExploreHereArgs {
    /// Explore programs, in place of tests
    #[arg(long)]
    pub run: bool,
    #[command(flatten)]
    pub explore: ExploreArgs,
}

#[derive(Args, Debug)]
pub struct ExploreArgs {
    /// Only tests with one of these words in their names [default: all]
    #[arg(value_name = "NAME")]
    pub filters: Vec<String>,
    /// The words are whole names of tests
    #[arg(long)]
    pub exact: bool,
    /// The package's manifest [default: that of this folder]
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// The tests of the library
    #[arg(long)]
    pub lib: bool,
    /// The tests of this target
    #[arg(long, value_name = "NAME")]
    pub test: Vec<String>,
    /// This program, or its tests
    #[arg(long, value_name = "NAME")]
    pub bin: Vec<String>,
    /// This example, or its tests
    #[arg(long, value_name = "NAME")]
    pub example: Vec<String>,
    /// This package of the workspace
    #[arg(short, long, value_name = "SPEC")]
    pub package: Vec<String>,
    /// All packages of the workspace
    #[arg(long)]
    pub workspace: bool,
    /// Features to build with, as cargo takes them
    #[arg(long, value_name = "FEATURES")]
    pub features: Vec<String>,
    /// Build with all features
    #[arg(long)]
    pub all_features: bool,
    /// Build without the default features
    #[arg(long)]
    pub no_default_features: bool,
    /// Build optimised
    #[arg(short, long)]
    pub release: bool,
    /// How many schedules to explore each test, or the program, with
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub schedules: u64,
    /// Explore each for at most so many seconds
    #[arg(long, value_name = "S")]
    pub seconds: Option<u64>,
    /// Everything drawn by chance comes from this number; `random` draws one
    #[arg(long, default_value_t = 0, value_parser = parse_seed)]
    pub seed: u64,
    /// Explore all schedules with at most B preemptions instead of random ones, the fewest first
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(..=9))]
    pub preemptions: Option<u32>,
    /// The most steps of a run [default: 40000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(4_000..=MOST_STEPS as i64))]
    pub steps: Option<u32>,
    /// Waits on conditions may end without a wake
    #[arg(long)]
    pub spurious: bool,
    /// Sleeps and time-outs may end early, as on a machine that holds other threads up
    #[arg(long)]
    pub eager: bool,
    /// A program's output must be the same in all schedules
    #[arg(long)]
    pub deterministic: bool,
    /// Run this schedule alone, as a report shows it
    #[arg(long)]
    pub schedule: Option<Schedule>,
    /// Keep the program from files, processes and networks that are not its own
    #[arg(long)]
    pub sandbox: bool,
    /// Another limit than the usual one: cpu, wall, build (seconds), memory, output, disk (MiB), processes
    #[arg(long, value_name = "NAME=NUMBER")]
    pub limit: Vec<Raised>,
    /// Also write the result to a file in this form; may be given several times
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = ReportTarget::parse)]
    pub reports: Vec<ReportTarget>,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Arguments of the program or the tests
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
}

/// One more report: its form and its file.
#[derive(Clone, Debug)]
pub struct ReportTarget {
    /// The form.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

impl ReportTarget {
    fn parse(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').ok_or("it is FORMAT=FILE, as in junit=report.xml")?;
        let unknown = |_| {
            let known: Vec<&str> = Format::value_variants().iter().map(|format| format.name()).collect();
            format!("no format is called `{format}`: there are {}", known.join(", "))
        };
        let format = Format::from_str(format, false).map_err(unknown)?;
        if path.is_empty() {
            return Err("the file has no name".into());
        }
        Ok(Self { format, path: path.into() })
    }
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
    /// List the sentences of the contracts instead: which check and case tries each, which mutant breaks it
    #[arg(long)]
    pub sentences: bool,
    /// The form of the list
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub format: ListFormat,
    /// Write the list to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The exercises to list [default: all]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
}

/// The forms of a list of exercises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Args, Debug)]
pub struct SelftestArgs {
    /// Only the variants, which must all pass
    #[arg(long)]
    pub variants: bool,
    /// Explore each program with N schedules in all, also where a grade takes fewer [default: as a grade]
    #[arg(long, value_name = "N")]
    pub schedules: Option<u64>,
    /// Loads may return old values in all cases, as memory orders allow, and not in those alone that are about that
    #[arg(long)]
    pub stale_loads: bool,
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
pub struct NewArgs {
    /// Its name: that of the crate, with a-z, 0-9 and -
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A library, judged by tests, in place of a program, judged by cases
    #[arg(long)]
    pub lib: bool,
}

#[derive(Args, Debug)]
pub struct ReleaseArgs {
    /// Where it is written: a folder that is not there yet, or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The exercises to watch, graded at once as well [default: all, graded when saved]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
    /// Everything drawn by chance comes from this number
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many schedules to explore an exercise with, over all its cases [default: 20000, or 2000 for cases in which the
    /// program talks to others]
    #[arg(long, value_name = "N")]
    pub schedules: Option<u64>,
    #[command(flatten)]
    pub sandbox: SandboxArgs,
}

#[derive(Args, Debug)]
pub struct PrepareArgs {
    /// The exercises to make ready for [default: all]
    #[arg(value_name = "EXERCISE")]
    pub exercises: Vec<String>,
}

#[derive(Args, Debug)]
pub struct CleanArgs {
    /// Only the programs that were graded; what they are built with stays
    #[arg(long)]
    pub programs: bool,
    /// Take nothing away, only say what would be freed
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args, Debug)]
pub struct HintArgs {
    /// The exercise
    pub exercise: String,
    /// All hints at once
    #[arg(long)]
    pub all: bool,
    /// Forget which hints were shown; the next one is the first again
    #[arg(long, conflicts_with = "all")]
    pub reset: bool,
}

#[derive(Args, Debug)]
pub struct TakePullRequestArgs {
    /// The repository that the pull request was made to: a URL or a folder
    #[arg(long, value_name = "URL")]
    pub repository: String,
    /// The number of the pull request
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub number: u64,
    /// The commit that the event named as its head: nothing else is taken
    #[arg(long, value_name = "SHA")]
    pub head: ObjectId,
    /// Where crates/*/src is written: a folder that is not there yet, or empty
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write the manifests and the like that were changed and not taken to this file, a line each
    #[arg(long, value_name = "FILE")]
    pub not_taken: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct PullRequestCommentArgs {
    /// The report, in its JSON form
    #[arg(long, value_name = "FILE")]
    pub report: PathBuf,
    /// The commit that it is about
    #[arg(long, value_name = "SHA")]
    pub head: ObjectId,
    /// What `take-pull-request --not-taken` wrote
    #[arg(long, value_name = "FILE")]
    pub not_taken: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct CollectArgs {
    /// What `cargo gradebook collect` takes: see `cargo grade collect --help`
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
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
