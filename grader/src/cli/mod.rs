//! The command `cargo grade`: its arguments, one module a command, and where results go.

pub mod args;
pub mod command;
pub mod commands;
pub mod output;
mod reports;
pub mod watch;
pub mod workflow_files;
