//! One processor's part in an exploration.

use std::cell::RefCell;

use confine::run::RunError;
use confine::sandbox;
use schedule::ThreadId;
use schedule::protocol::{Finish, Request};

use crate::case::{Case, External};
use crate::controlled::RunRecord;
use crate::controlled::runs::{Runs, note_leak};
use crate::fork_servers::{ControlledRun, ForkServers};
use crate::observation::Observation;
use crate::program::Program;
use crate::run_context::RunContext;

/// One processor's folder and servers.
pub(super) struct Worker<'a> {
    program: &'a Program,
    folder: sandbox::Folder,
    servers: ForkServers<'a>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(program: &'a Program, place: usize) -> Result<Self, RunError> {
        let processor = super::processors::of_place(place);
        Ok(Self { program, folder: fresh_folder()?, servers: ForkServers::new(program, processor) })
    }

    /// One run: what was seen, and what control recorded where the case ran the program under it. It is made again where the
    /// program turns out to need kernel threads.
    pub(super) fn perform(
        &mut self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, Option<RunRecord>), RunError> {
        let run = self.perform_once(case, seed, request, steps)?;
        let header = run.1.as_ref().map(|record| record.header);
        if header.is_some_and(|header| header.leaked) {
            note_leak();
        }
        if header.is_none_or(|header| header.finish != Finish::KernelThreads) {
            return Ok(run);
        }
        self.servers.make_all(Runs::WithKernelThreads);
        self.perform_once(case, seed, request, steps)
    }

    fn perform_once(
        &mut self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, Option<RunRecord>), RunError> {
        // Which runs came before in this folder depends on how fast the processors were.
        if self.folder.renew().is_err() {
            self.folder = fresh_folder()?;
        }
        let request = Request {
            keeps_to_itself: case.external == External::OwnThreads,
            budget: case.most_steps.unwrap_or(request.budget),
            ..case.chances.limit(request)
        };
        let run = RefCell::new(ControlledRun::new(&mut self.servers, request, steps, Runs::of(case)));
        let context = RunContext {
            program: &self.program.path,
            folder: self.folder.path(),
            network: case.network,
            seed,
            is_hurried: false,
            is_audited: false,
            control: Some(&run),
        };
        let seen = case.scenario.perform(&context)?;
        Ok((seen, run.into_inner().into_record()))
    }

    /// One run with a trace.
    pub(super) fn traced(
        &mut self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, RunRecord), RunError> {
        let (seen, record) = self.perform(case, seed, Request { trace: true, ..request }, steps)?;
        let uncontrolled = || RunError::Control("the case does not run the program under control".into());
        Ok((seen, record.ok_or_else(uncontrolled)?))
    }
}

fn fresh_folder() -> Result<sandbox::Folder, RunError> {
    sandbox::folder(sandbox::ceiling().disk).map_err(|error| RunError::Setup(error.to_string()))
}
