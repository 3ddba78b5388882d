//! A sender puts messages into a queue, and the main thread takes them out and prints them. The sender is a thread and
//! the queue a channel, or the sender is a child process of this program and the queue a pipe.
//!
//! The tempting bug: to stop when the queue is empty. A sender that is slow leaves it empty, too; only a sender that is
//! gone leaves it empty for good. And a sender that is gone need not have sent everything: see `run`.

mod processes;
mod threads;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

/// Receives messages from a sender and prints them.
#[derive(Clone, Parser)]
#[command(version)]
struct Args {
    /// How many messages are sent
    #[arg(long, value_name = "N", default_value_t = 5)]
    messages: u64,
    /// How many milliseconds the sender waits between two messages
    #[arg(long, value_name = "I", default_value_t = 0)]
    interval_ms: u64,
    /// What the sender is: a thread, or a child process of this program
    #[arg(long, value_enum, default_value_t = Transport::Thread)]
    transport: Transport,
    /// After how many messages the sender dies, if it has more to send [default: never]
    #[arg(long, value_name = "F")]
    fail_after: Option<u64>,
    /// Be the sender of a parent with `--transport process`
    #[arg(long, hide = true)]
    sender: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    Thread,
    Process,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = if args.sender { processes::send(&args) } else { run(&args) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_output(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics when standard error is closed as well.
            let _ = writeln!(io::stderr(), "message-queue: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let received = match args.transport {
        Transport::Thread => threads::receive(args)?,
        Transport::Process => processes::receive(args)?,
    };
    // The end of a queue does not say why it ended. How much should have come does.
    ensure!(received == args.messages, "sender: ended after {received} of {}", args.messages);
    say(&format!("received {received}"))
}

/// What the sender does. It ends early where `pause` or `put` says that nobody receives any more.
fn send_all(args: &Args, pause: impl Fn(Duration) -> bool, mut put: impl FnMut(String) -> bool) {
    let interval = Duration::from_millis(args.interval_ms);
    for number in 0..args.messages {
        if args.fail_after == Some(number) {
            die();
        }
        if (number > 0 && !pause(interval)) || !put(format!("Message {number}")) {
            return;
        }
    }
}

/// Unwinds as a panic does, but without its words on standard error: this death is asked for.
fn die() -> ! {
    panic::resume_unwind(Box::new("--fail-after"))
}

/// Writes a line in one write. Unlike `println!`, it does not panic on a closed output.
fn say(line: &str) -> Result<()> {
    io::stdout().write_all(format!("{line}\n").as_bytes()).context("standard output")
}

fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
