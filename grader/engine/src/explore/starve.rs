//! Whether threads that wait for another one come to rest: that other one is kept from running.

use std::time::Instant;

use confine::run::RunError;
use schedule::ThreadId;
use schedule::search;

use super::budget::{self, Budget};
use super::worker::Worker;
use crate::case::Case;
use crate::observation::Observation;
use crate::program::Program;

/// The observations of runs of `case` in which one thread after another is kept from running while others can
/// go on. A run in which they go on without end is a [`confine::run::Ending::Livelocked`].
///
/// # Errors
/// As for [`super::explore`].
pub fn starve(program: &Program, case: &Case, seed: u64) -> Result<Vec<(ThreadId, Observation)>, RunError> {
    let mut worker = Worker::new(program, 0)?;
    let started = Instant::now();
    let (_, usual) = worker.traced(case, seed, search::replay(), &[])?;
    let cost = budget::cost(Some(&usual), started.elapsed());
    let (steps, threads) = (usual.header.steps, usual.header.threads);
    let runs = u64::from(threads);
    if Budget::of(runs).runs_of(cost) < runs {
        return Err(RunError::Control("its runs take too long to hold back one thread after another".into()));
    }
    (1..threads)
        .map(|thread| Ok((thread, worker.one(case, seed, search::starve(thread, steps), &[])?.seen)))
        .collect()
}
