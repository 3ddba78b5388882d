//! What the steps of a run touched that threads share, as its trace tells.
//!
//! A trace has what hooks see: operations of the program's source and of the part of std that is compiled with it. What std
//! does besides, nobody sees. So only operations are known here of which that is harmless: the program's own atomics,
//! mutexes, reference counts, threads that are created and waited for, and output in whole lines. A run with any other is
//! not read, and proves nothing.
//!
//! - A mutex is taken and given back; who waits for it takes no step ([`Touch`]).
//! - Who creates or drops a reference does not see the count, but who drops the last one. So counts are only read, as long as
//!   there are more than two.
//! - Standard output has a lock that is not seen: it is taken behind the thread's step before a write, and given back behind
//!   the one after it. Who formats on the way may have it since any step behind its last write.
//! - How std waits for the threads of a scope is its own affair: the program sees that they are done.
//! - What a thread does while it is alone, it does in all runs that have come so far.

mod accesses;
mod kind;
mod threads;

use std::collections::{BTreeSet, HashMap};

use schedule::mechanism::Candidates;
use schedule::protocol::{Event, FRAMES, Finish, Operation};
use schedule::search::happens_before::{Access, Step, Touch};
use schedule::{MOST_EVENTS, ThreadSet, is_stale};

use crate::controlled::RunRecord;
use crate::symbols::Symbols;
use accesses::{Accesses, object};
use kind::Kind;
use threads::Threads;

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) steps: Vec<Step>,
    /// The steps that could not be taken in the end, as others have the locks.
    pub(super) kept_waiting: Vec<Step>,
}

/// Why not all of a run is known.
pub(super) type Unknown = String;

/// Reads traces of one program.
pub(super) struct Reader {
    symbols: Symbols,
    kinds: HashMap<[u64; FRAMES], Kind>,
    /// Those of the run that is read.
    mutexes: BTreeSet<u64>,
    /// Where the program is loaded.
    base: Option<u64>,
}

/// The run that is read, as far as its trace has come.
struct Run<'a> {
    base: u64,
    threads: Threads,
    touched: Accesses<'a>,
}

/// Whether an access says only that threads begin and end, or how many references there are.
fn is_bookkeeping(access: &Access) -> bool {
    access.object >= object::COUNT
}

fn accesses_of_program(step: &Step) -> impl Iterator<Item = &Access> {
    step.accesses.iter().filter(|access| !is_bookkeeping(access))
}

impl Touched {
    /// The steps that touch what several threads of the program do.
    pub(super) fn shared(&self) -> Vec<Step> {
        let mut by: HashMap<u64, ThreadSet> = HashMap::new();
        let accesses = accesses_of_program;
        for step in &self.steps {
            accesses(step).for_each(|access| by.entry(access.object).or_default().insert(step.thread));
        }
        let is_shared = |step: &&Step| accesses(step).any(|access| by[&access.object].len() > 1);
        self.steps.iter().filter(is_shared).cloned().collect()
    }
}

impl Reader {
    pub(super) fn new(symbols: Symbols) -> Self {
        Self { symbols, kinds: HashMap::new(), mutexes: BTreeSet::new(), base: None }
    }

    /// What a run touched.
    pub(super) fn read(&mut self, record: &RunRecord) -> Result<Touched, Unknown> {
        is_closed(record)?;
        if *self.base.get_or_insert(record.header.base) != record.header.base {
            return Err("its addresses are not the same in all runs".to_owned());
        }
        let touched = Accesses::new(&record.schedule.steps);
        let mut run = Run { base: record.header.base, threads: Threads::default(), touched };
        self.find_mutexes(record);
        for event in &record.events {
            run.threads.follow(event);
            let known = self.add(event, &mut run);
            known.or_else(|reason| if run.threads.is_alone() { Ok(()) } else { Err(reason) })?;
        }
        if record.header.finish == Finish::Process && !run.threads.are_done() {
            return Err("the program does not wait for all its threads".to_owned());
        }
        let steps = record.schedule.steps.iter().zip(&record.candidates).zip(run.touched.of);
        let steps =
            steps.map(|((&thread, &able), accesses)| Ok(Step { thread, able: ready(able)?, accesses }));
        let waits = (0..).zip(&record.threads).filter(|(_, state)| !state.ended);
        let waits = waits.filter(|(_, state)| state.last.operation == Operation::LockWait);
        let kept_waiting = waits.map(|(thread, state)| Step {
            thread,
            able: ThreadSet::EMPTY,
            accesses: vec![Access { object: state.last.object, touch: Touch::Takes }],
        });
        Ok(Touched { steps: steps.collect::<Result<_, Unknown>>()?, kept_waiting: kept_waiting.collect() })
    }

