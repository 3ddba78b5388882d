//! Lockstep's autograder.
//!
//! `compile` builds a program, `run` runs it to its end, `case` says what is run and what it
//! leaves behind, `exercises` say how that is judged, `grade` puts these together, and `report`
//! renders what came of it. `commands` are thin layers over them.

// Elsewhere there is nothing here, and the command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod cli;
pub mod command;
pub mod commands;
pub mod error;
pub mod exit_code;
pub mod grade;
pub mod hints;
pub mod nearest;
pub mod new_folder;
pub mod output;
pub mod progress;
pub mod pull_request;
pub mod release;
pub mod rubric;
pub mod specimen;
mod tally;
pub mod watch;
pub mod workflow_files;
