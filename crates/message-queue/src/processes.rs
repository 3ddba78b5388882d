//! The sender is a child process of this program, the queue the pipe from its standard output, a message a line.
//! A second pipe leads to its standard input. Nothing is ever written there: its end tells the child that the parent
//! is gone, which the child could else learn only from its next message, and that may be an hour away.

use std::io::{self, BufReader};
use std::process::{Child, ChildStdout, Command};

use anyhow::{Context, Result};

use crate::{Args, say, send_all};

/// Starts the sender and prints each message as it comes. Gives back how many came before the pipe ended.
pub(crate) fn receive(args: &Args) -> Result<u64> {
    let mut sender =
        command(args).and_then(|mut command| Sender::start(&mut command)).context("sender: cannot start")?;
    let mut received = 0;
    while let Some(message) = sender.next_message() {
        say(&message)?;
        received += 1;
    }
    Ok(received)
}

struct Sender {
    child: Child,
    messages: BufReader<ChildStdout>,
}

impl Sender {
    fn start(command: &mut Command) -> io::Result<Self> {
        // BEGIN SOLUTION
        use std::process::Stdio;

        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let messages = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Ok(Self { child, messages })
        // END SOLUTION
    }

    /// Waits for a message; `None` when the pipe has ended.
    fn next_message(&mut self) -> Option<String> {
        // BEGIN SOLUTION
        use std::io::BufRead;

        let mut line = String::new();
        self.messages.read_line(&mut line).ok()?;
        // What a dying child has left without its newline is not a message.
        line.strip_suffix('\n').map(str::to_owned)
        // END SOLUTION
    }
}

/// However the parent leaves, also by an error or a panic, it takes the sender along.
impl Drop for Sender {
    fn drop(&mut self) {
        // BEGIN SOLUTION
        // Killed first: a child that has only closed its end of the pipe would be waited for without end.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // END SOLUTION
    }
}

fn command(args: &Args) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--sender").arg(format!("--messages={}", args.messages));
    command.arg(format!("--interval-ms={}", args.interval_ms));
    command.args(args.fail_after.map(|count| format!("--fail-after={count}")));
    Ok(command)
}

/// What the child does: writes its messages, unless the parent ends before it.
pub(crate) fn send(args: &Args) -> Result<()> {
    // BEGIN SOLUTION
    use std::io::Write;
    use std::sync::mpsc::{self, RecvTimeoutError};
    use std::thread;

    let (parent_lives, parent) = mpsc::channel::<()>();
    let watch = move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        drop(parent_lives);
    };
    thread::Builder::new().name("watcher".to_owned()).spawn(watch).context("watcher: cannot start")?;

    let pause = |interval| parent.recv_timeout(interval) == Err(RecvTimeoutError::Timeout);
    let mut output = io::stdout();
    // One write each, newline included: it goes into the pipe whole or not at all.
    send_all(args, pause, |message| output.write_all(format!("{message}\n").as_bytes()).is_ok());
    Ok(())
    // END SOLUTION
}
