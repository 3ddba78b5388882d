//! Proofs: where the threads of a case do little with each other, all orders of that are tried.
//!
//! The search runs one schedule of each class of those that differ in nothing that matters ([`Dpor`]). It rests on what is
//! known of each step ([`super::touched`]), and that is held against what was seen before: each outcome of the portfolio's
//! schedules must be among the search's, and so must each class of some that are drawn by chance. Otherwise nothing is said.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use confine::run::RunError;
use schedule::policy::Kind;
use schedule::protocol::Request;
use schedule::search::dpor::Dpor;
use schedule::search::happens_before::{HappensBefore, Step};
use schedule::search::{Attempt, replay};

use super::touched::{Reader, Touched};
use super::worker::Worker;
use super::{Exploration, Explorer};
use crate::controlled::RunRecord;
use crate::judgement::Judgement;
use crate::observation::Observation;

/// A search that takes more runs is given up.
const MOST_RUNS: u64 = 4_000;
/// And one whose runs have more steps together.
const MOST_STEPS: usize = 400_000;
/// Longer runs are not looked at: each step is held against all before it.
const LONGEST: u32 = 1_000;
/// So many schedules are drawn by chance, and held against it.
const SAMPLES: u64 = 100;

/// That all orders were tried of what the threads of a case do with each other, and that no check broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The most operations on shared data in a run.
    pub operations: usize,
    /// The orders that differ.
    pub classes: usize,
    /// Runs of the search.
    pub runs: u64,
}

/// What is the same of runs whose operations on shared data have the same order, by its hash.
type Class = u64;

/// What the search has seen.
#[derive(Default)]
struct Seen {
    classes: HashSet<Class>,
    outcomes: HashSet<u64>,
    operations: usize,
    /// Of all runs.
    steps: usize,
}

/// Why there is no proof.
enum Unproved {
    /// A run breaks a check: this one, by the place of its judge.
    Broken(Attempt, usize),
    /// Not everything is known, or was tried.
    Unknown(String),
    /// A run could not be made.
    Failed(RunError),
}

impl From<RunError> for Unproved {
    fn from(error: RunError) -> Self {
        Self::Failed(error)
    }
}

