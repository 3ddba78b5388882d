//! Hostile: has twenty children that keep 60 MiB each, less than one process may have.
//! Exercise: even-odd
//! Ends: memory-limit
//! Limits: memory=256

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let script =
        "for (1..20) { next if fork; $kept = 'x' x (60 << 20); sleep 60; exit } sleep 60; # @MARKER@";
    let _ = Command::new("perl").args(["-e", script]).status();
    ExitCode::SUCCESS
}
