//! The mechanism: which threads can go on, and what it means that one of them does.
//!
//! One thread takes a step at a time. Who *could* take it is the mechanism's; who does is a [`Policy`]'s, or the
//! replayed schedule's. What the threads do in between is told from outside: [`Mechanism::block`], [`Mechanism::changed`]
//! and so on. Nothing here does I/O or knows memory, so toy programs can be run by it: the tests hold it, and searches
//! that stand on it, against counted schedules.
//!
//! A thread is *ready* when nothing keeps it from going on. Some others can go on, too, and in real life sometimes do:
//! one that gave way or spins, one that sleeps while the machine is busy, one that is kept at the start gate. They are
//! *reluctant*: unlikely under the policies that draw by chance, a deviation that is counted in a bounded search,
//! and never impossible. Whatever a step does follows from the state and the thread that takes it alone, never from why
//! it was chosen: so a replay is the run.

mod choose;
mod clock;
mod prefix;
mod replay;
mod spin;
mod stale;
mod standing;
mod thread;
mod threads;

use crate::policy::{AnyPolicy, Kind, Pending, Policy, RandomWalk};
use crate::protocol::{Finish, Request};
use crate::random::Random;
use crate::{MOST_STEPS, MOST_THREADS, ThreadId, ThreadSet};

pub use clock::{Clock, EPOCH, MOST_HELD_UP};
pub use prefix::{Prefix, Told};
pub use spin::{Read, Spin};
pub use thread::{NEVER, Thread, Wait, Woken};
pub use threads::Threads;

use replay::Replayed;

/// The world outside of the program, and its memory. Where nothing else is said, nothing comes from outside, and all locks
/// are free.
pub trait World {
    /// Which of `waiting` can go on, as what they wait for has come; waits for the first so many real milliseconds.
    fn look(&mut self, _waiting: ThreadSet, _milliseconds: i32) -> ThreadSet {
        ThreadSet::EMPTY
    }

    /// Whether only the program's own threads could let one of `waiting` go on.
    fn is_closed(&mut self, _waiting: ThreadSet) -> bool {
        false
    }

    /// Whether nobody has the lock of which this word tells.
    fn is_free(&mut self, _word: u64) -> bool {
        true
    }
}

/// Nothing is outside, and all locks are free.
pub(crate) struct NoWorld;

impl World for NoWorld {}

/// Who could have been chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidates {
    /// For a step.
    Step {
        /// Those whose turn it was.
        ready: ThreadSet,
        /// Those that are reluctant: without wakes that nobody made and early time-outs, which no bounded search has.
        reluctant: ThreadSet,
    },
    /// To be woken; whoever wakes them goes on.
    Wake {
        /// Those that wait.
        waiters: ThreadSet,
    },
}

impl Candidates {
    /// Of a step in a run that is not traced.
    pub const UNKNOWN: Self = Self::Step { ready: ThreadSet::EMPTY, reluctant: ThreadSet::EMPTY };

    /// A thread is never both ready and reluctant, so this stands for no step.
    const IS_WAKE: u64 = u64::MAX;

    /// For a socket.
    pub fn to_words(self) -> [u64; 2] {
        match self {
            Self::Step { ready, reluctant } => [ready.0, reluctant.0],
            Self::Wake { waiters } => [waiters.0, Self::IS_WAKE],
        }
    }

    /// Those of [`Candidates::to_words`].
    pub fn from_words([first, second]: [u64; 2]) -> Self {
        match second {
            Self::IS_WAKE => Self::Wake { waiters: ThreadSet(first) },
            _ => Self::Step { ready: ThreadSet(first), reluctant: ThreadSet(second) },
        }
    }

    /// All of them.
    pub fn all(self) -> ThreadSet {
        match self {
            Self::Step { ready, reluctant } => ThreadSet(ready.0 | reluctant.0),
            Self::Wake { waiters } => waiters,
        }
    }
}

/// Who takes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The thread that takes it.
    pub thread: ThreadId,
    /// Who could have taken it.
    pub candidates: Candidates,
}

/// The state of a run.
pub struct Mechanism<'a> {
    request: Request,
    policy: AnyPolicy,
    random: Random,
    replayed: Replayed<'a>,
    threads: Threads,
    pending: [Option<Pending>; MOST_THREADS],
    clock: Clock,
    current: ThreadId,
    steps: u32,
    /// The step at which something last changed for good: a value, an end, a byte of output.
    progress: u32,
    /// The step at which a long sleep last ended, where sleeps are real.
    slept: u32,
    /// Who gave way before this step goes on before time passes again.
    time_passed: u32,
    /// Of those that wait for a lock, whose lock is free.
    admitted: ThreadSet,
    /// Nobody is able, and what is waited for outside could only come from those that wait.
    is_closed: bool,
    /// How much longer than usual the first loops may be before they are taken for spin loops.
    patience: u32,
}

