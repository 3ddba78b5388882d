//! Looking at what threads do, where their output alone does not tell that there are any.

use confine::run::RunError;
use schedule::search::portfolio::Portfolio;
use schedule::search::{self, Search};

use super::worker::Worker;
use crate::case::{Case, Sharing};
use crate::judgement::{Judge, Judgement};
use crate::program::Program;
use crate::work::sharers;

/// Runs at most. What right programs do in every schedule shows in the first.
const MOST_RUNS: usize = 20;

/// What a survey came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Survey {
    /// So many threads share something in some run.
    Shown,
    /// No run shows it; `most` threads did in one of `runs`.
    NotShown { most: usize, runs: usize },
    /// Some run proved nothing, and no other shows it.
    Unproven(String),
    /// No run came to its end.
    NoRun,
}

/// Runs `case` with a trace, under one schedule after another, until one shows what `sharing` asks for.
///
/// # Errors
/// As for [`super::explore`].
pub fn survey(program: &Program, case: &Case, sharing: &Sharing, seed: u64) -> Result<Survey, RunError> {
    let mut worker = Worker::new(program, 0)?;
    let (_, first) = worker.traced(case, seed, search::replay(), &[])?;
    let came_to_its_end = Judge::new(|_| Judgement::Kept);
    let (mut most, mut runs, mut unproven) = (0, 0, None);
    for attempt in Portfolio::new(seed, first.header.steps).propose(MOST_RUNS) {
        let (seen, record) = worker.traced(case, seed, attempt.request, &attempt.steps)?;
        match came_to_its_end.judge(&seen) {
            Some(Judgement::Unproven(reason)) => unproven = unproven.or(Some(reason)),
            Some(_) => {
                runs += 1;
                most = most.max(sharers(&record.events, sharing.operations));
            }
            None => {}
        }
        if most >= sharing.threads {
            return Ok(Survey::Shown);
        }
    }
    Ok(match (unproven, runs) {
        (Some(reason), _) => Survey::Unproven(reason),
        (None, 0) => Survey::NoRun,
        (None, _) => Survey::NotShown { most, runs },
    })
}
