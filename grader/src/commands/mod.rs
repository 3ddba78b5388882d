//! One module a command. Each takes its arguments and gives an exit code.

mod check;
mod collect;
mod list;
mod replay;
mod selftest;

use crate::cli::{Cli, Command};
use crate::error::Error;
use crate::exercise::Exercise;
use crate::exercises;

/// Does what the command line says.
///
/// # Errors
/// When the command could not do its work.
pub fn run(cli: Cli) -> Result<u8, Error> {
    match cli.command {
        None => check::run(&cli.check),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Selftest(args)) => selftest::run(&args),
        Some(Command::Collect(args)) => collect::run(&args),
    }
}

/// The exercises called `names`, in the order of the course; all for no name.
fn selected(names: &[String]) -> Result<Vec<&'static Exercise>, Error> {
    for name in names {
        find(name)?;
    }
    let wanted = |exercise: &&Exercise| names.is_empty() || names.iter().any(|name| name == exercise.name);
    Ok(exercises::ALL.iter().copied().filter(wanted).collect())
}

fn find(name: &str) -> Result<&'static Exercise, Error> {
    let known = exercises::ALL.iter().map(|exercise| exercise.name);
    exercises::find(name).ok_or_else(|| Error::unknown("exercise", name, known))
}
