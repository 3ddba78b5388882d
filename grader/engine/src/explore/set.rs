//! One processor's share of an exploration.

use std::cell::RefCell;

use confine::run::RunError;
use confine::sandbox;
use schedule::ThreadId;
use schedule::protocol::Request;
use schedule::search;

use crate::case::{Case, Talks};
use crate::controlled::Record;
use crate::observation::Observation;
use crate::stage::{Program, Servers, Stage};

/// One processor's folder and servers.
pub(super) struct Set<'a> {
    program: &'a Program,
    folder: RefCell<sandbox::Folder>,
    servers: RefCell<Servers>,
}

impl<'a> Set<'a> {
    pub(super) fn new(program: &'a Program, place: usize) -> Result<Self, RunError> {
        let processor = super::processors::of_place(place);
        Ok(Self {
            program,
            folder: RefCell::new(fresh_folder()?),
            servers: RefCell::new(Servers::new(program, processor, search::replay())),
        })
    }

    /// One run: what was seen; [`Set::last`] has the rest.
    pub(super) fn perform(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Observation, RunError> {
        // Which runs came before in this folder depends on how fast the processors were.
        let renewed = self.folder.borrow().renew();
        if renewed.is_err() {
            *self.folder.borrow_mut() = fresh_folder()?;
        }
        let folder = self.folder.borrow();
        {
            let mut servers = self.servers.borrow_mut();
            servers.request = Request { keeps_to_itself: case.talks == Talks::Within, ..request };
            servers.replayed = steps.to_vec();
            servers.last = None;
        }
        let stage = Stage {
            program: &self.program.path,
            folder: folder.path(),
            network: case.network,
            seed,
            is_hurried: false,
            is_audited: false,
            control: Some(&self.servers),
        };
        case.scenario.perform(&stage)
    }

    pub(super) fn traced(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, Record), RunError> {
        let seen = self.perform(case, seed, Request { trace: true, ..request }, steps)?;
        let record = self.last();
        Ok((
            seen,
            record
                .ok_or_else(|| RunError::Control("the case does not run the program under control".into()))?,
        ))
    }

    /// The record of the last run, once.
    pub(super) fn last(&self) -> Option<Record> {
        self.servers.borrow_mut().last.take()
    }
}

fn fresh_folder() -> Result<sandbox::Folder, RunError> {
    sandbox::folder(sandbox::ceiling().disk).map_err(|error| RunError::Stage(error.to_string()))
}
