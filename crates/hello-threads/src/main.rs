//! Two threads run at the same time, one prints numbers and the other letters; the main thread waits for both and
//! has the last word.
//!
//! The tempting bug: to join a thread right after it was started. Everything is printed, but never more than one
//! thread has something to do, and the order in which they could have met is gone.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

/// Prints numbers and letters at the same time, with a thread for each.
#[derive(Parser)]
#[command(version)]
struct Args {}

fn main() -> ExitCode {
    Args::parse();
    match print_together() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the lines has seen enough.
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when standard error is closed as well.
            let _ = writeln!(io::stderr(), "hello-threads: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One new thread prints the numbers, another the letters; when both are done, this thread prints the last line.
/// Gives back the first error of [`say`], or of a thread that could not be started.
fn print_together() -> Result<()> {
    // BEGIN SOLUTION
    use std::thread;

    thread::scope(|scope| {
        // Both are started before the first is waited for: a `join` in between would make them take turns.
        // A `Builder`, as `spawn` panics when the system refuses a thread.
        let numbers = thread::Builder::new().spawn_scoped(scope, print_numbers).context("numbers")?;
        let letters = thread::Builder::new().spawn_scoped(scope, print_letters).context("letters")?;
        let numbers = numbers.join().unwrap();
        let letters = letters.join().unwrap();
        numbers.and(letters)
    })?;
    say("Both threads have finished execution.")
    // END SOLUTION
}

fn print_numbers() -> Result<()> {
    (1..=5).try_for_each(|number| say(&format!("Number: {number}")))
}

fn print_letters() -> Result<()> {
    ('a'..='e').try_for_each(|letter| say(&format!("Letter: {letter}")))
}

/// Writes a line in one write. Unlike `println!`, it does not panic on a closed output.
fn say(line: &str) -> Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
