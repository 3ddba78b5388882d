//! The command `cargo gradebook`.

use std::process::ExitCode;

use clap::Parser;
use grader::cli::command;

use crate::cli::Cli;
use crate::commands;
use crate::error::Error;

/// Parses the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    command::start("cargo gradebook", || commands::run(Cli::parse()), Error::exit_code)
}
