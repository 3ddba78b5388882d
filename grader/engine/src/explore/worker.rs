//! One processor's part in an exploration.
//!
//! Where runs leave their folder as they find it ([`confine::sandbox::Looks`]), it is not made anew for each, many are
//! asked for at once, and the program may make them in one process. That they have is looked at afterwards, for all of
//! them: if not, they count for nothing, and from then on each run has a new folder and a process of its own.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use confine::run::RunError;
use confine::sandbox;
use schedule::ThreadId;
use schedule::protocol::{Finish, Raise, Request};

use super::is_slow;
use super::recent::Recent;
use crate::case::{Case, External};
use crate::controlled::RunRecord;
use crate::controlled::runs::{Runs, note_leak};
use crate::fork_servers::{Ahead, ControlledRun, ForkServers};
use crate::observation::Observation;
use crate::program::Program;
use crate::run_context::RunContext;

/// One processor's folder and servers. It is for one case.
pub(super) struct Worker<'a> {
    program: &'a Program,
    folder: sandbox::Folder,
    servers: ForkServers<'a>,
    ahead: Ahead,
    /// What was seen lately.
    pub(super) recent: Recent,
    /// How long a run took lately.
    cost: Duration,
}

/// One run.
pub(super) struct Made {
    /// What was seen.
    pub(super) seen: Observation,
    /// What control recorded, where the case ran the program under it.
    pub(super) record: Option<RunRecord>,
    /// How long it took.
    pub(super) clock: Duration,
}

/// How a run is made, and the steps that it takes first.
pub(super) type Wanted<'a> = (Request, &'a [ThreadId]);

impl<'a> Worker<'a> {
    pub(super) fn new(program: &'a Program, place: usize) -> Result<Self, RunError> {
        let servers = ForkServers::new(program, super::processors::of_place(place));
        let (folder, ahead) = (fresh_folder()?, Ahead::default());
        let recent = Recent::default();
        Ok(Self { program, folder, servers, ahead, recent, cost: Duration::from_millis(1) })
    }

    /// From now on these memory orders are raised in all runs.
    pub(super) fn raise(&mut self, orders: Vec<Raise>) {
        self.servers.raise(orders);
    }

    /// How many runs it should make at once: what takes long is asked for one at a time, so that it can be given up.
    pub(super) fn at_once(&self) -> usize {
        const MOST: u128 = 32;
        const SPAN: Duration = Duration::from_millis(4);
        match self.ahead.is_still() {
            true => (SPAN.as_micros() / self.cost.as_micros().max(1)).clamp(1, MOST) as usize,
            false => 1,
        }
    }

