//! Looking at the child processes of a running program, and killing one.
//!
//! Nothing here trusts to luck: a program that was too quick to be looked at gets a larger limit,
//! and where all limits were too small for it the notes say so.

use std::thread;

use confine::run::RunError;
use engine::case::Scenario;
use engine::observation::Observation;
use engine::run_context::RunContext;

use super::known::large_limits;
use super::transcript::Session;
use crate::scripted::children::{ChildrenWatch, PAUSE, kill_one_child};

/// After so many runs with enough looks a program has had its chances.
pub(super) const ENOUGH_RUNS: usize = 2;

/// How the notes begin that tell the number of children.
pub(super) const AT_MOST: &str = "child processes at once, at most: ";

/// The note of a run with enough looks.
pub(super) const LOOKED_ENOUGH: &str = "looked at often enough";

/// The note of a run in which a child was killed.
pub(super) const KILLED: &str = "one child process was killed";

/// The note of a run of which nine tenths were still to come then.
pub(super) const KILLED_EARLY: &str = "early in the run";

/// Who starts children starts them before so many looks.
const SOON: usize = 20;

/// Counts the child processes that are alive at once.
pub(super) struct Count {
    /// What the call says of the mode, if it does.
    pub(super) mode: Option<&'static str>,
    /// How many workers it asks for.
    pub(super) workers: usize,
    /// So many child processes there have to be.
    pub(super) children: usize,
}

impl Scenario for Count {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let mut session = Session::default();
        let mut limits = large_limits().peekable();
        let mut runs_with_enough_looks = 0;
        while let Some(&limit) = limits.peek() {
            let watch = self.watch(context, limit, &mut session)?;
            if watch.is_enough() {
                runs_with_enough_looks += 1;
            } else {
                limits.next();
            }
            let is_seen = if self.children == 0 { watch.looks >= SOON } else { watch.most >= self.children };
            if is_seen || runs_with_enough_looks >= ENOUGH_RUNS || !session.goes_well() {
                break;
            }
        }
        Ok(session.observation())
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {} & pgrep --count --parent $!", shown_args(self.mode, self.workers))
    }
}

impl Count {
    /// Runs the program once and looks at its children until it ends.
    fn watch(
        &self,
        context: &RunContext<'_>,
        limit: u64,
        session: &mut Session,
    ) -> Result<ChildrenWatch, RunError> {
        let args = args(self.mode, self.workers, limit);
        let running = context.call(&args).start()?;
        let mut watch = ChildrenWatch::default();
        while let Some(program) = running.pid() {
            watch.look(program);
            thread::sleep(PAUSE);
        }
        let enough = watch.is_enough().then(|| LOOKED_ENOUGH.to_owned());
        let notes = [format!("{AT_MOST}{}", watch.most)].into_iter().chain(enough).collect();
        session.add(&args, running.wait()?, notes);
        Ok(watch)
    }
}

/// Kills one of `workers` child processes.
pub(super) struct Death {
    pub(super) workers: usize,
}

impl Scenario for Death {
    fn perform(&self, context: &RunContext<'_>) -> Result<Observation, RunError> {
        let mut session = Session::default();
        for limit in large_limits() {
            let args = args(PROCESSES, self.workers, limit);
            let running = context.call(&args).start()?;
            let mut watch = ChildrenWatch::default();
            let killed = kill_one_child(&running, &mut watch);
            let outcome = running.wait()?;
            let early = killed.is_some_and(|after| after * 10 <= outcome.wall);
            let notes = [(killed.is_some(), KILLED), (early, KILLED_EARLY)];
            let notes = notes.into_iter().filter(|(holds, _)| *holds).map(|(_, note)| note.to_owned());
            session.add(&args, outcome, notes.collect());
            let hopeless = killed.is_none() && watch.is_enough();
            if early || hopeless || !session.goes_well() {
                break;
            }
        }
        Ok(session.observation())
    }

    fn shown(&self, program: &str) -> String {
        format!("{program} {} & pkill -KILL --oldest --parent $!", shown_args(PROCESSES, self.workers))
    }
}

const PROCESSES: Option<&str> = Some("processes");

fn args(mode: Option<&str>, workers: usize, limit: u64) -> Vec<String> {
    let mode = mode.into_iter().flat_map(|mode| ["--mode".to_owned(), mode.to_owned()]);
    mode.chain(["--workers".to_owned(), workers.to_string(), limit.to_string()]).collect()
}

fn shown_args(mode: Option<&str>, workers: usize) -> String {
    args(mode, workers, large_limits().next().unwrap_or(0)).join(" ")
}
