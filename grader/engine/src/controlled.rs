//! A program under control: its fork server, and single runs under chosen schedules.

mod link;
pub mod runs;

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use confine::interrupt;
use confine::run::{Ending, Invocation, RunError, Running, panic_or_exit};
use confine::sandbox::{self, Temporary, Tier};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;
use schedule::mechanism::Candidates;
use schedule::protocol::{
    ALONE_VARIABLE, CHILD, Event, Finish, Header, OutputHead, PROCESSOR_VARIABLE, RUNS_VARIABLE, Raise,
    Request, SOCKET_VARIABLE, ThreadRecord,
};
use schedule::{Schedule, ThreadId};

use crate::observation::{Observation, Text};
use crate::sites::Sites;
use link::{Link, Lost};
use runs::Runs;

/// An instrumented program that waits to be run, as often as is wanted. Dropping it ends it.
pub struct Controlled {
    link: Link,
    /// Dropping it ends the program.
    _server: Running,
    /// Holds the socket's file.
    _folder: sandbox::Folder,
    temporary: Option<Temporary>,
    /// The runs that were asked for and not answered yet.
    asked: VecDeque<Request>,
}

/// What one run under control left behind.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// How it ended, and its counts.
    pub header: Header,
    /// Each thread at the end of the run.
    pub threads: Vec<ThreadRecord>,
    /// What was written, in order.
    pub output: Vec<(OutputHead, Vec<u8>)>,
    /// Who took each step; only in a trace.
    pub schedule: Schedule,
    /// Who could have taken each step; only in a trace.
    pub candidates: Vec<Candidates>,
    /// Every operation; only in a trace.
    pub events: Vec<Event>,
    /// How long it waited for the world outside before it was given up as idle.
    pub waited_at_rest: Duration,
}

impl Controlled {
    /// Starts the fork server of `invocation`'s program on one processor. `sites` are the program's own atomic operations.
    ///
    /// # Errors
    /// When the program cannot be started or its runtime does not report: then it is not under
    /// control, and no run of it says anything.
    pub fn start(
        invocation: Invocation,
        runtime: &Path,
        sites: &Sites,
        processor: usize,
        runs: Runs,
    ) -> Result<Self, RunError> {
        let folder = sandbox::folder(1 << 20).map_err(|error| RunError::Setup(error.to_string()))?;
        let path = folder.path().join("control");
        let listener = UnixListener::bind(&path).map_err(|error| RunError::Setup(error.to_string()))?;
        // The program may run as another user than the grader.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))
            .map_err(|error| RunError::Setup(error.to_string()))?;
        // Its own path may hold what the dynamic linker takes for the end of a path; that of the folder does not.
        let preloaded = folder.path().join("runtime.so");
        symlink(runtime, &preloaded).map_err(|error| RunError::Setup(error.to_string()))?;
        let is_alone = invocation.tier() >= Tier::Strong;
        let server = invocation
            .readable(runtime)
            .readable(folder.path())
            .env("LD_PRELOAD", preloaded)
            .env(SOCKET_VARIABLE, &path)
            .env(PROCESSOR_VARIABLE, processor.to_string())
            .env(ALONE_VARIABLE, u8::from(is_alone).to_string())
            .env(RUNS_VARIABLE, runs.word())
            .limit(|limits| {
                (limits.idle, limits.processor, limits.wall) = (Duration::MAX, Duration::MAX, Duration::MAX);
            })
            .start()?;
        let Some(socket) = accept(&listener, &server)? else { return Err(ended_early(server)) };
        let temporary = socket_peercred(&socket).ok().and_then(|peer| Temporary::of(peer.pid));
        let mut link = Link::new(socket).map_err(|error| RunError::Setup(error.to_string()))?;
        link.send(&sites.encoded()).map_err(no_run)?;
        Ok(Self { link, _server: server, _folder: folder, temporary, asked: VecDeque::new() })
    }

