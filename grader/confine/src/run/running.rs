//! A program that runs: its output so far, its input, its end.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::audit::{Audit, Writes};
use super::reserve::{self, Waiting};
use super::watch::{INTERVAL, LimitWatch};
use super::{Ending, Limits, Outcome, RunError, StdinFile, panic_or_exit};
use crate::interrupt;
use crate::sandbox::{self, audit};

/// A started program. Dropping it ends the program and all that it started.
pub struct Running {
    shared: Arc<Shared>,
    control: UnixStream,
    stdin: StdinFile,
    supervisor: Option<JoinHandle<Result<Outcome, RunError>>>,
}

/// What the supervising thread tells the others.
#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    pid: Option<Pid>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    ended: bool,
}

impl Progress {
    fn whole_lines(&self) -> Cow<'_, str> {
        let end = self.stdout.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        String::from_utf8_lossy(&self.stdout[..end])
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Hears the keeper, and puts one in reserve where more runs are to be expected.
    pub(super) fn new(
        program: PathBuf,
        Waiting { keeper, control }: Waiting,
        stdin: StdinFile,
        limits: Limits,
        is_followed: bool,
    ) -> Result<Self, RunError> {
        let fault = |source| RunError::Start { program: program.clone(), source };
        let shared = Arc::new(Shared::default());
        let supervisor = Supervisor::new(keeper, control.try_clone().map_err(fault)?, limits, shared.clone());
        let thread = thread::Builder::new().name("supervisor".into()).spawn(move || {
            if is_followed {
                reserve::refill();
            }
            supervisor.run()
        });
        Ok(Self { shared, control, stdin, supervisor: Some(thread.map_err(fault)?) })
    }

    /// The program's process id, once it has started; `None` when it ended before.
    pub fn pid(&self) -> Option<Pid> {
        let mut progress = self.shared.lock();
        while progress.pid.is_none() && !progress.ended {
            progress = self.shared.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
        progress.pid.filter(|_| !progress.ended)
    }

    /// Waits until `wanted` finds what it looks for in standard output so far (whole lines), or
    /// the program has ended without it.
    pub fn wait_for_stdout<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut progress = self.shared.lock();
        loop {
            let found = wanted(&progress.whole_lines());
            if found.is_some() || progress.ended {
                return found;
            }
            progress = self.shared.changed.wait(progress).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether `wanted` is in standard output so far (whole lines).
    pub fn has_printed(&self, wanted: impl Fn(&str) -> bool) -> bool {
        wanted(&self.shared.lock().whole_lines())
    }

    /// Writes to the program's standard input, which must be [`super::Stdin::Open`]. A program
    /// that does not read can make this wait once the pipe is full (64 KiB).
    ///
    /// # Errors
    /// When the input is not open.
    pub fn write_stdin(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writer = self.stdin.writer.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writer.write_all(bytes)
    }

    /// Ends the program's standard input.
    pub fn close_stdin(&mut self) {
        // The keeper would wait for ever for a writer if it had not opened the pipe yet.
        let _ = self.pid();
        self.stdin.writer = None;
    }

    /// Sends a signal to the program, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether the program has ended.
    pub fn has_ended(&self) -> bool {
        self.shared.lock().ended
    }

    /// Ends the program, unless it has ended by itself.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn stop(self) -> Result<Outcome, RunError> {
        let _ = self.control.shutdown(std::net::Shutdown::Write);
        self.wait()
    }

    /// Waits for the program's end.
    ///
    /// # Errors
    /// When the program could not be started after all, or the grader was interrupted.
    pub fn wait(mut self) -> Result<Outcome, RunError> {
        match self.supervisor.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => Err(RunError::Keeper("its supervisor panicked".into())),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            let _ = self.control.shutdown(std::net::Shutdown::Write);
            let _ = supervisor.join();
        }
    }
}

/// Drains a program's output, watches its limits and hears its keeper, all on one thread.
struct Supervisor {
    keeper: Child,
    control: UnixStream,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    audit: Option<Audit>,
    heard: Vec<u8>,
    watch: LimitWatch,
    shared: Arc<Shared>,
    started: Instant,
    /// Why the grader ended the program, if it did.
    verdict: Option<Ending>,
    interrupted: bool,
}

impl Supervisor {
    fn new(mut keeper: Child, control: UnixStream, limits: Limits, shared: Arc<Shared>) -> Self {
        Self {
            stdout: keeper.stdout.take(),
            stderr: keeper.stderr.take(),
            audit: None,
            watch: LimitWatch::new(Pid::from_child(&keeper), limits),
            keeper,
            control,
            heard: Vec::new(),
            shared,
            started: Instant::now(),
            verdict: None,
            interrupted: false,
        }
    }

    fn run(mut self) -> Result<Outcome, RunError> {
        let result = self.supervise();
        if result.is_err() {
            // Nobody waits for a decision that does not come.
            self.audit = None;
            let _ = self.control.shutdown(std::net::Shutdown::Write);
        }
        let reaped = self.keeper.wait();
        let wall = self.started.elapsed();
        let mut progress = self.shared.lock();
        progress.ended = true;
        self.shared.changed.notify_all();
        // A keeper that has only begun is ended by the same Ctrl-C.
        let fault = |reason: String| match interrupt::requested() {
            true => RunError::Interrupted,
            false => RunError::Keeper(reason),
        };
        result.and(reaped).map_err(|error| fault(error.to_string()))?;
        if self.interrupted {
            return Err(RunError::Interrupted);
        }
        let program = progress.pid;
        let (stdout, stderr) = (std::mem::take(&mut progress.stdout), std::mem::take(&mut progress.stderr));
        drop(progress);
        let report = String::from_utf8_lossy(&self.heard).into_owned();
        let (ending, survivors) = read_report(&report, &stderr, self.watch.memory_limit()).map_err(fault)?;
        let writes =
            self.audit.zip(program).map_or(Writes::NotAudited, |(audit, program)| audit.writes(program));
        Ok(Outcome { ending: self.verdict.unwrap_or(ending), stdout, stderr, wall, survivors, writes })
    }

