//! Running a case under controlled schedules: many, different, and the same ones every time.
//!
//! Schedules are tried in batches, each batch spread over the processors, one pinned run on each.
//! What is reported depends only on complete batches and is taken in the order of the run
//! numbers, so that it is the same on any number of processors. The first failure of each
//! check is run again twice from its schedule alone before it counts, and then shortened.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use schedule::protocol::Request;
use schedule::{Schedule, ThreadId};
use tempfile::TempDir;

use crate::case::{Case, Evidence, Fault, Judge, Judgement, Observation};
use crate::controlled::Record;
use crate::portfolio;
use crate::run::{Ending, RunError};
use crate::shorten::shorten;
use crate::stage::{Control, Servers, Stage};

/// Runs in a batch: enough to keep the processors busy, few enough to stop soon.
const BATCH: u64 = 40;

/// What exploring one case came to.
#[derive(Debug, Default)]
pub struct Exploration {
    /// Schedules run, without those that confirmed and shortened.
    pub schedules: u64,
    /// Hashes of the different ones among them.
    pub distinct: HashSet<u64>,
    /// Time spent on them.
    pub spent: Duration,
    /// What the runs said of each check of the case.
    pub findings: Vec<Finding>,
    /// The observation of a run that reached a stub.
    pub stub: Option<Observation>,
    /// Whether it was given up because a run took seconds.
    pub slow: bool,
}

/// What the runs said of one check.
#[derive(Debug)]
pub struct Finding {
    /// The check.
    pub check: &'static str,
    /// Runs that kept the promise.
    pub kept: u64,
    /// Why some run proved nothing.
    pub unproven: Option<String>,
    /// The first failure.
    pub counterexample: Option<Counterexample>,
}

/// A failure that comes again whenever its schedule does.
#[derive(Debug)]
pub struct Counterexample {
    /// How the promise was broken.
    pub fault: Fault,
    /// The run.
    pub seen: Observation,
    /// Its trace.
    pub record: Record,
    /// How many schedules were run until it was found, this one included.
    pub found_after: u64,
}

/// What one run said.
struct Run {
    number: u64,
    hash: u64,
    judgements: Vec<Option<Judgement>>,
    stub: Option<Observation>,
    /// It took seconds: it computed or waited where there is no control.
    slow: bool,
}

/// Explores `case` with up to `budget` schedules, as long as one of its checks has not failed;
/// `failed` says which have before.
///
/// # Errors
/// When the program cannot be put under control, or the grader was interrupted.
pub fn explore(
    control: &Control,
    case: &Case,
    seed: u64,
    budget: u64,
    failed: impl Fn(&str) -> bool,
) -> Result<Exploration, RunError> {
    let judges: Vec<(&'static str, &Judge)> = case
        .judges
        .iter()
        .chain(&case.controlled_judges)
        .filter(|(check, _)| !failed(check))
        .map(|(check, judge)| (*check, judge))
        .collect();
    Explorer { control, case, judges, seed, usual: 0 }.explore(budget)
}

/// Runs `case` once, along `schedule`, and on without preemption where that ends.
///
/// # Errors
/// As for [`explore`].
pub fn replay(
    control: &Control,
    case: &Case,
    seed: u64,
    schedule: &Schedule,
) -> Result<(Observation, Record), RunError> {
    Set::new(control, 0)?.traced(case, seed, portfolio::replay(), &schedule.steps)
}

/// One processor's folder and servers.
struct Set<'a> {
    control: &'a Control,
    folder: TempDir,
    servers: RefCell<Servers>,
}

impl<'a> Set<'a> {
    fn new(control: &'a Control, processor: usize) -> Result<Self, RunError> {
        let folder = tempfile::Builder::new().prefix("lockstep-").tempdir();
        let folder = folder.map_err(|error| RunError::Stage(error.to_string()))?;
        Ok(Self {
            control,
            folder,
            servers: RefCell::new(Servers::new(control, processor, portfolio::replay())),
        })
    }

