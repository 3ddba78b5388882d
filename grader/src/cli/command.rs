//! A command: parse, run, exit code.

use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::panic;
use std::process::{self, ExitCode};

use clap::Parser;
use confine::interrupt;
use confine::run::{keeper, reserve};
use engine::controlled::runs::has_leaked;

use crate::cli::args::Cli;
use crate::cli::commands;
use crate::error::Error;
use crate::error::exit_code;

/// The command `cargo grade`: parses the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    if cfg!(panic = "abort") {
        end_at_panics();
    }
    start("cargo grade", || commands::run(Cli::parse()), Error::exit_code)
}

/// Has a panic of any thread end the grader as all of its own faults do. What runs meanwhile ends with it, as after any
/// other end.
#[expect(clippy::disallowed_methods, reason = "a panic that nothing unwinds would end it with a signal")]
fn end_at_panics() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        tell(panic);
        // Nobody to tell is no reason to panic again.
        let _ = writeln!(
            io::stderr(),
            "cargo grade: the above is a fault of the grader, of which its authors want to hear"
        );
        process::exit(exit_code::INTERNAL.into())
    }));
}

/// What each command of the grader begins with: `act`, where this executable is not to be a keeper. Programs are run below
/// one. An error is told in the command's `name`, and `code` has its exit code.
pub fn start<E: Display + From<Error>>(
    name: &str,
    act: impl FnOnce() -> Result<u8, E>,
    code: impl FnOnce(&E) -> u8,
) -> ExitCode {
    if env::args_os().nth(1).is_some_and(|first| first == keeper::ARGUMENT) {
        return keep();
    }
    let ready = interrupt::listen().and_then(|()| keeper::raise_open_files());
    let outcome = ready.map_err(Error::file("this process")).map_err(E::from).and_then(|()| act());
    reserve::dismiss();
    if has_leaked() {
        eprintln!(
            "{name}: a run was another one after others than in a process of its own: a fault of the grader, of which its \
             authors want to hear. All later runs had a process each, as with LOCKSTEP_RUNS=fork"
        );
    }
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("{name}: {error}");
            code(&error).into()
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
