//! Running a program to its end, whatever it does.
//!
//! Each program runs below a *keeper*: the grader's own executable, started again, which becomes
//! the reaper of everything that the program starts. When the program ends, or the grader asks
//! for it, or the grader itself is killed, the keeper kills all that is left and only then ends.
//! Output is drained all the time, so a program never blocks on a full pipe, and every run has
//! limits, so it always has an [`Ending`].

mod audit;
mod ending;
pub mod keeper;
pub(crate) mod order;
mod panics;
pub mod reserve;
mod running;
mod system_calls;
mod watch;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, OFlags};

use crate::sandbox::{self, Network, Policy, Tier};

pub use crate::process_table::{
    Activity, activity, activity_of_one, children, descendants, has_begun, is_asleep, is_idle,
    private_memory, processor_time, state,
};
pub use audit::{Write, Writes};
pub use ending::Ending;
use order::Order;
pub use panics::panic_or_exit;
use reserve::Waiting;
pub use running::Running;

/// What a program may use before the grader ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long nothing may move: no thread runs or wants to, and no byte is written.
    pub idle: Duration,
    /// Processor time of the program and its children together.
    pub processor: Duration,
    /// Time on the clock.
    pub wall: Duration,
    /// Bytes on standard output and standard error together.
    pub output: usize,
    /// Bytes of memory of the program and its children together, shared pages left out.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let ceiling = sandbox::ceiling();
        Self {
            idle: Duration::from_secs(5),
            processor: ceiling.processor,
            wall: ceiling.wall,
            output: usize::try_from(ceiling.output).unwrap_or(usize::MAX),
            memory: ceiling.memory,
            processes: ceiling.processes,
        }
    }
}

impl Limits {
    /// For a program that has failed to end before: so much shows whether it does now, and nothing is judged by it.
    pub fn hurry(&mut self) {
        const SOON: Duration = Duration::from_secs(2);
        self.idle = self.idle.min(SOON);
        self.processor = self.processor.min(SOON);
    }
}

/// What a program finds on its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing: its end at once.
    #[default]
    Empty,
    /// These bytes, then its end.
    Bytes(Vec<u8>),
    /// A pipe that stays open until [`Running::close_stdin`].
    Open,
}

/// What becomes of what a program writes to its standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stdout {
    /// It is kept.
    #[default]
    Kept,
    /// Nobody reads it: after so many writes under control, which [`Invocation`] cannot count, and without control from
    /// the beginning.
    Closed { after: u32 },
    /// It is full: `/dev/full`.
    Full,
}

/// Why a run could not be made or was given up. Never the program's fault.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The grader was told to stop.
    #[error("interrupted")]
    Interrupted,
    /// The keeper or the program could not be started.
    #[error("{program}: cannot start it: {source}")]
    Start { program: PathBuf, source: io::Error },
    /// What the program needs around it (a folder, a socket) could not be made.
    #[error("cannot set up the run: {0}")]
    Setup(String),
    /// The program cannot be put under control.
    #[error("no control over the program's threads: {0}")]
    Control(String),
    /// The program ended, stopped or outran what holds it under control.
    #[error("control over the program was lost: {0}")]
    Lost(String),
    /// The keeper broke its protocol.
    #[error("the keeper of a run failed: {0}")]
    Keeper(String),
}

/// What is left of a run that has ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// All bytes of standard output.
    pub stdout: Vec<u8>,
    /// All bytes of standard error.
    pub stderr: Vec<u8>,
    /// From the start to the end.
    pub wall: Duration,
    /// How many processes of the program were still alive when it had ended, and were killed.
    pub survivors: usize,
    /// Who wrote the bytes of standard output.
    pub writes: Writes,
}

/// A call of a program, not started yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    program: PathBuf,
    args: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    readable: Vec<PathBuf>,
    network: Network,
    is_trusted: bool,
    is_audited: bool,
    stdin: Stdin,
    stdout: Stdout,
    limits: Limits,
}

