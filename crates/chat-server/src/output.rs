//! Standard output, a line a write, and standard error. Neither may bring the program down when nobody reads it.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Nobody reads standard output any more: no failure, just the end.
#[derive(Debug)]
pub(crate) struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("standard output is closed")
    }
}

impl std::error::Error for Closed {}

/// Prints a line that brings its own newline. `println!` would panic once standard output is closed.
pub(crate) fn print(line: &[u8]) -> Result<()> {
    match io::stdout().lock().write_all(line) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Closed.into()),
        result => result.context("standard output"),
    }
}

/// Says on standard error what went wrong. `eprintln!` would panic if that is closed, too.
pub(crate) fn complain(what: fmt::Arguments) {
    let _ = writeln!(io::stderr(), "chat-server: {what}");
}