impl<'a> Mechanism<'a> {
    /// A run with the main thread, number 0, which takes the first step. `steps` are replayed first.
    pub fn new(request: Request, steps: &'a [ThreadId]) -> Self {
        let mut mechanism = Self::idle();
        mechanism.begin(request, steps);
        mechanism
    }

    /// The place of a run that has not begun: no thread, and no step to be taken.
    pub const fn idle() -> Self {
        Self {
            request: Request::NONE,
            policy: AnyPolicy::RandomWalk(RandomWalk),
            patience: 1,
            random: Random::new(0),
            replayed: Replayed::new(&[]),
            threads: Threads::new(),
            pending: [None; MOST_THREADS],
            clock: Clock::new(),
            current: 0,
            steps: 0,
            progress: 0,
            slept: 0,
            time_passed: 0,
            admitted: ThreadSet::EMPTY,
            is_closed: false,
        }
    }

    /// As [`Mechanism::new`], in an idle place. A process that is a copy of another one, as each run is, pays for every page
    /// that it writes; and most of the threads never come.
    pub fn begin(&mut self, request: Request, steps: &'a [ThreadId]) {
        self.request = request;
        self.random = Random::new(request.seed);
        self.policy = AnyPolicy::new(request.policy, &mut self.random);
        self.patience = patience(request.policy, &mut self.random);
        self.replayed = Replayed::new(steps);
        self.add(Wait::None);
    }

    /// Begins another run, after `prefix` of the one that is here; false where it does not fit.
    pub fn begin_after(&mut self, request: Request, prefix: &Prefix) -> bool {
        self.threads.clear();
        (self.clock, self.current, self.steps) = (Clock::new(), 0, 0);
        (self.progress, self.slept, self.time_passed, self.is_closed) = (0, 0, 0, false);
        self.admitted = ThreadSet::EMPTY;
        self.begin(request, &[]);
        prefix.repeat(self)
    }

    /// Whether there is a run: it has its main thread from the beginning.
    pub fn has_begun(&self) -> bool {
        self.threads.count() > 0
    }

    /// The threads.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// The thread that took the last step.
    pub fn current(&self) -> ThreadId {
        self.current
    }

    /// Whether the current thread waits for nothing.
    pub fn can_go_on(&self) -> bool {
        self.threads.get(self.current).wait == Wait::None
    }

