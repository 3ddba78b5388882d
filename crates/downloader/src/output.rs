//! Lines on standard output and standard error, each handed to the kernel in one write.

use std::io::{self, Write};

use anyhow::{Context, Error, Result};

/// Prints a line. Unlike `println!`, it does not panic where standard output is closed.
pub(crate) fn say(line: &str) -> Result<()> {
    io::stdout().lock().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

/// Says on standard error what could not be done. If not even that can be said, nobody is there to hear it.
pub(crate) fn complain(problem: &str) {
    let _ = io::stderr().lock().write_all(format!("downloader: {problem}\n").as_bytes());
}

/// Whether the error means that nobody reads our output any more.
pub(crate) fn is_closed(error: &Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().filter_map(|cause| cause.downcast_ref()).any(broken)
}

/// The text with its control characters escaped: whatever it holds, it stays on one line.
pub(crate) fn one_line(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}