impl Explorer<'_> {
    /// Tries all orders, where nothing was found before. A run that breaks a check is a failure as any other. With old values
    /// of memory there are more runs than orders of operations.
    pub(super) fn prove(
        &self,
        exploration: &mut Exploration,
        worker: &mut Worker<'_>,
    ) -> Result<(), RunError> {
        match self.all_orders(exploration, worker) {
            Ok(proof) => exploration.proof = Some(proof),
            Err(Unproved::Broken(attempt, place)) => {
                let attempt = Attempt { number: exploration.schedules + attempt.number, ..attempt };
                self.confirm(&mut exploration.findings[place], place, &attempt, worker)?;
            }
            Err(Unproved::Unknown(reason)) => exploration.unproved = Some(reason),
            Err(Unproved::Failed(RunError::Interrupted)) => return Err(RunError::Interrupted),
            // What was found before stands.
            Err(Unproved::Failed(error)) => exploration.unproved = Some(error.to_string()),
        }
        Ok(())
    }

    fn all_orders(&self, exploration: &Exploration, worker: &mut Worker<'_>) -> Result<Proof, Unproved> {
        self.is_provable().map_err(Unproved::Unknown)?;
        let mut reader = Reader::new(self.program.symbols());
        let mut search = Dpor::new();
        let mut seen = Seen::default();
        let mut runs = 0;
        while let Some(attempt) = search.propose() {
            if attempt.number == MOST_RUNS || seen.steps > MOST_STEPS {
                return Err(Unproved::Unknown("too many runs are needed".to_owned()));
            }
            runs = attempt.number + 1;
            let (touched, outcome) = self.touched(&attempt, &mut reader, worker)?;
            search.learn(&touched.steps, &touched.kept_waiting);
            seen.outcomes.insert(outcome);
            seen.add(&touched);
        }
        if !exploration.outcomes.is_subset(&seen.outcomes) {
            return Err(Unproved::Unknown("the search has missed an outcome".into()));
        }
        for number in 0..SAMPLES {
            let policy = if number % 2 == 0 { Kind::Pos } else { Kind::RandomWalk };
            let request = Request { seed: self.seed.wrapping_add(number), policy, ..replay() };
            let attempt = Attempt { number: runs + number, request, steps: Vec::new() };
            let (touched, outcome) = self.touched(&attempt, &mut reader, worker)?;
            if !seen.outcomes.contains(&outcome) || !seen.classes.contains(&class(&touched.shared())) {
                return Err(Unproved::Unknown("the search has missed an order".into()));
            }
        }
        Ok(Proof { operations: seen.operations, classes: seen.classes.len(), runs })
    }

    /// Whether a proof could say something: of all promises of the case, and of a program that can be read.
    fn is_provable(&self) -> Result<(), String> {
        let asked = self.judges.iter().filter(|question| question.witness.is_none()).count();
        let promised = self.case.judges.len() + self.case.writer_judges.len();
        if asked < promised || promised == 0 {
            return Err("a check of the case has failed elsewhere".to_owned());
        }
        self.program.unseen().map_or(Ok(()), |what| Err(format!("what {what} does is not seen")))
    }

    /// Makes a run; what it touched, and its outcome, where it breaks no check.
    fn touched(
        &self,
        attempt: &Attempt,
        reader: &mut Reader,
        worker: &mut Worker<'_>,
    ) -> Result<(Touched, u64), Unproved> {
        let (seen, record) = worker.traced(self.case, self.seed, attempt.request, &attempt.steps)?;
        // What some run must show, breaks nothing.
        let promises = self.judges.iter().enumerate().filter(|(_, question)| question.witness.is_none());
        for (place, question) in promises {
            match question.judge.judge(&seen) {
                Some(Judgement::Broken(_)) => return Err(Unproved::Broken(attempt.clone(), place)),
                Some(Judgement::Unproven(reason)) => return Err(Unproved::Unknown(reason)),
                Some(Judgement::Kept | Judgement::Nothing) => {}
                None => {
                    let reason = format!("a run that does not end says nothing of {}", question.check);
                    return Err(Unproved::Unknown(reason));
                }
            }
        }
        if record.header.steps > LONGEST {
            return Err(Unproved::Unknown("a run is too long".to_owned()));
        }
        let touched = reader.read(&record).map_err(Unproved::Unknown)?;
        if !writes_whole_lines(&record) {
            return Err(Unproved::Unknown("it writes half lines, which wait where nobody sees them".into()));
        }
        Ok((touched, outcome(&seen)))
    }
}

impl Seen {
    fn add(&mut self, touched: &Touched) {
        let shared = touched.shared();
        self.classes.insert(class(&shared));
        self.operations = self.operations.max(shared.len());
        self.steps += touched.steps.len();
    }
}

/// That of a run with these operations on shared data.
fn class(shared: &[Step]) -> Class {
    let mut hasher = DefaultHasher::new();
    HappensBefore::of(shared).class().hash(&mut hasher);
    hasher.finish()
}

/// What judges can see of a run, by its hash.
pub(super) fn outcome(seen: &Observation) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seen.ending().word(), seen.code(), &seen.stdout.bytes, &seen.stderr.bytes).hash(&mut hasher);
    seen.stdout.threads.hash(&mut hasher);
    hasher.finish()
}

/// Whether nothing that is written waits for more: then a thread's output would come with another one's.
fn writes_whole_lines(record: &RunRecord) -> bool {
    record.output.iter().filter(|(head, _)| head.descriptor == 1).all(|(_, text)| text.ends_with(b"\n"))
}