    /// One run: what was seen, and the rest in `servers`.
    fn perform(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Observation, RunError> {
        {
            let mut servers = self.servers.borrow_mut();
            servers.request = request;
            servers.replayed = steps.to_vec();
            servers.last = None;
        }
        let stage = Stage {
            program: &self.control.program,
            folder: self.folder.path(),
            seed,
            control: Some(&self.servers),
        };
        case.scenario.perform(&stage)
    }

    fn traced(
        &self,
        case: &Case,
        seed: u64,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<(Observation, Record), RunError> {
        let seen = self.perform(case, seed, Request { trace: true, ..request }, steps)?;
        let record = self.servers.borrow_mut().last.take();
        Ok((
            seen,
            record
                .ok_or_else(|| RunError::Control("the case does not run the program under control".into()))?,
        ))
    }
}

struct Explorer<'a> {
    control: &'a Control,
    case: &'a Case,
    judges: Vec<(&'static str, &'a Judge)>,
    seed: u64,
    /// About how many steps a run takes.
    usual: u32,
}

impl Explorer<'_> {
    fn explore(mut self, budget: u64) -> Result<Exploration, RunError> {
        let findings = |(check, _): &(&'static str, &Judge)| Finding {
            check,
            kept: 0,
            unproven: None,
            counterexample: None,
        };
        let mut exploration =
            Exploration { findings: self.judges.iter().map(findings).collect(), ..Exploration::default() };
        if self.judges.is_empty() {
            return Ok(exploration);
        }
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let sets: Result<Vec<Set>, RunError> =
            (0..processors).map(|place| Set::new(self.control, place)).collect();
        let mut sets = sets?;
        let first = self.warm_up(&sets[0])?;
        self.usual = first.header.steps;
        while exploration.schedules < budget && exploration.stub.is_none() && exploration.is_undecided() {
            let last = budget.min(exploration.schedules + BATCH);
            let started = Instant::now();
            let runs = self.batch(&mut sets, exploration.schedules..last)?;
            exploration.spent += started.elapsed();
            exploration.slow = runs.iter().any(|run| run.slow);
            self.count(&mut exploration, runs, &sets[0])?;
            if exploration.slow {
                break;
            }
        }
        Ok(exploration)
    }

    /// A run without preemption. It tells how long runs are, and whether there is control at all:
    /// a program with threads has atomic operations, so their hooks must have been called.
    fn warm_up(&self, set: &Set<'_>) -> Result<Record, RunError> {
        let (_, record) = set.traced(self.case, self.seed, portfolio::replay(), &[])?;
        if record.header.atomics == 0 && record.header.threads > 1 {
            return Err(RunError::Control(
                "its atomic operations are not seen: it was built without hooks".into(),
            ));
        }
        Ok(record)
    }