    /// Whether another run would begin as the first did: nothing is left in the jail's `/tmp`.
    pub fn is_fresh(&self) -> bool {
        !self.temporary.as_ref().is_some_and(Temporary::is_used)
    }

    /// Runs the program once; `replayed` are the steps to replay before the policy chooses.
    ///
    /// # Errors
    /// When the fork server is gone, was stopped or does not answer, or the grader was interrupted.
    pub fn run(&mut self, request: &Request, replayed: &[ThreadId]) -> Result<RunRecord, RunError> {
        self.ask(request, replayed, &[], &[])?;
        self.answer()
    }

    /// Asks for a run, in which these memory orders are raised, and at once for those that mostly come next.
    ///
    /// # Errors
    /// As for [`Controlled::run`].
    pub fn ask(
        &mut self,
        request: &Request,
        replayed: &[ThreadId],
        raised: &[Raise],
        coming: &[Request],
    ) -> Result<(), RunError> {
        while !self.asked.is_empty() {
            self.answer()?;
        }
        let (steps, orders) = (replayed.len() as u32, raised.len() as u32);
        let request = Request { replayed: steps, raised: orders, ..*request };
        let mut message = request.encode().to_vec();
        message.extend_from_slice(replayed);
        raised.iter().for_each(|raise| message.extend_from_slice(&raise.encode()));
        coming.iter().for_each(|request| message.extend_from_slice(&request.encode()));
        self.link.send(&message).map_err(no_run)?;
        self.asked.push_back(request);
        self.asked.extend(coming);
        Ok(())
    }

    /// Whether the next answer is to this request, with no steps.
    pub fn answers(&self, request: &Request) -> bool {
        self.asked.front() == Some(request)
    }

    /// The next run that was asked for.
    ///
    /// # Errors
    /// As for [`Controlled::run`].
    pub fn answer(&mut self) -> Result<RunRecord, RunError> {
        let request = self.asked.pop_front().ok_or_else(|| no_run(garbled()))?;
        self.link.wait_from_now();
        self.take_answer(&request).map_err(no_run)
    }

    fn take_answer(&mut self, request: &Request) -> Result<RunRecord, Lost> {
        let header = Header::decode(&self.take()?).ok_or_else(garbled)?;
        let threads = (0..header.threads).map(|_| self.thread()).collect::<Result<_, Lost>>()?;
        let output = split_output(&self.bytes(header.output as usize)?);
        let schedule = Schedule::new(self.bytes(header.sent_steps as usize)?);
        let candidates = (0..header.sent_steps).map(|_| self.candidates()).collect::<Result<_, Lost>>()?;
        let events = (0..header.events).map(|_| self.event()).collect::<Result<_, Lost>>()?;
        let waited_at_rest = request.patience_at_rest();
        Ok(RunRecord { header, threads, output, schedule, candidates, events, waited_at_rest })
    }

    fn thread(&mut self) -> Result<ThreadRecord, Lost> {
        ThreadRecord::decode(&self.take()?).ok_or_else(garbled)
    }

    fn candidates(&mut self) -> Result<Candidates, Lost> {
        Ok(Candidates::from_words([u64::from_le_bytes(self.take()?), u64::from_le_bytes(self.take()?)]))
    }

    fn event(&mut self) -> Result<Event, Lost> {
        Event::decode(&self.take()?).ok_or_else(garbled)
    }

    fn take<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], Lost> {
        let mut bytes = [0; COUNT];
        self.link.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, Lost> {
        let mut bytes = vec![0; count];
        self.link.fill(&mut bytes)?;
        Ok(bytes)
    }
}

/// Why there is no run.
fn no_run(lost: Lost) -> RunError {
    match lost {
        Lost::Interrupted => RunError::Interrupted,
        // The server is ended first when the grader is told to stop.
        _ if interrupt::requested() => RunError::Interrupted,
        // A program can end it, and does when it uses more than it may.
        lost => RunError::Lost(lost.to_string()),
    }
}

