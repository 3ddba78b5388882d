//! One module a command. Each takes its arguments and gives an exit code.

mod collect;
mod export;
mod merge;
mod overview;
mod show;

use std::io::{self, Write};

use grader::error::Error as GraderError;

use crate::cli::{Cli, Command};
use crate::error::Error;

/// Does what the command line says.
///
/// # Errors
/// When the command could not do its work.
pub fn run(cli: Cli) -> Result<u8, Error> {
    match cli.command {
        Command::Collect(args) => collect::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Merge(args) => merge::run(&args),
        Command::Overview(args) => overview::run(&args),
        Command::Show(args) => show::run(&args),
    }
}

/// Writes to standard output. That nobody reads it is no error.
fn say(text: &str) -> Result<(), Error> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(GraderError::file("standard output")(error).into())
        }
        _ => Ok(()),
    }
}
