//! The command `cargo grade`: parse, run, exit code.

use std::env;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::error::Error;
use crate::run::keeper;
use crate::{commands, exit_code, interrupt};

/// Parses the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    if args.next().is_some_and(|first| first == keeper::ARGUMENT) {
        return keep();
    }
    let outcome = interrupt::listen()
        .and_then(|()| keeper::raise_open_files())
        .map_err(Error::file("this process"))
        .and_then(|()| commands::run(Cli::parse()));
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("cargo grade: {error}");
            error.exit_code().into()
        }
    }
}

/// The grader is gone when its keeper cannot report: there is nobody left to tell.
fn keep() -> ExitCode {
    match keeper::keep() {
        Ok(()) => exit_code::PASS.into(),
        Err(_) => exit_code::INTERNAL.into(),
    }
}
