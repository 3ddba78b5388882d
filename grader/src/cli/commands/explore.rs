//! `cargo grade explore`: any package's tests and programs under controlled schedules.

use std::time::Duration;

use confine::sandbox::{self, Demand};
use engine::compile::{self, Build, Executable, Selection};
use engine::program::Program;
use engine::workspace::Workspace;
use report::{Audience, ExerciseReport, Report};
use schedule::search::portfolio::Chances;

use crate::cli::args::ExploreArgs;
use crate::cli::reports;
use crate::error::{Error, exit_code};
use crate::explore::{self, Options};
use crate::grade::progress::Progress;

/// How the user has called it.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// The words before all arguments.
    pub name: &'static str,
    /// Whether tests are explored, or programs.
    pub tests: bool,
}

pub(super) fn run(args: &ExploreArgs) -> Result<u8, Error> {
    let tests = args.bin.is_empty() && args.example.is_empty();
    explore_in(&Workspace::find()?, args, &Called { name: "cargo grade explore", tests })
}

/// Explores what the arguments select. `workspace` has what controls programs.
///
/// # Errors
/// When nothing is selected, or the work cannot be done.
pub fn explore_in(workspace: &Workspace, args: &ExploreArgs, called: &Called) -> Result<u8, Error> {
    let outputs = reports::open(&args.output, &args.reports)?;
    sandbox::raise(&args.limit);
    sandbox::enter(if args.sandbox { Demand::Some } else { Demand::Nothing }, &[])?;
    let progress = Progress::on_terminal();
    let reports = explored(workspace, args, called, &progress)?;
    drop(progress);
    if reports.is_empty() {
        return Err(Error::NothingToExplore);
    }
    let report = Report::new(args.seed, reports).of_targets();
    reports::write(outputs, &report, Audience::Teacher)?;
    Ok(exit_code::of(report.verdict))
}

fn explored(
    workspace: &Workspace,
    args: &ExploreArgs,
    called: &Called,
    progress: &Progress,
) -> Result<Vec<ExerciseReport>, Error> {
    let selection = selection(args, called.tests);
    let tell = |what| progress.say(what);
    let runtime = compile::runtime(workspace, &tell)?;
    let executables = match compile::executables(workspace, &selection, &tell)? {
        Build::Ready(executables) => executables,
        Build::Errors(message) => return Ok(vec![explore::not_built(message)]),
        Build::Refused(_) => Vec::new(),
    };
    let mut reports = Vec::new();
    for executable in executables {
        let program = Program { path: executable.path.clone(), runtime: runtime.clone() };
        let options = options(args, called, &executable);
        let report = explore::explore(&program, &executable, selection.tests, &options, progress)?;
        // Where a name is asked for, most targets have no such test.
        if !report.checks.is_empty() {
            progress.graded(&report.line());
            reports.push(report);
        }
    }
    Ok(reports)
}

fn selection(args: &ExploreArgs, tests: bool) -> Selection {
    let mut options = Vec::new();
    let mut with = |option: &str, values: &[String]| {
        values.iter().for_each(|value| options.extend([option.to_owned(), value.clone()]));
    };
    with("--package", &args.package);
    with("--features", &args.features);
    with("--test", &args.test);
    with("--bin", &args.bin);
    with("--example", &args.example);
    let flags = [
        (args.workspace, "--workspace"),
        (args.lib, "--lib"),
        (args.all_features, "--all-features"),
        (args.no_default_features, "--no-default-features"),
    ];
    options.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
    Selection { manifest: args.manifest_path.clone(), tests, release: args.release, options }
}

fn options(args: &ExploreArgs, called: &Called, executable: &Executable) -> Options {
    Options {
        seed: args.seed,
        schedules: args.schedules,
        time: args.seconds.map(Duration::from_secs),
        preemptions: args.preemptions,
        chances: Chances { spurious_wakes: args.spurious, eager_time: args.eager },
        most_steps: args.steps,
        filters: args.filters.clone(),
        exact: args.exact,
        args: args.args.clone(),
        deterministic: args.deterministic,
        schedule: args.schedule.clone(),
        command: command(args, called.name, executable),
    }
}

/// The call that explores this target alone, in the same world.
fn command(args: &ExploreArgs, name: &str, executable: &Executable) -> String {
    let mut command = format!("{name} {}", executable.option);
    let manifest = args.manifest_path.as_ref().map(|path| format!(" --manifest-path {}", path.display()));
    command += &manifest.unwrap_or_default();
    if args.workspace || !args.package.is_empty() {
        command += &format!(" --package {}", executable.package);
    }
    for (is_set, flag) in [
        (args.release, "--release"),
        (args.all_features, "--all-features"),
        (args.no_default_features, "--no-default-features"),
        (args.spurious, "--spurious"),
        (args.eager, "--eager"),
        (args.sandbox, "--sandbox"),
    ] {
        command += &if is_set { format!(" {flag}") } else { String::new() };
    }
    args.features.iter().for_each(|features| command += &format!(" --features {features}"));
    command += &args.steps.map(|steps| format!(" --steps {steps}")).unwrap_or_default();
    command + &if args.seed == 0 { String::new() } else { format!(" --seed {}", args.seed) }
}
