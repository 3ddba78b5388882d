//! The fork servers of a program on one processor, and the single runs that they make.

use confine::run::{Invocation, RunError, Stdout};
use schedule::ThreadId;
use schedule::protocol::Request;

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
    /// How all runs are made, where that is not up to the case.
    all: Option<Runs>,
}

impl<'a> ForkServers<'a> {
    /// No server yet.
    pub fn new(program: &'a Program, processor: usize) -> Self {
        Self { program, processor, servers: Vec::new(), kept: None, all: Runs::wanted() }
    }

    /// Ends all servers; from now on all runs are made so.
    pub fn make_all(&mut self, runs: Runs) {
        (self.servers, self.kept, self.all) = (Vec::new(), None, Some(runs));
    }

    /// The server of `call`, which is started where there is none.
    fn of(&mut self, call: Invocation, runs: Runs) -> Result<&mut Controlled, RunError> {
        let runs = match self.all.unwrap_or(runs) {
            Runs::Reset if has_leaked() => Runs::Forked,
            runs => runs,
        };
        self.servers.retain(|(_, _, server)| server.is_fresh());
        let is_it = |(known, made, _): &(Invocation, Runs, Controlled)| *known == call && *made == runs;
        let place = match self.servers.iter().position(is_it) {
            Some(place) => place,
            None => {
                let server = Controlled::start(call.clone(), &self.program.runtime, self.processor, runs)?;
                self.servers.push((call, runs, server));
                self.servers.len() - 1
            }
        };
        Ok(&mut self.servers[place].2)
    }
}

/// One run of a case: how it is made, and what it left.
pub struct ControlledRun<'a, 'p> {
    servers: &'a mut ForkServers<'p>,
    request: Request,
    /// The steps that it replays first.
    replayed: &'a [ThreadId],
    runs: Runs,
    record: Option<RunRecord>,
}

impl<'a, 'p> ControlledRun<'a, 'p> {
    /// A run that is still to be made.
    pub fn new(
        servers: &'a mut ForkServers<'p>,
        request: Request,
        replayed: &'a [ThreadId],
        runs: Runs,
    ) -> Self {
        Self { servers, request, replayed, runs, record: None }
    }

    /// What it left; nothing where the scenario did not run the program to its end.
    pub fn into_record(self) -> Option<RunRecord> {
        self.record
    }
}

impl Control for ControlledRun<'_, '_> {
    fn run(&mut self, call: Invocation) -> Result<Observation, RunError> {
        let writes = match call.destination() {
            Stdout::Kept => None,
            Stdout::Closed { after } => Some(after),
            Stdout::Full => Some(0),
        };
        let request = Request { writes, ..self.request };
        // The server itself keeps its output, whatever its runs find.
        let record = self.servers.of(call.stdout(Stdout::Kept), self.runs)?.run(&request, self.replayed)?;
        let seen = record.observation();
        self.record = Some(record);
        Ok(seen)
    }

    fn kept(&mut self) -> &mut Kept {
        &mut self.servers.kept
    }
}