    fn add(&mut self, event: &Event, run: &mut Run<'_>) -> Result<(), Unknown> {
        let Run { threads, touched, .. } = run;
        let thread = u64::from(event.thread);
        match event.operation {
            Operation::None | Operation::LockWait => {}
            // Which number a new thread has, is up to all that create some.
            Operation::Spawn if event.thread > 0 => {
                return Err("not only the main thread creates threads".to_owned());
            }
            Operation::Spawn => touched.add(event, object::BEGINNING + event.object, Touch::Gives),
            Operation::Start => touched.add(event, object::BEGINNING + thread, Touch::Takes),
            Operation::End => touched.add(event, object::END + thread, Touch::Gives),
            Operation::Join => touched.add_after(event, object::END + event.object, Touch::Takes),
            Operation::Write if (1..=2).contains(&event.object) && !threads.is_leaving(event.thread) => {
                self.add_write(event, run)?;
            }
            Operation::Sleep | Operation::Yield => return Err("a thread gives way, or sleeps".to_owned()),
            _ if is_of_word(event.operation) => self.add_of_word(event, run)?,
            _ => return Err("it deals with more than its own threads".to_owned()),
        }
        Ok(())
    }

    /// Whoever has the lock of an output for more than one call is not followed.
    fn add_write(&mut self, event: &Event, run: &mut Run<'_>) -> Result<(), Unknown> {
        let stream = object::STREAM + event.object;
        match self.kind(event, run.base) {
            Kind::Output => run.touched.add_around(event, stream, Touch::Writes),
            Kind::Print => run.touched.add_write(event, stream),
            _ => return Err("who has the lock of its output is not seen".to_owned()),
        }
        Ok(())
    }

    /// Which words are mutexes: where code has no line, only its object tells what it does.
    fn find_mutexes(&mut self, record: &RunRecord) {
        self.mutexes.clear();
        let base = record.header.base;
        for event in record.events.iter().filter(|event| event.operation == Operation::CompareSwap) {
            if matches!(self.kind(event, base), Kind::Locks | Kind::Tries) {
                self.mutexes.insert(event.object);
            }
        }
    }

    fn add_of_word(&mut self, event: &Event, run: &mut Run<'_>) -> Result<(), Unknown> {
        let is_update = event.operation == Operation::Update;
        let kind = self.kind(event, run.base);
        let Run { threads, touched, .. } = run;
        let is_of_std = matches!(kind, Kind::Threads | Kind::Result | Kind::Scope | Kind::Private);
        if threads.is_leaving(event.thread) && !is_of_std {
            return Err("a thread does something when its end is waited for".to_owned());
        }
        match kind {
            Kind::Scope if event.operation == Operation::Load && event.value == 0 => {
                for thread in threads.scope_ends(event) {
                    touched.add_before(event, thread, object::END + u64::from(thread), Touch::Gives);
                    touched.add(event, object::END + u64::from(thread), Touch::Takes);
                }
            }
            Kind::Scope | Kind::Private => {}
            Kind::Threads if is_update => threads.leaves(event.thread),
            // The last of a scope wakes who waits for it.
            Kind::Threads if event.operation == Operation::FutexWake => {}
            // What std does to it besides, it does right before the call and right after it.
            Kind::Condition => touched.add_around(event, event.object, Touch::Writes),
            // Who notifies leaves no frame of its own.
            Kind::Word if event.operation == Operation::FutexWake => {
                touched.add_around(event, event.object, Touch::Writes);
            }
            Kind::Output if is_of_futex(event.operation) => {
                (1..=2).for_each(|stream| touched.add_around(event, object::STREAM + stream, Touch::Writes));
            }
            Kind::Print if is_of_futex(event.operation) => {
                (1..=2).for_each(|stream| touched.add_write(event, object::STREAM + stream));
            }
            Kind::Count | Kind::Result => {
                touched.add(event, object::COUNT | event.object, of_count(event));
                threads.counts(event);
                if kind == Kind::Result {
                    threads.leaves(event.thread);
                }
            }
            _ => touched.add(event, event.object, self.touch(event, &kind)?),
        }
        Ok(())
    }

