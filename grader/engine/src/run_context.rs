//! Where and how a scenario runs the program: plainly, or under control.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::OsString;
use std::path::Path;

use confine::run::{Invocation, Limits, RunError};
use confine::sandbox::Network;

use crate::observation::Observation;

/// What a scenario has at hand for one run.
pub struct RunContext<'a> {
    /// The built program.
    pub program: &'a Path,
    /// A folder that is the program's working directory: empty before each run, or as the run before has left it where it was
    /// not changed.
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
    pub control: Option<&'a RefCell<dyn Control + 'a>>,
}

/// What runs a program along a schedule.
pub trait Control {
    /// Runs a call to its end.
    ///
    /// # Errors
    /// When the run could not be made.
    fn run(&mut self, call: Invocation) -> Result<Observation, RunError>;

    /// What the scenario kept from the run before, on the same processor.
    fn kept(&mut self) -> &mut Kept;
}

/// What a scenario keeps from one run to the next: its own type.
pub type Kept = Option<Box<dyn Any + Send>>;

impl RunContext<'_> {
    /// A call of the program in this run's folder, with the default limits; lower ones where the run is hurried.
    pub fn call<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        let call = Invocation::new(self.program, self.folder).network(self.network).args(args);
        let call = if self.is_hurried { call.limit(Limits::hurry) } else { call };
        if self.is_audited { call.audited() } else { call }
    }

    /// Runs a call to its end, under control where the run has it.
    ///
    /// # Errors
    /// When the run could not be made.
    pub fn run(&self, call: Invocation) -> Result<Observation, RunError> {
        match self.control {
            None => Ok(Observation::of(call.run()?)),
            Some(control) => control.borrow_mut().run(call),
        }
    }

    /// What the scenario kept in its last run under control on this processor. A call that differs from that run's is
    /// another call and needs another fork server: so what a scenario chooses anew it had better choose as before.
    pub fn kept<T: Copy + 'static>(&self) -> Option<T> {
        self.control?.borrow_mut().kept().as_ref()?.downcast_ref().copied()
    }

    /// Keeps something for [`RunContext::kept`] of the next run.
    pub fn keep<T: Copy + Send + 'static>(&self, value: T) {
        if let Some(control) = self.control {
            *control.borrow_mut().kept() = Some(Box::new(value));
        }
    }
}
