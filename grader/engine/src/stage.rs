//! Where and how a scenario runs the program: plainly, or under control.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use confine::run::{Invocation, Limits, RunError};
use confine::sandbox::Network;
use schedule::ThreadId;
use schedule::protocol::Request;

use crate::controlled::{Controlled, Record};
use crate::observation::Observation;

/// What a scenario has at hand for one run.
pub struct Stage<'a> {
    /// The built program.
    pub program: &'a Path,
    /// A folder that is the program's working directory, empty before each run.
    pub folder: &'a Path,
    /// Whom the program can talk to.
    pub network: Network,
    /// Varies the inputs that a scenario draws by chance. The same seed gives the same inputs.
    pub seed: u64,
    /// Whether a run that does not end is given up soon, as another one has failed for that already.
    pub is_hurried: bool,
    /// Whether the kernel is to say who writes, in a run without control.
    pub is_audited: bool,
    /// How the program's threads are scheduled, if not by the system.
    pub control: Option<&'a RefCell<Servers>>,
}

impl Stage<'_> {
    /// A call of the program in this stage's folder, with the default limits; lower ones where this stage is hurried.
    pub fn call<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        let call = Invocation::new(self.program, self.folder).network(self.network).args(args);
        let call = if self.is_hurried { call.limit(Limits::hurry) } else { call };
        if self.is_audited { call.audited() } else { call }
    }

    /// Runs a call to its end, under control where this stage has it.
    ///
    /// # Errors
    /// When the run could not be made.
    pub fn run(&self, call: Invocation) -> Result<Observation, RunError> {
        match self.control {
            None => Ok(Observation::of(call.run()?)),
            Some(servers) => servers.borrow_mut().run(call),
        }
    }
}

/// A program that is built, and what controls it.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The library that is preloaded into it.
    pub runtime: PathBuf,
}

/// The ports of a server that the program talks to; 0 for any that is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// Where it serves.
    pub serving: u16,
    /// Where nobody listens.
    pub refusing: u16,
}

/// The fork servers of one processor, one for each different call, and how they run next.
pub struct Servers {
    runtime: PathBuf,
    processor: usize,
    servers: Vec<(Invocation, Controlled)>,
    /// How the next run is made.
    pub request: Request,
    /// The steps that it replays first.
    pub replayed: Vec<ThreadId>,
    /// What the last run left.
    pub last: Option<Record>,
    /// Where the program's HTTP server was in the last run: a call with other ports is another call,
    /// and would need another fork server.
    pub ports: Ports,
}

impl Servers {
    /// No server yet.
    pub fn new(program: &Program, processor: usize, request: Request) -> Self {
        Self {
            runtime: program.runtime.clone(),
            processor,
            servers: Vec::new(),
            request,
            replayed: Vec::new(),
            last: None,
            ports: Ports::default(),
        }
    }

    fn run(&mut self, call: Invocation) -> Result<Observation, RunError> {
        self.servers.retain(|(_, server)| server.is_fresh());
        let place = match self.servers.iter().position(|(known, _)| *known == call) {
            Some(place) => place,
            None => {
                let server = Controlled::start(call.clone(), &self.runtime, self.processor)?;
                self.servers.push((call, server));
                self.servers.len() - 1
            }
        };
        let record = self.servers[place].1.run(&self.request, &self.replayed)?;
        let seen = record.observation();
        self.last = Some(record);
        Ok(seen)
    }
}