    /// Runs the schedules with these numbers, on all processors.
    fn batch(&self, sets: &mut [Set<'_>], numbers: Range<u64>) -> Result<Vec<Run>, RunError> {
        let count = sets.len() as u64;
        let results: Vec<Result<Vec<Run>, RunError>> = thread::scope(|scope| {
            let work = |(place, set): (usize, &mut Set<'_>)| {
                let mut runs = Vec::new();
                for number in numbers.clone().filter(|number| number % count == place as u64) {
                    let run = self.run(set, number)?;
                    let slow = run.slow;
                    runs.push(run);
                    if slow {
                        break;
                    }
                }
                Ok(runs)
            };
            let started: Vec<_> =
                sets.iter_mut().enumerate().map(|part| scope.spawn(move || work(part))).collect();
            let lost = || Err(RunError::Control("a thread of the grader panicked".into()));
            started.into_iter().map(|worker| worker.join().unwrap_or_else(|_| lost())).collect()
        });
        let mut runs = Vec::new();
        for result in results {
            runs.extend(result?);
        }
        runs.sort_by_key(|run| run.number);
        // What other processors did beyond the first slow run depends on how many there are.
        if let Some(first) = runs.iter().position(|run| run.slow) {
            runs.truncate(first + 1);
        }
        Ok(runs)
    }

    fn run(&self, set: &Set<'_>, number: u64) -> Result<Run, RunError> {
        let request = portfolio::request(self.seed, number, self.usual);
        let seen = self.usual_ending(set.perform(self.case, self.seed, request, &[])?);
        let hash = set.servers.borrow().last.as_ref().map_or(0, |record| record.header.hash);
        let judgements = self.judges.iter().map(|(check, judge)| judgement(check, judge, &seen)).collect();
        let slow = is_slow(seen.ending());
        let stub = seen.reached_stub().is_some().then_some(seen);
        Ok(Run { number, hash, judgements, stub, slow })
    }

    fn usual_ending(&self, mut seen: Observation) -> Observation {
        seen.ending = seen.ending.map(|ending| ending.with_usual_steps(self.usual));
        seen
    }

    /// Adds a batch; the first failure of a check is confirmed and shortened.
    fn count(&self, exploration: &mut Exploration, runs: Vec<Run>, set: &Set<'_>) -> Result<(), RunError> {
        for run in runs {
            exploration.schedules += 1;
            exploration.distinct.insert(run.hash);
            if run.stub.is_some() {
                exploration.stub = run.stub;
                return Ok(());
            }
            for (place, judgement) in run.judgements.into_iter().enumerate() {
                let finding = &mut exploration.findings[place];
                match judgement {
                    None => {}
                    Some(Judgement::Kept) => finding.kept += 1,
                    Some(Judgement::Unproven(reason)) => _ = finding.unproven.get_or_insert(reason),
                    Some(Judgement::Broken(_)) if finding.counterexample.is_some() => {}
                    Some(Judgement::Broken(_)) => self.confirm(finding, place, run.number, set)?,
                }
            }
        }
        Ok(())
    }

    /// A failure counts when its schedule alone shows it twice more.
    fn confirm(
        &self,
        finding: &mut Finding,
        place: usize,
        number: u64,
        set: &Set<'_>,
    ) -> Result<(), RunError> {
        let request = portfolio::request(self.seed, number, self.usual);
        let (_, record) = set.traced(self.case, self.seed, request, &[])?;
        let mut confirmed = None;
        for _ in 0..2 {
            confirmed = self.breaks(set, place, portfolio::replay(), &record.schedule.steps)?;
            if confirmed.is_none() {
                finding.unproven.get_or_insert(format!(
                    "run {} broke it, but its schedule does not show it again: the program depends on \
                     something that is not under control",
                    number + 1
                ));
                return Ok(());
            }
        }
        let Some((_, seen, _)) = &confirmed else { return Ok(()) };
        // A run that waits for the world outside takes seconds.
        let shortest = if is_slow(seen.ending()) {
            record.schedule
        } else {
            self.shortened(set, place, record.schedule)?
        };
        let found = self.breaks(set, place, portfolio::replay(), &shortest.steps)?.or(confirmed);
        finding.counterexample = found.map(|(fault, seen, record)| Counterexample {
            fault,
            seen,
            record,
            found_after: number + 1,
        });
        Ok(())
    }

    /// Stops early where attempts take seconds.
    fn shortened(&self, set: &Set<'_>, place: usize, failing: Schedule) -> Result<Schedule, RunError> {
        const MOST_SLOW_ATTEMPTS: u32 = 2;
        let lenient = Request { lenient: true, ..portfolio::replay() };
        let (check, judge) = self.judges[place];
        let mut slow = 0;
        shorten(failing, |steps| {
            if slow == MOST_SLOW_ATTEMPTS {
                return Ok(None);
            }
            let (seen, record) = set.traced(self.case, self.seed, lenient, steps)?;
            let seen = self.usual_ending(seen);
            slow += u32::from(is_slow(seen.ending()));
            let is_broken = matches!(judgement(check, judge, &seen), Some(Judgement::Broken(_)));
            Ok(is_broken.then_some(record.schedule))
        })
    }

    /// Whether a run along `steps` breaks the check at `place`.
    fn breaks(
        &self,
        set: &Set<'_>,
        place: usize,
        request: Request,
        steps: &[ThreadId],
    ) -> Result<Option<(Fault, Observation, Record)>, RunError> {
        let (seen, record) = set.traced(self.case, self.seed, request, steps)?;
        let seen = self.usual_ending(seen);
        let (check, judge) = self.judges[place];
        Ok(match judgement(check, judge, &seen) {
            Some(Judgement::Broken(fault)) => Some((fault, seen, record)),
            _ => None,
        })
    }
}

fn is_slow(ending: &Ending) -> bool {
    matches!(ending, Ending::Idle { .. } | Ending::Unseen)
}

impl Exploration {
    fn is_undecided(&self) -> bool {
        self.findings.iter().any(|finding| finding.counterexample.is_none())
    }
}

/// What `judge` says of a run; `None` where the run says nothing of its check: one that did not
/// end by itself says only whether the program terminates.
pub(crate) fn judgement(check: &str, judge: &Judge, seen: &Observation) -> Option<Judgement> {
    if seen.ending().proves_nothing() {
        return Some(Judgement::Unproven(seen.ending().to_string()));
    }
    // What clients saw of a server stands, even if the server then did not stop.
    let has_transcripts = matches!(seen.evidence, Evidence::Chat(_));
    (seen.code().is_some() || has_transcripts || check == "terminates").then(|| judge(seen))
}
