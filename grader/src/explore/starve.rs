//! Whether threads that wait for another one come to rest: that other one is kept from running.

use schedule::ThreadId;

use super::set::Set;
use crate::case::{Case, Observation};
use crate::run::RunError;
use crate::stage::Control;
use schedule::search;

/// The observations of runs of `case` in which one thread after another is kept from running while others can
/// go on. A run in which they go on without end is a [`crate::run::Ending::Livelocked`].
///
/// # Errors
/// As for [`super::explore`].
pub fn starve(control: &Control, case: &Case, seed: u64) -> Result<Vec<(ThreadId, Observation)>, RunError> {
    let set = Set::new(control, 0)?;
    let (_, usual) = set.traced(case, seed, search::replay(), &[])?;
    let steps = usual.header.steps;
    (1..usual.header.threads)
        .map(|thread| Ok((thread, set.perform(case, seed, search::starve(thread, steps), &[])?)))
        .collect()
}
