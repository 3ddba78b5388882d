//! The command `cargo gradebook`: parse, run, exit code.

use std::env;
use std::process::ExitCode;

use clap::Parser;
use grader::run::keeper;
use grader::{exit_code, interrupt};

use crate::cli::Cli;
use crate::commands;
use crate::error::Error;

/// Parses the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    // Programs are run below a keeper, which is this executable again.
    if args.next().is_some_and(|first| first == keeper::ARGUMENT) {
        return match keeper::keep() {
            Ok(()) => exit_code::PASS.into(),
            Err(_) => exit_code::INTERNAL.into(),
        };
    }
    let outcome = interrupt::listen()
        .and_then(|()| keeper::raise_open_files())
        .map_err(grader::error::Error::file("this process"))
        .map_err(Error::from)
        .and_then(|()| commands::run(Cli::parse()));
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("cargo gradebook: {error}");
            error.exit_code().into()
        }
    }
}
