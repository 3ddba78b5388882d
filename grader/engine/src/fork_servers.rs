//! The fork servers of a program on one processor, and the single runs that they make.

use confine::run::{Invocation, RunError, Stdout};
use schedule::ThreadId;
use schedule::protocol::Request;

use crate::controlled::{Controlled, RunRecord, Threads};
use crate::observation::Observation;
use crate::program::Program;
use crate::run_context::{Control, Kept};

/// One fork server for each different call.
pub struct ForkServers<'a> {
    program: &'a Program,
    processor: usize,
    servers: Vec<(Invocation, Controlled)>,
    kept: Kept,
    threads: Threads,
}

impl<'a> ForkServers<'a> {
    /// No server yet.
    pub fn new(program: &'a Program, processor: usize) -> Self {
        Self { program, processor, servers: Vec::new(), kept: None, threads: Threads::wanted() }
    }

    /// Ends all servers; those that follow give the program kernel threads.
    pub fn use_kernel_threads(&mut self) {
        (self.servers, self.kept, self.threads) = (Vec::new(), None, Threads::Kernel);
    }

    /// The server of `call`, which is started where there is none.
    fn of(&mut self, call: Invocation) -> Result<&mut Controlled, RunError> {
        self.servers.retain(|(_, server)| server.is_fresh());
        let place = match self.servers.iter().position(|(known, _)| *known == call) {
            Some(place) => place,
            None => {
                let server =
                    Controlled::start(call.clone(), &self.program.runtime, self.processor, self.threads)?;
                self.servers.push((call, server));
                self.servers.len() - 1
            }
        };
        Ok(&mut self.servers[place].1)
    }
}

/// One run of a case: how it is made, and what it left.
pub struct ControlledRun<'a, 'p> {
    servers: &'a mut ForkServers<'p>,
    request: Request,
    /// The steps that it replays first.
    replayed: &'a [ThreadId],
    record: Option<RunRecord>,
}

impl<'a, 'p> ControlledRun<'a, 'p> {
    /// A run that is still to be made.
    pub fn new(servers: &'a mut ForkServers<'p>, request: Request, replayed: &'a [ThreadId]) -> Self {
        Self { servers, request, replayed, record: None }
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
        let record = self.servers.of(call.stdout(Stdout::Kept))?.run(&request, self.replayed)?;
        let seen = record.observation();
        self.record = Some(record);
        Ok(seen)
    }

    fn kept(&mut self) -> &mut Kept {
        &mut self.servers.kept
    }
}
