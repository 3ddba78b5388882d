//! One module a command. Each takes its arguments and gives an exit code.

mod ahead;
mod check;
mod clean;
mod collect;
mod doctor;
mod explore;
mod hint;
mod list;
mod new;
mod prepare;
mod pull_request;
mod release;
mod replay;
mod selftest;
mod side_by_side;
mod watch;

pub use explore::{Called, explore_in};

use std::path::Path;

use confine::run::reserve;
use confine::sandbox::{self, Demand, Tier};
use engine::compile;
use engine::escape::in_line;
use engine::source::Source;
use engine::workspace::Workspace;
use exercises::{Course, Exercise};

use crate::cli::args::{Cli, Command, SandboxArgs};
use crate::error::Error;
use crate::grade::progress::{Progress, announce};

/// Does what the command line says.
///
/// # Errors
/// When the command could not do its work.
pub fn run(cli: Cli) -> Result<u8, Error> {
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Explore(args)) => explore::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Prepare(args)) => prepare::run(&args),
        Some(Command::Clean(args)) => clean::run(&args),
        Some(Command::Doctor) => doctor::run(),
        Some(Command::Selftest(args)) => selftest::run(&args),
        Some(Command::New(args)) => new::run(&args),
        Some(Command::Release(args)) => release::run(&args),
        Some(Command::Watch(args)) => watch::run(&args),
        Some(Command::Hint(args)) => hint::run(&args),
        Some(Command::TakePullRequest(args)) => pull_request::take(&args),
        Some(Command::PullRequestComment(args)) => pull_request::comment(&args),
        Some(Command::Collect(args)) => collect::run(&args),
    }
}

/// Fetches all that needs the network, then enters the sandbox. Must come before anything that starts a thread.
///
/// # Errors
/// When something cannot be fetched, or this machine has less of a sandbox than is asked for.
pub fn enter(workspace: &Workspace, exercises: &[&Exercise], sandbox: &SandboxArgs) -> Result<Tier, Error> {
    sandbox::raise(&sandbox.limit);
    of_each(exercises, |exercise| Ok(compile::fetch(workspace, exercise.name, &announce)?))?;
    let demand = match (sandbox.official, sandbox.unsafe_no_sandbox) {
        (true, _) => Demand::Official,
        (_, true) => Demand::Nothing,
        _ => Demand::Some,
    };
    // One that was started outside sees other files, and stands in the grader's control group.
    reserve::dismiss();
    Ok(sandbox::enter(demand, &sandbox.without)?)
}

/// Builds what all of `exercises` need, with a line on the terminal that says how far it is.
///
/// # Errors
/// When it cannot be built.
pub fn prepare(workspace: &Workspace, exercises: &[&Exercise]) -> Result<(), Error> {
    let progress = Progress::on_terminal();
    of_each(exercises, |exercise| Ok(compile::prepare(workspace, exercise.name, &|what| progress.say(what))?))
}

/// An error that is one exercise's own is told again when that exercise is built; the others are none the worse.
fn of_each(exercises: &[&Exercise], done: impl Fn(&Exercise) -> Result<(), Error>) -> Result<(), Error> {
    exercises.iter().try_for_each(|exercise| {
        done(exercise).or_else(|error| match error.is_of_one_task() {
            true => Ok(()),
            false => Err(error),
        })
    })
}

/// What of a source's surroundings decides nothing, though its author may think that it does; a line each.
fn not_used(workspace: &Workspace, exercise: &Exercise, source: &Source) -> String {
    let mut text = String::new();
    let shown = |path: &Path| in_line(&path.display().to_string());
    let folder = source.origin.as_deref().unwrap_or(Path::new(""));
    let project =
        folder.parent().filter(|project| folder.ends_with("src") && project.join("Cargo.toml").is_file());
    if let Some(project) = project {
        let (src, manifest) = (shown(folder), shown(&project.join("Cargo.toml")));
        text += &format!(
            "cargo grade: {src} is graded; {manifest} is not used: programs are built with the course's own manifest\n"
        );
    }
    for file in source.unused_build_files() {
        let file = shown(&folder.join(file));
        text += &format!("cargo grade: {file} is not used: programs are built as the course's own are\n");
    }
    // A manifest that cannot be read is told of when something is built with it.
    let more = compile::unused_dependencies(workspace, exercise.name).unwrap_or_default();
    if !more.is_empty() {
        let (more, exercise) = (in_line(&more.join(", ")), exercise.name);
        text += &format!(
            "cargo grade: crates/{exercise}/Cargo.toml asks for {more}: not used, as every program is built with the \
             course's own manifest, here, in pull requests and in class\n"
        );
    }
    text
}

/// The exercises called `names`, in the order of the course; all for no name.
fn selected(workspace: &Workspace, names: &[String]) -> Result<Vec<&'static Exercise>, Error> {
    let course = Course::of(workspace)?;
    course.require(workspace, names)?;
    for name in names {
        known(&course, name)?;
    }
    let wanted = |exercise: &&Exercise| names.is_empty() || names.iter().any(|name| name == exercise.name);
    Ok(course.exercises().iter().copied().filter(wanted).collect())
}

fn find(workspace: &Workspace, name: &str) -> Result<&'static Exercise, Error> {
    let course = Course::of(workspace)?;
    course.require(workspace, &[name.to_owned()])?;
    known(&course, name)
}

/// The exercise of `course` that is called `name`.
///
/// # Errors
/// When there is none; the error knows the nearest name.
pub fn known(course: &Course, name: &str) -> Result<&'static Exercise, Error> {
    course.find(name).ok_or_else(|| Error::unknown("exercise", name, course.names()))
}
