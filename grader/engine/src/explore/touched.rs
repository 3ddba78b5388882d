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
//!   the one after it.
//! - How std waits for the threads of a scope is its own affair: the program sees that they are done.
//! - What a thread does while it is alone, it does in all runs that have come so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schedule::mechanism::Candidates;
use schedule::protocol::{Event, FRAMES, Finish, Operation};
use schedule::search::happens_before::{Access, Step, Touch};
use schedule::{ThreadId, ThreadSet, is_stale};

use crate::controlled::RunRecord;
use crate::symbols::{Place, Symbols};

/// What is known of a run.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) steps: Vec<Step>,
    /// The steps that could not be taken in the end, as others have the locks.
    pub(super) kept_waiting: Vec<Step>,
}

/// Why not all of a run is known.
pub(super) type Unknown = String;

/// What an operation at some place is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A word of the program's own, or a flag of a mutex.
    Word,
    /// The word of a mutex that is taken.
    Locks,
    /// The word of a mutex that is taken if it is free.
    Tries,
    /// The word of a mutex that is given back.
    Unlocks,
    /// A count of references.
    Count,
    /// The word of a condition.
    Condition,
    /// How std creates threads, and ends them.
    Threads,
    /// How std waits for the threads of a scope.
    Scope,
    /// How std locks standard output.
    Output,
    /// Anything else.
    Other(String),
}

/// Reads traces of one program.
pub(super) struct Reader {
    symbols: Symbols,
    kinds: HashMap<[u64; FRAMES], Kind>,
    /// Those of the run that is read.
    mutexes: BTreeSet<u64>,
}

