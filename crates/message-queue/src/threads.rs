//! The sender is a thread, the queue a channel.

use anyhow::Result;

use crate::{Args, say, send_all};

/// A sender that is faster than the printing waits when so many messages are in the queue.
const CAPACITY: usize = 64;

/// Starts the sender and prints each message as it comes. Gives back how many came before the queue ended.
pub(crate) fn receive(args: &Args) -> Result<u64> {
    // BEGIN SOLUTION
    use std::sync::mpsc;
    use std::thread;

    use anyhow::Context;

    let (queue, messages) = mpsc::sync_channel(CAPACITY);
    let sleep = |interval| {
        thread::sleep(interval);
        true
    };
    let args = args.clone();
    // The sender owns its end of the channel: however it ends, by a panic, too, the channel ends with it.
    let send = move || send_all(&args, sleep, |message| queue.send(message).is_ok());
    let sender =
        thread::Builder::new().name("sender".to_owned()).spawn(send).context("sender: cannot start")?;

    let mut received = 0;
    for message in messages {
        say(&message)?;
        received += 1;
    }
    // How it ended is no news: the number of messages tells already.
    let _ = sender.join();
    Ok(received)
    // END SOLUTION
}
