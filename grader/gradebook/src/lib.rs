//! Grading a folder of submissions, and the gradebook that keeps what came of it.
//!
//! `submission` finds and opens what students handed in, `batch` grades it on all processors,
//! `book` keeps every attempt, `policy` chooses the attempt that counts, `sight` takes out what students must
//! not see, and `export`, `page` and `overview` render what was chosen. `commands` are thin layers over them.

// Elsewhere there is nothing here, and the command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

pub mod attempt;
pub mod batch;
pub mod book;
pub mod cli;
pub mod command;
pub mod commands;
pub mod error;
pub mod export;
pub mod fingerprint;
pub mod handed_in;
pub mod name;
pub mod overview;
pub mod page;
pub mod partition;
pub mod platform;
pub mod policy;
mod pool;
pub mod roster;
mod sheet;
pub mod sight;
pub mod stale;
pub mod status;
pub mod submission;
pub mod table;
pub mod when;
