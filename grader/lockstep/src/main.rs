//! `cargo lockstep`: any package's tests and programs under controlled thread schedules, wherever it stands.
//!
//! `cargo lockstep test` is to `cargo test` what all schedules are to one.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod sources;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod command {
    use std::process::ExitCode;

    use clap::{Parser, Subcommand};
    use grader::cli::args::ExploreArgs;
    use grader::cli::command;
    use grader::cli::commands::{Called, explore_in};
    use grader::error::Error;

    use crate::sources;

    /// Run tests and programs under controlled thread schedules
    #[derive(Debug, Parser)]
    #[command(name = "cargo lockstep", bin_name = "cargo lockstep", version)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Debug, Subcommand)]
    enum Command {
        /// Explore tests: all, or those that are named
        Test(ExploreArgs),
        /// Explore a program, or an example
        Run(ExploreArgs),
    }

    pub(crate) fn main() -> ExitCode {
        command::start("cargo lockstep", run, Error::exit_code)
    }

    fn run() -> Result<u8, Error> {
        // Cargo calls it as `cargo-lockstep lockstep …`.
        let words = std::env::args_os().enumerate();
        let words = words.filter(|(place, word)| !(*place == 1 && word == "lockstep")).map(|(_, word)| word);
        let cli = Cli::parse_from(words);
        let workspace = sources::unpack()?;
        match cli.command {
            Command::Test(args) => {
                explore_in(&workspace, &args, &Called { name: "cargo lockstep test", tests: true })
            }
            Command::Run(args) => {
                explore_in(&workspace, &args, &Called { name: "cargo lockstep run", tests: false })
            }
        }
    }
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn main() -> std::process::ExitCode {
    command::main()
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn main() {}