    /// What an operation does to a word of the program's own, or of a mutex.
    fn touch(&self, event: &Event, kind: &Kind) -> Result<Touch, Unknown> {
        use Operation::{CompareFail, CompareSwap, Lends, Load, TakesAgain};
        match (event.operation, kind) {
            (Lends, _) => Ok(Touch::Gives),
            (TakesAgain, _) | (CompareSwap, Kind::Locks) => Ok(Touch::Takes),
            (_, Kind::Unlocks | Kind::Other(_)) if self.unlocks(event) => Ok(Touch::Gives),
            (operation, Kind::Word | Kind::Tries) if !is_of_futex(operation) => Ok(match operation {
                Load | CompareFail => Touch::Reads,
                _ => Touch::Writes,
            }),
            (_, Kind::Other(what)) => Err(format!("not all that {what} does is seen")),
            _ => Err("not all that a thread waits for is seen".to_owned()),
        }
    }

    /// Whether it gives back a mutex that nobody waits for where it is not seen.
    fn unlocks(&self, event: &Event) -> bool {
        const LOCKED: u64 = 1;
        event.operation == Operation::Swap && event.value == LOCKED && self.mutexes.contains(&event.object)
    }

    fn kind(&mut self, event: &Event, base: u64) -> Kind {
        let symbols = &self.symbols;
        self.kinds.entry(event.frames).or_insert_with(|| Kind::of(&symbols.place(event, base))).clone()
    }
}

fn is_of_futex(operation: Operation) -> bool {
    use Operation::{FutexPass, FutexWait, FutexWake};
    matches!(operation, FutexWait | FutexPass | FutexWake)
}

fn is_of_word(operation: Operation) -> bool {
    use Operation::{CompareFail, CompareSwap, Lends, Load, Store, Swap, TakesAgain, Update};
    let is_atomic = matches!(operation, Load | Store | Swap | Update | CompareSwap | CompareFail);
    is_atomic || is_of_futex(operation) || matches!(operation, Lends | TakesAgain)
}

/// What of a count of references others see of an operation: whether theirs is the last one.
fn of_count(event: &Event) -> Touch {
    const MANY: u64 = 3;
    match event.operation {
        Operation::Update if event.value >= MANY => Touch::Reads,
        _ => Touch::Writes,
    }
}

/// Whether all that happened in a run was up to the order of its threads' steps.
fn is_closed(record: &RunRecord) -> Result<(), Unknown> {
    let header = &record.header;
    let reason = match header.finish {
        Finish::Process | Finish::Deadlock if header.outside || header.polls_outside => {
            "the world outside has a part in it"
        }
        Finish::Process | Finish::Deadlock if header.varies => {
            "it reads the clock, draws random numbers, opens files or the like"
        }
        Finish::Process | Finish::Deadlock if record.events.len() >= MOST_EVENTS => {
            "its first events are lost"
        }
        Finish::Process | Finish::Deadlock if is_stale(&record.schedule.steps) => "a load is stale",
        Finish::Process | Finish::Deadlock => return Ok(()),
        _ => "a run does not come to an end",
    };
    Err(reason.to_owned())
}

/// Who could take a step, where that is up to the threads alone.
fn ready(candidates: Candidates) -> Result<ThreadSet, Unknown> {
    match candidates {
        Candidates::Step { ready, reluctant } if reluctant.is_empty() => Ok(ready),
        Candidates::Step { .. } => Err("a thread gives way, or sleeps".to_owned()),
        Candidates::Wake { .. } => Err("several threads wait for one wake".to_owned()),
    }
}
