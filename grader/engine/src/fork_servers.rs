//! The fork servers of a program on one processor, and the single runs that they make.

use std::path::Path;

use confine::run::{Invocation, RunError, Stdout};
use confine::sandbox::Looks;
use schedule::ThreadId;
use schedule::protocol::{Raise, Request};

use crate::controlled::runs::{Runs, has_leaked};
use crate::controlled::{Controlled, RunRecord};
use crate::observation::Observation;
use crate::program::Program;
use crate::run_context::{Control, Kept};

/// One fork server for each different call.
pub struct ForkServers<'a> {
    program: &'a Program,
    processor: usize,
    servers: Vec<(Invocation, Runs, Controlled)>,
    kept: Kept,
    /// Memory orders that are raised in all runs.
    raised: Vec<Raise>,
    /// How all runs are made, where that is not up to the case.
    all: Option<Runs>,
}

impl<'a> ForkServers<'a> {
    /// No server yet.
    pub fn new(program: &'a Program, processor: usize) -> Self {
        Self { program, processor, servers: Vec::new(), kept: None, raised: Vec::new(), all: Runs::wanted() }
    }

    /// From now on these memory orders are raised in all runs.
    pub fn raise(&mut self, orders: Vec<Raise>) {
        self.raised = orders;
    }

    /// Ends all servers; from now on all runs are made so, unless with kernel threads.
    pub fn make_all(&mut self, runs: Runs) {
        let runs = if self.all == Some(Runs::WithKernelThreads) { Runs::WithKernelThreads } else { runs };
        (self.servers, self.kept, self.all) = (Vec::new(), None, Some(runs));
    }

    /// Ends all servers.
    pub fn end(&mut self) {
        self.servers.clear();
    }

    /// Whether another run would begin as the first did, whatever server makes it.
    pub fn are_fresh(&self) -> bool {
        self.servers.iter().all(|(_, _, server)| server.is_fresh())
    }

    /// Whether runs that may be made so, by the case, put their process back.
    pub fn reset(&self, runs: Runs) -> bool {
        self.made(runs) == Runs::Reset
    }

    fn made(&self, runs: Runs) -> Runs {
        match self.all.unwrap_or(runs) {
            Runs::Reset if has_leaked() => Runs::Forked,
            runs => runs,
        }
    }

    /// The server of `call` among those that there are.
    fn find(&self, call: &Invocation, runs: Runs) -> Option<usize> {
        let runs = self.made(runs);
        self.servers.iter().position(|(known, made, _)| *made == runs && known == call)
    }

    fn at(&mut self, place: usize) -> &mut Controlled {
        &mut self.servers[place].2
    }

    /// The server of `call`, which is started where there is none.
    fn of(&mut self, call: Invocation, runs: Runs) -> Result<usize, RunError> {
        let runs = self.made(runs);
        self.servers.retain(|(_, _, server)| server.is_fresh());
        if let Some(place) = self.find(&call, runs) {
            return Ok(place);
        }
        let Program { runtime, .. } = self.program;
        let server = Controlled::start(call.clone(), runtime, self.program.sites(), self.processor, runs)?;
        self.servers.push((call, runs, server));
        Ok(self.servers.len() - 1)
    }
}

/// Whether runs can be asked for before the ones before them are judged: as long as the folder stays as it is.
#[derive(Debug, Default)]
pub struct Ahead {
    /// How the folder looked before the first run.
    looks: Option<Looks>,
    /// Whether something has changed, or may have.
    is_over: bool,
    /// Whether a scenario calls the program more than once: which of its calls comes next is not known.
    calls_twice: bool,
}

impl Ahead {
    /// Whether nothing has changed so far.
    pub fn is_still(&self) -> bool {
        !self.is_over
    }

    /// Nothing is asked for ahead any more.
    pub fn give_up(&mut self) {
        self.is_over = true;
    }

    /// Before a run.
    fn begin(&mut self, folder: &Path) {
        if !self.is_over && self.looks.is_none() {
            self.looks = Looks::settled(folder);
        }
    }

    fn asks(&self) -> bool {
        !self.is_over && self.looks.is_some() && !self.calls_twice
    }

    /// Whether it is known how the folder looks, which is then not made anew.
    pub fn has_begun(&self) -> bool {
        self.looks.is_some()
    }

    /// Whether the folder looks as before the first run.
    pub fn is_as_before(&self, folder: &Path) -> bool {
        self.looks.is_some() && self.looks == Looks::now(folder)
    }
}

/// One run of a case: how it is made, and what it left.
pub struct ControlledRun<'a, 'p> {
    servers: &'a mut ForkServers<'p>,
    /// The run, and those that come next; with the steps that each replays first.
    wanted: &'a [(Request, &'a [ThreadId])],
    runs: Runs,
    folder: &'a Path,
    ahead: &'a mut Ahead,
    record: Option<RunRecord>,
}

impl<'a, 'p> ControlledRun<'a, 'p> {
    /// The first of the runs that are wanted, still to be made.
    pub fn new(
        servers: &'a mut ForkServers<'p>,
        wanted: &'a [(Request, &'a [ThreadId])],
        runs: Runs,
        folder: &'a Path,
        ahead: &'a mut Ahead,
    ) -> Self {
        Self { servers, wanted, runs, folder, ahead, record: None }
    }

    /// What it left; nothing where the scenario did not run the program to its end.
    pub fn into_record(self) -> Option<RunRecord> {
        self.record
    }

    /// Those that can be asked for with the first.
    fn coming(&self, writes: Option<u32>) -> Vec<Request> {
        let plain = |(request, steps): &&(Request, &[ThreadId])| steps.is_empty() && !request.trace;
        let coming = self.wanted.iter().skip(1).take_while(plain);
        coming.map(|(request, _)| Request { writes, ..*request }).collect()
    }
}

impl Control for ControlledRun<'_, '_> {
    fn run(&mut self, call: Invocation) -> Result<Observation, RunError> {
        let writes = match call.destination() {
            Stdout::Kept => None,
            Stdout::Closed { after } => Some(after),
            Stdout::Full => Some(0),
        };
        let Some((request, steps)) = self.wanted.first() else { return Err(none()) };
        let request = Request { writes, ..*request };
        self.ahead.begin(self.folder);
        self.ahead.calls_twice |= self.record.is_some();
        // The server itself keeps its output, whatever its runs find.
        let call = call.stdout(Stdout::Kept);
        let known = self.servers.find(&call, self.runs);
        let asked = known.filter(|&place| self.servers.at(place).answers(&request));
        let place = match asked {
            Some(place) => place,
            None => {
                let coming = if self.ahead.asks() && self.servers.raised.is_empty() {
                    self.coming(writes)
                } else {
                    Vec::new()
                };
                let place = self.servers.of(call, self.runs)?;
                let ForkServers { servers, raised, .. } = &mut *self.servers;
                servers[place].2.ask(&request, steps, raised, &coming)?;
                place
            }
        };
        let record = self.servers.at(place).answer()?;
        let seen = record.observation();
        self.record = Some(record);
        Ok(seen)
    }

    fn kept(&mut self) -> &mut Kept {
        &mut self.servers.kept
    }
}

fn none() -> RunError {
    RunError::Control("no run was asked for".into())
}
