//! Hostile: every process of it starts others, up to two thousand, which all stay.
//! Exercise: even-odd
//! Ends: process-limit
//! Limits: processes=300

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    // Each child goes on with the loop, so 2 to the 11th of them in all.
    let script = "fork for 1..11; sleep 60; # @MARKER@";
    let _ = Command::new("perl").args(["-e", script]).status();
    ExitCode::SUCCESS
}