    /// Until the keeper has hung up. It ends last of all that could write, so what they wrote is in the pipes by then; a
    /// program that got away from its keeper, or has killed it, may hold them open for ever.
    fn supervise(&mut self) -> io::Result<()> {
        while self.hear_keeper()? {
            self.drain()?;
            self.enforce();
            self.wait_for_bytes()?;
        }
        while self.drain()? && self.verdict.is_none() {
            self.enforce();
        }
        Ok(())
    }

    fn wait_for_bytes(&self) -> io::Result<()> {
        let mut descriptors = vec![PollFd::new(&self.control, PollFlags::IN)];
        descriptors.extend(self.stdout.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        descriptors.extend(self.stderr.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let listener = self.audit.as_ref().and_then(Audit::listener);
        descriptors.extend(listener.map(|listener| PollFd::new(listener, PollFlags::IN)));
        let tick = Timespec { tv_sec: 0, tv_nsec: i64::from(INTERVAL.subsec_nanos()) };
        match poll(&mut descriptors, Some(&tick)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether the keeper may still say more.
    fn hear_keeper(&mut self) -> io::Result<bool> {
        let mut text = [0; 512];
        if !is_readable(&self.control)? {
            return Ok(true);
        }
        let (count, listener) = audit::receive(&self.control, &mut text)?;
        if let (Some(listener), Some(stdout)) = (listener, &self.stdout) {
            self.audit = Some(Audit::new(listener, stdout)?);
            return Ok(true);
        }
        self.heard.extend_from_slice(&text[..count]);
        let report = String::from_utf8_lossy(&self.heard);
        if let Some((program, reaper)) = report.lines().next().and_then(read_start) {
            self.watch.reaper = reaper;
            self.shared.lock().pid = program;
            self.shared.changed.notify_all();
        }
        Ok(count > 0)
    }

    /// Returns whether there was something.
    fn drain(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 64 << 10];
        let stdout = read_available(&mut self.stdout, &mut buffer)?;
        if stdout > 0 {
            self.shared.lock().stdout.extend_from_slice(&buffer[..stdout]);
            self.shared.changed.notify_all();
            self.audit.iter_mut().for_each(Audit::miss);
        }
        let noted = self.note_write()?;
        let stderr = read_available(&mut self.stderr, &mut buffer)?;
        self.shared.lock().stderr.extend_from_slice(&buffer[..stderr]);
        Ok(stdout + stderr + noted > 0)
    }

    /// Of an audited run: looks at one write that waits. Returns how many bytes it was.
    fn note_write(&mut self) -> io::Result<usize> {
        let Some(bytes) = self.audit.as_mut().map(Audit::next).transpose()?.flatten() else { return Ok(0) };
        self.shared.lock().stdout.extend_from_slice(&bytes);
        self.shared.changed.notify_all();
        Ok(bytes.len())
    }

    fn enforce(&mut self) {
        if self.verdict.is_some() || self.interrupted {
            return;
        }
        let output = {
            let progress = self.shared.lock();
            progress.stdout.len() + progress.stderr.len()
        };
        self.interrupted = interrupt::requested();
        self.verdict = self.watch.look(output);
        if self.interrupted || self.verdict.is_some() {
            let _ = self.control.shutdown(std::net::Shutdown::Write);
        }
    }
}

fn is_readable(descriptor: &impl AsFd) -> io::Result<bool> {
    let mut polled = [PollFd::new(descriptor, PollFlags::IN)];
    Ok(poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0)
}

/// Reads once if there is something; at its end the pipe becomes `None`.
fn read_available(pipe: &mut Option<impl Read + AsFd>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(open) = pipe else { return Ok(0) };
    if !is_readable(open)? {
        return Ok(0);
    }
    let count = open.read(buffer)?;
    if count == 0 {
        *pipe = None;
    }
    Ok(count)
}

/// The process ids of the program, and of the jail's first process if there is a jail, on the other side of a
/// namespace: `started PID REAPER`, 0 for none.
fn read_start(line: &str) -> Option<(Option<Pid>, Option<Pid>)> {
    let (program, reaper) = line.strip_prefix("started ")?.split_once(' ')?;
    Some((Pid::from_raw(program.parse().ok()?), Pid::from_raw(reaper.parse().ok()?)))
}

/// The ending that the keeper's last line and the program's standard error tell.
fn read_report(report: &str, stderr: &[u8], memory: u64) -> Result<(Ending, usize), String> {
    let last = report.lines().last().unwrap_or("it ended without a word");
    let words: Vec<&str> = last.split(' ').collect();
    let number = |index: usize| words.get(index).and_then(|word| word.parse::<i32>().ok());
    let survivors = number(2).and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    if number(3) == Some(1) {
        return Ok((Ending::DiskLimit { bytes: sandbox::ceiling().disk }, survivors));
    }
    match (words[0], number(1)) {
        ("exited", Some(101)) => Ok((panic_or_exit(stderr), survivors)),
        ("exited", Some(code)) => Ok((Ending::Exited(code), survivors)),
        ("signalled", Some(signal)) => Ok((Ending::Signalled(signal), survivors)),
        ("out-of-memory", _) => Ok((Ending::MemoryLimit { bytes: memory }, survivors)),
        ("ended", None) => Ok((Ending::Stopped, 0)),
        _ => Err(last.strip_prefix("failed ").unwrap_or(last).to_owned()),
    }
}