    /// Makes these runs, until one cannot be made, or ends slowly. They are made again where the program turns out to need
    /// kernel threads.
    pub(super) fn perform(
        &mut self,
        case: &Case,
        seed: u64,
        wanted: &[Wanted<'_>],
    ) -> Vec<Result<Made, RunError>> {
        let started = Instant::now();
        let wanted: Vec<Wanted<'_>> =
            wanted.iter().map(|&(request, steps)| (limited(case, request), steps)).collect();
        if let Some(made) = self.perform_still(case, seed, &wanted) {
            self.cost = started.elapsed() / made.len().max(1) as u32;
            return made;
        }
        up_to_the_last(&wanted, |wanted| self.perform_alone(case, seed, wanted))
    }

    /// Those runs, if nothing was changed by any of them.
    fn perform_still(
        &mut self,
        case: &Case,
        seed: u64,
        wanted: &[Wanted<'_>],
    ) -> Option<Vec<Result<Made, RunError>>> {
        if !self.ahead.is_still() || !self.servers.reset(Runs::of(case)) {
            self.ahead.give_up();
            return None;
        }
        if !self.ahead.has_begun() && self.renew().is_err() {
            return self.give_up();
        }
        let made = up_to_the_last(wanted, |wanted| self.perform_once(case, seed, wanted));
        let needs_threads = made.iter().flatten().any(|run| run.finish() == Some(Finish::KernelThreads));
        let are_fresh = self.servers.are_fresh();
        if made.last().is_none_or(is_last) {
            // What was asked for behind it is not waited for.
            self.servers.end();
        }
        if !are_fresh || needs_threads || !self.ahead.is_as_before(self.folder.path()) {
            return self.give_up();
        }
        if made.iter().flatten().any(Made::has_leaked) {
            note_leak();
        }
        Some(made)
    }

    /// From now on each run has a new folder and a process of its own.
    fn give_up<T>(&mut self) -> Option<T> {
        self.ahead.give_up();
        self.servers.make_all(Runs::Forked);
        None
    }

    fn perform_alone(&mut self, case: &Case, seed: u64, wanted: &[Wanted<'_>]) -> Result<Made, RunError> {
        self.renew()?;
        let run = self.perform_once(case, seed, wanted)?;
        if run.finish() != Some(Finish::KernelThreads) {
            return Ok(run);
        }
        self.servers.make_all(Runs::WithKernelThreads);
        self.renew()?;
        self.perform_once(case, seed, wanted)
    }

    /// Which runs came before in this folder depends on how fast the processors were.
    fn renew(&mut self) -> Result<(), RunError> {
        if self.folder.renew().is_err() {
            self.folder = fresh_folder()?;
        }
        Ok(())
    }

    /// The first of these runs; the others may be asked for with it.
    fn perform_once(&mut self, case: &Case, seed: u64, wanted: &[Wanted<'_>]) -> Result<Made, RunError> {
        let started = Instant::now();
        let folder = self.folder.path();
        let runs = Runs::of(case);
        let run = RefCell::new(ControlledRun::new(&mut self.servers, wanted, runs, folder, &mut self.ahead));
        let context = RunContext {
            program: &self.program.path,
            folder,
            network: case.network,
            seed,
            is_hurried: false,
            is_audited: false,
            control: Some(&run),
        };
        let seen = case.scenario.perform(&context)?;
        let record = run.into_inner().into_record();
        let clock = started.elapsed();
        Ok(Made { seen, record, clock })
    }

    /// One run with a trace.
    pub(super) fn traced(
        &mut self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, RunRecord), RunError> {
        let made = self.one(case, seed, Request { trace: true, ..request }, steps)?;
        let uncontrolled = || RunError::Control("the case does not run the program under control".into());
        Ok((made.seen, made.record.ok_or_else(uncontrolled)?))
    }

    /// One run.
    pub(super) fn one(
        &mut self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Made, RunError> {
        let none = || RunError::Control("the run was not made".into());
        self.perform(case, seed, &[(request, steps)]).pop().unwrap_or_else(|| Err(none()))
    }
}

impl Made {
    fn finish(&self) -> Option<Finish> {
        self.record.as_ref().map(|record| record.header.finish)
    }

    fn has_leaked(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.header.leaked)
    }
}

/// A request as the case has it.
fn limited(case: &Case, request: Request) -> Request {
    Request {
        keeps_to_itself: case.external == External::OwnThreads,
        budget: case.most_steps.unwrap_or(request.budget),
        ..case.chances.limit(request)
    }
}

/// What `act` makes of the first of these, of the first of those behind it, and so on, to the last that is made.
fn up_to_the_last(
    wanted: &[Wanted<'_>],
    mut act: impl FnMut(&[Wanted<'_>]) -> Result<Made, RunError>,
) -> Vec<Result<Made, RunError>> {
    let mut made = Vec::new();
    for place in 0..wanted.len() {
        made.push(act(&wanted[place..]));
        if made.last().is_some_and(is_last) {
            break;
        }
    }
    made
}

/// Whether none is made after it.
fn is_last(run: &Result<Made, RunError>) -> bool {
    run.as_ref().map_or(true, |made| is_slow(made.seen.ending()))
}

fn fresh_folder() -> Result<sandbox::Folder, RunError> {
    sandbox::folder(sandbox::ceiling().disk).map_err(|error| RunError::Setup(error.to_string()))
}
