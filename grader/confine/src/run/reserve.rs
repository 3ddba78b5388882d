//! A keeper in reserve: started already, it waits for its order. To start one takes a third of what a short run takes, and
//! a processor is idle while the keeper before it makes its jail.
//!
//! It sees the files that the grader saw when it was started. So one is dismissed before the grader enters its sandbox, and
//! calls of cargo leave none. It ends, too, when the grader is gone.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::keeper;

/// A keeper without an order.
pub(super) struct Waiting {
    pub(super) keeper: Child,
    /// The grader's end of its standard input.
    pub(super) control: UnixStream,
}

static RESERVE: Mutex<Option<Waiting>> = Mutex::new(None);

/// The keeper in reserve, or a new one. Its standard output and error are pipes.
pub(super) fn take() -> io::Result<Waiting> {
    let kept = reserve().take();
    // It may have been ended meanwhile.
    match kept.and_then(|mut waiting| matches!(waiting.keeper.try_wait(), Ok(None)).then_some(waiting)) {
        Some(waiting) => Ok(waiting),
        None => start(Stdio::piped()),
    }
}

/// A new keeper with this standard output.
pub(super) fn start(stdout: Stdio) -> io::Result<Waiting> {
    let (control, keeper_end) = UnixStream::pair()?;
    let keeper = Command::new(keeper::executable())
        .arg0(keeper::NAME)
        .arg(keeper::ARGUMENT)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        // What it stands in cannot be taken away.
        .current_dir("/")
        .stdin(Stdio::from(OwnedFd::from(keeper_end)))
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()?;
    Ok(Waiting { keeper, control })
}

/// Puts one in reserve if none is there. Where it cannot be started, whoever needs it hears why.
pub(super) fn refill() {
    let mut reserve = reserve();
    if reserve.is_none() {
        *reserve = start(Stdio::piped()).ok();
    }
}

/// Ends the one in reserve: nothing is left of it when this returns.
pub fn dismiss() {
    if let Some(Waiting { mut keeper, control }) = reserve().take() {
        drop(control);
        let _ = keeper.wait();
    }
}

fn reserve() -> MutexGuard<'static, Option<Waiting>> {
    RESERVE.lock().unwrap_or_else(PoisonError::into_inner)
}