fn garbled() -> Lost {
    Lost::Broken(std::io::ErrorKind::InvalidData.into())
}

impl RunRecord {
    /// The run as judges see it.
    pub fn observation(&self) -> Observation {
        let writes = |descriptor| {
            let of = move |(head, _): &&(OutputHead, Vec<u8>)| head.descriptor == descriptor;
            self.output.iter().filter(of).map(|(head, text)| (head.thread, text.as_slice()))
        };
        Observation {
            ending: Some(self.ending()),
            stdout: Text::written(writes(1)),
            stderr: Text::put_together(writes(2)),
            threads_left: self.threads.iter().skip(1).filter(|thread| !thread.ended).count(),
            ..Observation::default()
        }
    }

    fn ending(&self) -> Ending {
        let steps = self.header.steps;
        match self.header.finish {
            Finish::Process => self.process_ending(),
            Finish::Deadlock => {
                Ending::Deadlocked { threads: self.threads.iter().filter(|thread| !thread.ended).count() }
            }
            Finish::Budget if self.header.polls_outside => Ending::StepLimit { steps },
            Finish::Budget => Ending::Livelocked { steps },
            Finish::StepLimit => Ending::StepLimit { steps },
            Finish::Divergence => Ending::Diverged { step: steps },
            Finish::TooManyThreads => {
                Ending::ToolError("it has more than 64 threads at once, the most under control".into())
            }
            Finish::OutputLimit => Ending::OutputLimit { bytes: self.header.output as usize },
            Finish::OutsideWait => Ending::Idle { seconds: self.waited_at_rest.as_secs() },
            Finish::KernelThreads => Ending::ToolError("it needs kernel threads".into()),
            Finish::Unseen => Ending::Unseen { call: self.header.call },
        }
    }

    fn process_ending(&self) -> Ending {
        let status = ExitStatus::from_raw(self.header.status);
        match (status.code(), status.signal()) {
            (Some(101), _) => panic_or_exit(&self.own_errors()),
            (Some(code), _) => Ending::Exited(code),
            (None, signal) => Ending::Signalled(signal.unwrap_or(0)),
        }
    }

    /// What its own threads wrote to standard error: a child's panic is not the program's.
    fn own_errors(&self) -> Vec<u8> {
        self.output
            .iter()
            .filter(|(head, _)| head.descriptor == 2 && head.thread != CHILD)
            .flat_map(|(_, text)| text.clone())
            .collect()
    }
}

/// Why a program ended that had not reported. Who could not even be started is the grader's own trouble.
fn ended_early(server: Running) -> RunError {
    match server.wait() {
        Err(error) => error,
        Ok(outcome) => RunError::Control(format!(
            "the program ended before its runtime reported ({}): is it linked statically?",
            outcome.ending
        )),
    }
}

/// Waits for the runtime to connect; `None` when the program ends before.
fn accept(listener: &UnixListener, server: &Running) -> Result<Option<UnixStream>, RunError> {
    const TIME_OUT: Duration = Duration::from_secs(30);
    let fault = |reason: &str| RunError::Control(reason.to_owned());
    let started = Instant::now();
    let tick = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
    loop {
        if interrupt::requested() {
            return Err(RunError::Interrupted);
        }
        let ready = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&tick)).unwrap_or(0) > 0;
        if ready {
            return Ok(Some(listener.accept().map_err(|error| fault(&error.to_string()))?.0));
        }
        if server.has_ended() && !interrupt::requested() {
            return Ok(None);
        }
        if started.elapsed() > TIME_OUT {
            return Err(fault("the program's runtime did not report"));
        }
    }
}

fn split_output(mut bytes: &[u8]) -> Vec<(OutputHead, Vec<u8>)> {
    let mut output = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk()
        && let Some(head) = OutputHead::decode(head)
    {
        let (text, rest) = rest.split_at(rest.len().min(head.length as usize));
        output.push((head, text.to_vec()));
        bytes = rest;
    }
    output
}
