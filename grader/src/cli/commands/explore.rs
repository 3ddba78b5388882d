//! `cargo grade explore`: any package's tests and programs under controlled schedules.

use std::time::Duration;

use confine::sandbox::{self, Demand};
use engine::compile::{self, Build, Executable, Selection};
use engine::program::Program;
use engine::symbols::OwnCode;
use engine::workspace::Workspace;
use report::{Audience, ExerciseReport, Report};
use schedule::search::portfolio::Chances;

use crate::cli::args::{ExploreArgs, ExploreHereArgs};
use crate::cli::reports;
use crate::error::{Error, exit_code};
use crate::explore::{self, Options};
use crate::grade::progress::Progress;
use engine::escape::as_word;

/// How the user has called it.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// The words before all arguments.
    pub name: &'static str,
    /// Whether tests are explored, or programs.
    pub tests: bool,
}

pub(super) fn run(args: &ExploreHereArgs) -> Result<u8, Error> {
    let name = if args.run { "cargo grade explore --run" } else { "cargo grade explore" };
    explore_in(&Workspace::find()?, &args.explore, &Called { name, tests: !args.run })
}

/// Explores what the arguments select. `workspace` has what controls programs.
///
/// # Errors
/// When nothing is selected, or the work cannot be done.
pub fn explore_in(workspace: &Workspace, args: &ExploreArgs, called: &Called) -> Result<u8, Error> {
    let outputs = reports::open(&args.output, &args.reports)?;
    sandbox::raise(&args.limit);
    sandbox::enter(if args.sandbox { Demand::Some } else { Demand::Nothing }, &[])?;
    let mut targets = Vec::new();
    let stopped = explore_all(workspace, args, called, &mut targets).err();
    if targets.is_empty() {
        return Err(stopped.unwrap_or(Error::NothingToExplore));
    }
    let report = Report::new(args.seed, targets).of_targets();
    match stopped {
        None => {
            reports::write(outputs, &report, Audience::Teacher)?;
            Ok(exit_code::of(report.verdict))
        }
        Some(error) => {
            let missing = vec!["the targets that follow".to_owned()];
            reports::write(outputs, &report.stopped(error.to_string(), missing), Audience::Teacher)?;
            Err(error)
        }
    }
}

/// Explores one target after the other into `targets`, which keeps what there is when it must stop.
fn explore_all(
    workspace: &Workspace,
    args: &ExploreArgs,
    called: &Called,
    targets: &mut Vec<ExerciseReport>,
) -> Result<(), Error> {
    let progress = Progress::on_terminal();
    let tell = |what| progress.say(what);
    let runtime = compile::runtime(workspace, &tell)?;
    let executables = match compile::executables(workspace, &selection(args, called.tests), &tell)? {
        Build::Ready(executables) => executables,
        Build::Errors(message) => {
            targets.push(explore::not_built(message));
            return Ok(());
        }
        Build::Refused(_) => Vec::new(),
    };
    for executable in executables {
        let own = OwnCode::of_folder(&executable.root);
        let program = Program::new(executable.path.clone(), runtime.clone(), own);
        let options = options(args, called, &executable);
        let report = explore::explore(&program, &executable, called.tests, &options, &progress)?;
        // Where a name is asked for, most targets have no such test.
        if !report.checks.is_empty() {
            progress.graded(&report.line());
            targets.push(report);
        }
    }
    Ok(())
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
        chances: Chances { spurious_wakes: args.spurious, stale_loads: true, eager_time: args.eager },
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
    let valued = |name: &str, value: String| [name.to_owned(), as_word(&value)].join(" ");
    let mut words = vec![name.to_owned(), executable.option.clone()];
    words.extend(args.manifest_path.iter().map(|path| valued("--manifest-path", path.display().to_string())));
    words.extend(executable.has_siblings.then(|| valued("--package", executable.package.clone())));
    words.extend(args.features.iter().map(|features| valued("--features", features.clone())));
    let flags = [
        (args.release, "--release"),
        (args.all_features, "--all-features"),
        (args.no_default_features, "--no-default-features"),
        (args.spurious, "--spurious"),
        (args.eager, "--eager"),
        (args.deterministic, "--deterministic"),
        (args.sandbox, "--sandbox"),
    ];
    words.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
    words.extend(args.steps.map(|steps| valued("--steps", steps.to_string())));
    words.extend(args.preemptions.map(|most| valued("--preemptions", most.to_string())));
    words.extend(args.limit.iter().map(|limit| valued("--limit", limit.to_string())));
    words.extend((args.seed != 0).then(|| valued("--seed", args.seed.to_string())));
    words.join(" ")
}