impl Invocation {
    /// A call of `program` in `folder` with no arguments, an empty standard input, the default
    /// limits, and an environment of `PATH`, `LANG` and nothing else.
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            folder: folder.into(),
            environment: Vec::new(),
            readable: Vec::new(),
            network: Network::Own,
            is_trusted: false,
            is_audited: false,
            stdin: Stdin::Empty,
            stdout: Stdout::Kept,
            limits: Limits::default(),
        }
    }

    /// Adds arguments.
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Sets environment variables.
    pub fn envs<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.environment.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Lets the program see a file or folder beside its own folder and the system's.
    pub fn readable(mut self, path: impl Into<PathBuf>) -> Self {
        self.readable.push(path.into());
        self
    }

    /// Says whom the program can talk to.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Runs it outside of any jail. For tools that the user installed,
    /// such as cargo, on the course's own files; never for a program that is graded.
    pub fn trusted(mut self) -> Self {
        self.is_trusted = true;
        self.limits.memory = sandbox::ceiling().build_memory;
        self
    }

    /// Has the kernel say which thread writes what, where there is a filter. A write takes some microseconds more.
    pub fn audited(mut self) -> Self {
        self.is_audited = true;
        self
    }

    fn policy(&self) -> Policy {
        let mut readable = self.readable.clone();
        readable.push(self.program.clone());
        let policy = Policy::new(&self.folder, &readable, self.network);
        let tier = if self.is_trusted { Tier::None } else { policy.tier };
        Policy { tier, memory: self.limits.memory, is_audited: self.is_audited, ..policy }
    }

    /// How strong its jail is.
    pub fn tier(&self) -> Tier {
        self.policy().tier
    }

    /// Sets the standard input.
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// Sets what becomes of the standard output.
    pub fn stdout(mut self, stdout: Stdout) -> Self {
        self.stdout = stdout;
        self
    }

    /// What becomes of the standard output.
    pub fn destination(&self) -> Stdout {
        self.stdout
    }

    /// Changes the limits.
    pub fn limit(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    /// When the program cannot be started or the grader is interrupted.
    pub fn run(self) -> Result<Outcome, RunError> {
        self.start()?.wait()
    }

    /// Starts the program, to talk to it while it runs.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn start(self) -> Result<Running, RunError> {
        let fault = |source| RunError::Start { program: self.program.clone(), source };
        let input = StdinFile::new(&self.stdin).map_err(fault)?;
        let order = Order {
            policy: self.policy(),
            stdin: input.path().into(),
            variables: self.environment,
            program: self.program.clone().into(),
            args: self.args,
            folder: fs::canonicalize(&self.folder).map_err(fault)?.into(),
        };
        let mut waiting = self.stdout.keeper().map_err(fault)?;
        if let Stdout::Closed { .. } = self.stdout {
            // The program is not there yet.
            waiting.keeper.stdout = None;
        }
        // One that could not take it says why, to who looks at how it ended.
        let _ = order.send(&waiting.control);
        // Who builds has few calls, and some come before the grader enters its sandbox.
        Running::new(self.program, waiting, input, self.limits, !self.is_trusted)
    }
}

impl Stdout {
    fn keeper(self) -> io::Result<Waiting> {
        match self {
            Self::Kept | Self::Closed { .. } => reserve::take(),
            Self::Full => reserve::start(fs::OpenOptions::new().write(true).open("/dev/full")?.into()),
        }
    }
}

/// What the keeper opens as the program's standard input, by path: it cannot inherit another
/// descriptor without unsafe code.
struct StdinFile {
    folder: Option<sandbox::Folder>,
    /// The grader's end of an open standard input.
    writer: Option<fs::File>,
}

impl StdinFile {
    fn new(stdin: &Stdin) -> io::Result<Self> {
        if let Stdin::Empty = stdin {
            return Ok(Self { folder: None, writer: None });
        }
        let folder = sandbox::folder(sandbox::ceiling().disk)?;
        let path = folder.path().join("stdin");
        let writer = match stdin {
            Stdin::Bytes(bytes) => {
                fs::write(&path, bytes)?;
                None
            }
            _ => Some(open_pipe(&path)?),
        };
        Ok(Self { folder: Some(folder), writer })
    }

    fn path(&self) -> PathBuf {
        self.folder.as_ref().map_or_else(|| "/dev/null".into(), |folder| folder.path().join("stdin"))
    }
}

/// Makes a named pipe and opens it for reading *and* writing, so that neither this open nor the
/// keeper's one waits for the other (pipes of Linux allow it, see fifo(7)).
fn open_pipe(path: &Path) -> io::Result<fs::File> {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    Ok(rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hurry_raises_no_limit() {
        let patient = Limits { idle: Duration::from_secs(8), ..Limits::default() };
        let low =
            Limits { idle: Duration::from_secs(1), processor: Duration::from_secs(1), ..patient.clone() };
        for (limits, soon) in [(patient, 2), (low, 1)] {
            let mut hurried = limits.clone();
            hurried.hurry();
            let soon = Duration::from_secs(soon);
            assert_eq!(hurried, Limits { idle: soon, processor: soon, ..limits });
        }
    }
}