/// Objects that are no words: far from all addresses.
mod object {
    pub(super) const STREAM: u64 = 1 << 60;
    pub(super) const COUNT: u64 = 1 << 61;
    pub(super) const BEGINNING: u64 = 1 << 62;
    pub(super) const END: u64 = 1 << 63;
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
        Self { symbols, kinds: HashMap::new(), mutexes: BTreeSet::new() }
    }

    /// What a run touched.
    pub(super) fn read(&mut self, record: &RunRecord) -> Result<Touched, Unknown> {
        is_closed(record)?;
        let mut touched = Accesses::new(record);
        let mut threads = Threads::default();
        self.find_mutexes(record);
        for event in &record.events {
            threads.follow(event);
            let known = self.add(event, record.header.base, &mut threads, &mut touched);
            known.or_else(|reason| if threads.is_alone() { Ok(()) } else { Err(reason) })?;
        }
        if record.header.finish == Finish::Process && !threads.are_done() {
            return Err("the program does not wait for all its threads".to_owned());
        }
        let steps = record.schedule.steps.iter().zip(&record.candidates).zip(touched.of);
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

    fn add(
        &mut self,
        event: &Event,
        base: u64,
        threads: &mut Threads,
        touched: &mut Accesses<'_>,
    ) -> Result<(), Unknown> {
        let of_thread = |object, thread: u64| object + thread;
        match event.operation {
            Operation::None | Operation::LockWait | Operation::Fence => {}
            Operation::Lends => touched.add(event, event.object, Touch::Gives),
            Operation::TakesAgain => touched.add(event, event.object, Touch::Takes),
            Operation::Load if event.value == 0 && self.kind(event, base) == Kind::Scope => {
                for thread in threads.scope_ends(event.thread) {
                    touched.add_before(event, thread, of_thread(object::END, thread.into()), Touch::Gives);
                    touched.add(event, of_thread(object::END, thread.into()), Touch::Takes);
                }
            }
            Operation::Spawn => touched.add(event, of_thread(object::BEGINNING, event.object), Touch::Gives),
            Operation::Start => {
                touched.add(event, of_thread(object::BEGINNING, event.thread.into()), Touch::Takes)
            }
            Operation::End => touched.add(event, of_thread(object::END, event.thread.into()), Touch::Gives),
            Operation::Join => touched.add_after(event, of_thread(object::END, event.object), Touch::Takes),
            Operation::Write if (1..=2).contains(&event.object) => {
                touched.add_around(event, of_thread(object::STREAM, event.object), Touch::Writes);
            }
            Operation::Load
            | Operation::Store
            | Operation::Swap
            | Operation::Update
            | Operation::CompareSwap
            | Operation::CompareFail
            | Operation::FutexWait
            | Operation::FutexPass
            | Operation::FutexWake => self.add_of_word(event, base, touched)?,
            Operation::Sleep | Operation::Yield => return Err("a thread gives way, or sleeps".to_owned()),
            _ => return Err("it deals with more than its own threads".to_owned()),
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

    fn add_of_word(&mut self, event: &Event, base: u64, touched: &mut Accesses<'_>) -> Result<(), Unknown> {
        let is_futex =
            matches!(event.operation, Operation::FutexWait | Operation::FutexPass | Operation::FutexWake);
        let is_read = matches!(event.operation, Operation::Load | Operation::CompareFail);
        match self.kind(event, base) {
            Kind::Scope => {}
            Kind::Threads if event.operation != Operation::FutexWait => {}
            // What std does to it besides, it does right before the call and right after it.
            Kind::Condition => touched.add_around(event, event.object, Touch::Writes),
            // Who notifies leaves no frame of its own.
            Kind::Word if event.operation == Operation::FutexWake => {
                touched.add_around(event, event.object, Touch::Writes);
            }
            Kind::Output if is_futex => touched.add_around(event, object::STREAM + 1, Touch::Writes),
            Kind::Locks if event.operation == Operation::CompareSwap => {
                touched.add(event, event.object, Touch::Takes);
            }
            Kind::Unlocks if self.unlocks(event) => touched.add(event, event.object, Touch::Gives),
            Kind::Count => touched.add(event, object::COUNT | event.object, of_count(event)),
            Kind::Word | Kind::Tries if !is_futex => {
                touched.add(event, event.object, if is_read { Touch::Reads } else { Touch::Writes });
            }
            Kind::Other(_) if self.unlocks(event) => touched.add(event, event.object, Touch::Gives),
            Kind::Other(what) => return Err(format!("not all that {what} does is seen")),
            kind => {
                eprintln!("X {kind:?} {event:?} {:?}", self.symbols.place(event, base));
                return Err("not all that a thread waits for is seen".to_owned());
            }
        }
        Ok(())
    }

    /// Whether it gives back a mutex that nobody waits for where it is not seen.
    fn unlocks(&self, event: &Event) -> bool {
        const LOCKED: u64 = 1;
        event.operation == Operation::Swap && event.value == LOCKED && self.mutexes.contains(&event.object)
    }

    fn kind(&mut self, event: &Event, base: u64) -> Kind {
        let symbols = &self.symbols;
        self.kinds.entry(event.frames).or_insert_with(|| kind(&symbols.place(event, base))).clone()
    }
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
        Finish::Process | Finish::Deadlock if header.varies => "it reads the clock, or draws random numbers",
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

fn kind(place: &Place) -> Kind {
    let (owner, has) = (place.owner.as_str(), |path: &str| place.chain.contains(path));
    let is_lock = owner.contains("sync::mutex::futex::Mutex");
    match owner.rsplit("::").next().unwrap_or_default() {
        _ if owner.is_empty() && !place.file.is_empty() => Kind::Word,
        "lock" if is_lock => Kind::Locks,
        "unlock" if is_lock => Kind::Unlocks,
        "try_lock" if is_lock => Kind::Tries,
        _ if owner.contains("sync::poison::Flag") => Kind::Word,
        // A thread asks whether it panics itself.
        _ if owner.contains("panicking::panic_count") => Kind::Threads,
        _ if owner.contains("sync::condvar::futex::") => Kind::Condition,
        _ if has("Arc<std::thread::") || has("Weak<std::thread::") => Kind::Threads,
        _ if owner.contains("alloc::sync::Arc<") || owner.contains("alloc::sync::Weak<") => Kind::Count,
        _ if has("std::io::stdio::") => Kind::Output,
        _ if has("std::thread::scoped::") => Kind::Scope,
        _ if owner.contains("std::thread::lifecycle::") => Kind::Threads,
        _ if place.called.is_empty() => Kind::Other(owner.to_owned()),
        _ => Kind::Other(place.called.clone()),
    }
}

/// The threads, as far as a trace has come.
#[derive(Debug, Default)]
struct Threads {
    /// Who has created each that was not waited for.
    running: BTreeMap<ThreadId, ThreadId>,
    /// Those that have not ended, but for the main thread.
    alive: BTreeSet<ThreadId>,
}

impl Threads {
    fn follow(&mut self, event: &Event) {
        match event.operation {
            Operation::Spawn => {
                self.running.insert(event.object as ThreadId, event.thread);
                self.alive.insert(event.object as ThreadId);
            }
            Operation::Join => _ = self.running.remove(&(event.object as ThreadId)),
            Operation::End => _ = self.alive.remove(&event.thread),
            _ => {}
        }
    }

    fn is_alone(&self) -> bool {
        self.alive.is_empty()
    }

    /// Whether somebody has waited for each.
    fn are_done(&self) -> bool {
        self.running.is_empty()
    }

    /// This thread has found that those of its scope are done; which they are.
    fn scope_ends(&mut self, creator: ThreadId) -> Vec<ThreadId> {
        let done = self.running.extract_if(.., |_, by| *by == creator);
        done.map(|(thread, _)| thread).collect()
    }
}

/// The accesses of each step.
struct Accesses<'a> {
    steps: &'a [ThreadId],
    of: Vec<Vec<Access>>,
}

impl<'a> Accesses<'a> {
    fn new(record: &'a RunRecord) -> Self {
        let steps = &record.schedule.steps;
        Self { steps, of: vec![Vec::new(); steps.len()] }
    }

    /// Adds one to the step that allowed the operation. What comes before the first step, nobody races with.
    fn add(&mut self, event: &Event, object: u64, touch: Touch) {
        if let Some(step) = (event.step as usize).checked_sub(1) {
            self.add_at(step, object, touch);
        }
    }

    fn add_at(&mut self, step: usize, object: u64, touch: Touch) {
        let access = Access { object, touch };
        if let Some(of) = self.of.get_mut(step)
            && !of.contains(&access)
        {
            of.push(access);
        }
    }

    /// Adds one to the last step of another thread.
    fn add_before(&mut self, event: &Event, thread: ThreadId, object: u64, touch: Touch) {
        let mut before = self.steps.iter().take(event.step as usize);
        let before = before.rposition(|step| *step == thread);
        before.into_iter().for_each(|step| self.add_at(step, object, touch));
    }

    /// Adds one to the thread's next step.
    fn add_after(&mut self, event: &Event, object: u64, touch: Touch) {
        let next = self.steps.iter().enumerate().skip(event.step as usize);
        let next = next.filter(|(_, thread)| **thread == event.thread).map(|(step, _)| step).next();
        next.into_iter().for_each(|step| self.add_at(step, object, touch));
    }

    /// Adds one to the step that allowed the operation, and to the thread's steps before and after it.
    fn add_around(&mut self, event: &Event, object: u64, touch: Touch) {
        self.add(event, object, touch);
        self.add_after(event, object, touch);
        let mut before = self.steps.iter().take((event.step as usize).saturating_sub(1));
        let before = before.rposition(|thread| *thread == event.thread);
        before.into_iter().for_each(|step| self.add_at(step, object, touch));
    }
}