    /// Those that wait for nothing, and those that wait for a lock that was free when the last step was chosen.
    pub fn free(&self) -> ThreadSet {
        self.threads.going().or(self.threads.gave_way()).or(self.admitted)
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Reads the clock: nanoseconds since 1970.
    pub fn read_clock(&mut self) -> u64 {
        self.clock.read()
    }

    /// The current thread creates another one; `None` when as many are alive as can be.
    pub fn spawn(&mut self) -> Option<ThreadId> {
        let creator = self.current;
        self.add(if self.request.start_gate { Wait::Gate { creator } } else { Wait::None })
    }

    fn add(&mut self, wait: Wait) -> Option<ThreadId> {
        let thread = self.threads.add(wait, Spin::with_patience(self.patience))?;
        self.pending[usize::from(thread)] = None;
        self.policy.spawned(thread, &mut self.random);
        self.progress = self.steps;
        Some(thread)
    }

    /// A thread that was added could not be created after all.
    pub fn unspawn(&mut self, thread: ThreadId) {
        self.threads.end(thread);
    }

    /// What the current thread is about to do.
    pub fn intends(&mut self, pending: Pending) {
        self.pending[usize::from(self.current)] = Some(pending);
    }

    /// The current thread is about to take a lock, and goes on when that is free.
    pub fn locks(&mut self, word: u64, is_free: bool) {
        let (me, step) = (self.current, self.steps);
        self.intends(Pending { object: word, writes: true });
        self.threads.block(me, Wait::Lock { word }, step);
        if !is_free {
            self.open_gates();
            self.threads.look_again(me);
        }
    }

    /// The current thread has done it.
    pub fn has_done(&mut self) {
        self.pending[usize::from(self.current)] = None;
    }

    /// The current thread has changed something that others may wait for.
    pub fn changed(&mut self) {
        self.progress = self.steps;
        let me = self.current;
        self.threads.spin(me).forget();
        self.threads.look_again(me);
    }

    /// The current thread has read something, or written what was there. In a spin loop it gives way.
    pub fn reads(&mut self, read: Read) {
        let me = self.current;
        let spin = self.threads.spin(me);
        if spin.reads(read) {
            spin.gives_way();
            self.gives_way();
        }
    }

    /// The current thread says that it gives way. On a busy machine the others may not run for so long that this mostly
    /// is without effect.
    pub fn yields(&mut self) {
        const HAS_EFFECT: u32 = 4;
        let is_held_up = self.request.busy_machine && !self.is_fair();
        if !is_held_up || self.random.one_in(HAS_EFFECT) {
            self.gives_way();
        }
        self.open_gates();
    }

    fn gives_way(&mut self) {
        if !self.starves() {
            let (me, step) = (self.current, self.steps);
            self.threads.give_way(me, step);
        }
        self.open_gates();
    }

    /// The current thread cannot go on.
    pub fn block(&mut self, wait: Wait) {
        let (me, step) = (self.current, self.steps);
        self.threads.block(me, wait, step);
        self.has_done();
        self.open_gates();
        self.threads.look_again(me);
    }

    /// The current thread has ended.
    pub fn end(&mut self) {
        let me = self.current;
        self.threads.end(me);
        self.threads.wake_all(self.threads.alive(), |wait| wait == Wait::Join { thread: me });
        self.open_gates();
        self.changed();
    }

    /// Who waits on a futex and hears these bits.
    pub fn waiters(&self, word: u64, bits: u32) -> ThreadSet {
        let hears = |wait| matches!(wait, Wait::Futex { word: its, bits: mask, .. } if its == word && mask & bits != 0);
        self.threads.select(|_, thread| hears(thread.wait))
    }

    /// Ends a thread's wait.
    pub fn wake(&mut self, thread: ThreadId) {
        self.progress = self.steps;
        self.threads.wake(thread, Woken::Done);
    }

    /// Moves a thread that waits on a futex to another one.
    pub fn requeue(&mut self, thread: ThreadId, to: u64) {
        self.threads.requeue(thread, to);
    }

    /// Whether no other thread is alive.
    pub fn is_alone(&self) -> bool {
        self.threads.alive().len() == 1
    }

    fn open_gates(&mut self) {
        let creator = self.current;
        self.threads.wake_all(self.threads.gated(), |wait| wait == Wait::Gate { creator });
    }

    /// Whether a thread is kept from running to see if the others wait for it without working: nobody gives way then,
    /// and the run never becomes fair.
    fn starves(&self) -> bool {
        matches!(self.request.policy, Kind::Starve { .. })
    }

    /// Whether choices are made by chance, so that unlikely ones can be.
    fn draws(&self) -> bool {
        self.is_fair() || !matches!(self.request.policy, Kind::Straight)
    }

    /// From the middle of the budget on every choice is drawn evenly, so that whoever can go on does.
    fn is_fair(&self) -> bool {
        !self.starves() && self.steps >= self.request.budget / 2
    }

    /// Whether a thread sleeps for so many steps of others that they need no more to get on than one such sleep after the
    /// other.
    fn slept_long(&self, thread: ThreadId) -> bool {
        let Thread { wait, waits_since, .. } = self.threads.get(thread);
        matches!(wait, Wait::Sleep { .. }) && self.steps - waits_since >= self.long_sleep()
    }

    fn long_sleep(&self) -> u32 {
        self.request.budget / 8
    }

    /// Why the run is at its end, if it is for its length. A livelock is no matter of length: it is half a budget of
    /// steps under a fair schedule in which nothing changed, and nobody slept through it, or for long where sleeps are real.
    fn overlong(&self) -> Option<Finish> {
        if self.steps >= MOST_STEPS as u32 {
            return Some(Finish::StepLimit);
        }
        if self.steps < self.request.budget {
            return None;
        }
        let window = self.steps.saturating_sub(self.request.budget / 2);
        let asleep = |thread| self.threads.get(thread).waits_since <= window && !self.starves();
        let comes = || self.threads.dated().iter().any(asleep);
        // Who has slept for long has as much time to sleep again.
        let has_slept = self.request.real_sleep && self.slept + self.long_sleep() > window;
        let nothing_new = self.progress <= window && !has_slept;
        (self.starves() || nothing_new && !comes()).then_some(Finish::Budget)
    }
}

/// In a quarter of the runs a spin loop is taken for one only when it is six times as long, in another when it is forty
/// times as long. Without chance it never is: searches follow the usual.
fn patience(policy: Kind, random: &mut Random) -> u32 {
    match policy {
        Kind::Straight | Kind::Starve { .. } => 1,
        _ => [1, 1, 6, 40][random.below(4) as usize],
    }
}

#[cfg(test)]
mod tests;
