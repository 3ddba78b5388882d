//! Who goes on next.

use super::{Candidates, Choice, Mechanism, Thread, Wait, Woken, World};
use crate::policy::{Policy, View};
use crate::protocol::Finish;
use crate::{ThreadId, ThreadSet};

/// How many looks of 10 ms the world outside gets before virtual time passes.
pub(super) const PATIENCE_BEFORE_TIME: u32 = 20;

/// While something may come from outside, virtual time makes no jumps of more nanoseconds: a peer that is slow
/// for a moment must not look as if it had been silent for a program's whole time-out.
const LONGEST_JUMP: u64 = 10_000_000_000;

/// Where sleeps are real, so many steps are taken in which nothing changes before time passes while others could go on:
/// those only look, again and again, and so does a machine hold them up.
const LOOKS_BEFORE_TIME: u32 = 1_000;

/// Where sleeps are real, so many steps of others, whatever they do, are as long as a sleep.
const WORK_BEFORE_TIME: u32 = 10_000;

/// One in so many points lets a reluctant thread go on, by what makes it reluctant.
mod one_in {
    pub(super) const GAVE_WAY: u32 = 16;
    pub(super) const SLEEPS: u32 = 8;
    pub(super) const TIMES_OUT: u32 = 8;
    pub(super) const WAKES_UNASKED: u32 = 48;
    pub(super) const IS_AT_THE_GATE: u32 = 64;
}

impl Mechanism<'_> {
    /// The next step: who takes it. Ends that thread's wait.
    ///
    /// # Errors
    /// How the run ends, where nobody can.
    pub fn choose(&mut self, world: &mut impl World) -> Result<Choice, Finish> {
        self.admit(world);
        if let Some(finish) = self.overlong() {
            return Err(finish);
        }
        let outside = self.outside();
        self.is_closed = !outside.is_empty() && self.able().is_empty() && world.is_closed(outside);
        if let Some(replayed) = self.next_replayed(world)? {
            return Ok(self.take(replayed));
        }
        if !outside.is_empty() {
            self.look(world, outside, 0);
        }
        let candidates = self.candidates(world)?;
        let chosen = self.pick(candidates);
        Ok(self.take(chosen))
    }

    /// Which of several waiters a wake is for. A step of its own.
    ///
    /// # Errors
    /// When the replayed schedule has another one.
    pub fn choose_woken(&mut self, waiters: ThreadSet) -> Result<Choice, Finish> {
        let thread = match self.next_replayed_of(waiters)? {
            Some(thread) => thread,
            None => self.pick(waiters),
        };
        self.steps += 1;
        Ok(Choice { thread, candidates: Candidates::Wake { waiters } })
    }

    fn pick(&mut self, candidates: ThreadSet) -> ThreadId {
        if self.is_fair() {
            return candidates.nth(self.random.below(candidates.len()));
        }
        let view = View { candidates, current: self.current, step: self.steps, pending: &self.pending };
        self.policy.choose(&view, &mut self.random)
    }

    /// Lets `thread` take a step. All that follows from it follows from the state alone.
    pub(super) fn take(&mut self, thread: ThreadId) -> Choice {
        let candidates = if self.request.trace { self.sets() } else { Candidates::UNKNOWN };
        let wait = self.threads.get(thread).wait;
        if let Some(deadline) = wait.deadline() {
            self.time_passed = self.steps + 1;
            self.clock.pass(self.held_up_from(), deadline);
        }
        if self.request.real_sleep && self.slept_long(thread) {
            self.slept = self.steps;
        }
        match wait {
            Wait::None => self.threads.go_on(thread),
            _ => self.threads.wake(thread, what_it_means(wait)),
        }
        self.current = thread;
        self.steps += 1;
        Choice { thread, candidates }
    }

    /// Looks which of those that wait for a lock can have it.
    fn admit(&mut self, world: &mut impl World) {
        self.admitted = ThreadSet::EMPTY;
        for thread in self.threads.locking().iter() {
            if let Wait::Lock { word } = self.threads.get(thread).wait
                && world.is_free(word)
            {
                self.admitted.insert(thread);
            }
        }
    }

    fn sets(&self) -> Candidates {
        let ready = self.ready();
        Candidates::Step { ready, reluctant: self.reluctant(ready) }
    }

    /// The threads that nothing keeps from going on.
    pub(super) fn able(&self) -> ThreadSet {
        let mut able = self.threads.going().or(self.admitted);
        let (gated, dated) = (self.threads.gated(), self.threads.dated());
        if !gated.is_empty() && self.is_fair() {
            able = able.or(gated);
        }
        let is_over = |wait: Wait| wait.deadline().is_some_and(|deadline| self.clock.is_over(deadline));
        dated
            .iter()
            .filter(|&thread| is_over(self.threads.get(thread).wait))
            .for_each(|thread| able.insert(thread));
        able
    }

    /// Those whose turn it is: who is able; else who is at the gate; else one of those that gave way and those whose
    /// time comes, in the order in which they were last served.
    pub(super) fn ready(&self) -> ThreadSet {
        let able = self.able();
        if !able.is_empty() {
            return able;
        }
        if let Some(first) = self.overdue() {
            return ThreadSet::only(first);
        }
        let gated = self.threads.gated();
        if !gated.is_empty() {
            return gated;
        }
        let (gave_way, timed) = (self.threads.gave_way(), self.timed());
        let first = gave_way.iter().min_by_key(|&thread| self.threads.get(thread).gave_way);
        match first {
            Some(first) if timed.is_empty() || self.looks_before_time(first) => ThreadSet::only(first),
            _ => timed,
        }
    }

    /// Whether the one that gave way first looks again before time passes.
    fn looks_before_time(&self, first: ThreadId) -> bool {
        self.threads.get(first).gave_way < Some(self.time_passed)
            || self.request.real_sleep && self.overdue().is_none()
    }

    /// Where sleeps are real and others could go on all the same: the one whose time comes first, once they have looked in
    /// vain, or worked, for long enough.
    fn overdue(&self) -> Option<ThreadId> {
        if !self.request.real_sleep {
            return None;
        }
        let due = self
            .threads
            .dated()
            .iter()
            .filter_map(|thread| Some((self.threads.get(thread).wait.deadline()?, thread)));
        let (deadline, thread) = due.min()?;
        let since = self.threads.get(thread).waits_since;
        let is_late =
            self.steps >= self.progress + LOOKS_BEFORE_TIME || self.steps >= since + WORK_BEFORE_TIME;
        (is_late && self.may_pass(deadline)).then_some(thread)
    }

    /// Whether a sleep may end while others can go on.
    fn may_end_early(&self, number: ThreadId) -> bool {
        !self.request.real_sleep || self.overdue() == Some(number)
    }

    /// Those with the earliest deadline, if it is within reach.
    fn timed(&self) -> ThreadSet {
        let Some(first) = self.earliest() else { return ThreadSet::EMPTY };
        if self.is_open() && !self.is_near(first) {
            return ThreadSet::EMPTY;
        }
        self.threads.select(|_, thread| thread.wait.deadline() == Some(first))
    }

    fn earliest(&self) -> Option<u64> {
        let all = self.threads.dated();
        all.iter().filter_map(|thread| self.threads.get(thread).wait.deadline()).min()
    }

    /// Whether virtual time may jump there while something may come from outside.
    fn is_near(&self, deadline: u64) -> bool {
        deadline.saturating_sub(self.clock.now()) <= LONGEST_JUMP
    }

    /// Since when there are threads that time holds up when it passes: now, if one is able; else since the first whose
    /// time has come.
    fn held_up_from(&self) -> u64 {
        if self.able().is_empty() { self.earliest().unwrap_or(0) } else { self.clock.now() }
    }

    /// Whether a wait may end at its deadline now: because nobody is able and time passes, or as those who are able are
    /// held up for so long.
    pub(super) fn may_pass(&self, deadline: u64) -> bool {
        self.clock.may_hold_up(self.held_up_from(), deadline) && (!self.is_open() || self.is_near(deadline))
    }

    /// Who can go on besides `ready`, in a search that counts it as a deviation.
    fn reluctant(&self, ready: ThreadSet) -> ThreadSet {
        let is_reluctant = |number, thread: &Thread| match thread.wait {
            Wait::None => thread.gave_way.is_some(),
            Wait::Sleep { .. } => {
                self.may_end_early(number)
                    && thread.wait.deadline().is_some_and(|deadline| self.may_pass(deadline))
            }
            _ => false,
        };
        self.threads.select(|number, thread| !ready.contains(number) && is_reluctant(number, thread))
    }

    /// Those among whom the policy chooses. Where there is none, waits for the world outside.
    fn candidates(&mut self, world: &mut impl World) -> Result<ThreadSet, Finish> {
        loop {
            let ready = if self.draws() { self.drawn() } else { self.ready() };
            if ready.is_empty() {
                self.wait_or_finish(world)?;
            } else if self.let_outside_come_first(world) {
                return Ok(if self.draws() { ThreadSet(ready.0 | self.unlikely(ready).0) } else { ready });
            }
        }
    }

    /// Where only time can go on, the world outside gets a little real time before. False when it has made somebody able.
    fn let_outside_come_first(&mut self, world: &mut impl World) -> bool {
        if !self.able().is_empty() || !self.is_open() {
            return true;
        }
        let look_again = self.threads.going().or(self.threads.gave_way()).or(self.threads.gated());
        let only_time = look_again.is_empty();
        !only_time || !self.wait_outside(world, self.outside(), PATIENCE_BEFORE_TIME)
    }

    /// As [`Mechanism::ready`]; but where nobody is able, it is chance whether time passes before others look again.
    fn drawn(&mut self) -> ThreadSet {
        let able = self.able();
        if !able.is_empty() {
            return able;
        }
        let (gave_way, timed) = (self.threads.gave_way(), self.timed());
        match (gave_way.is_empty(), timed.is_empty()) {
            (false, false) if self.request.real_sleep => self.ready(),
            (false, false) if self.random.one_in(2) => timed,
            (false, _) => gave_way,
            _ => self.ready(),
        }
    }

    /// Reluctant threads that may go on all the same at this point, by chance.
    fn unlikely(&mut self, ready: ThreadSet) -> ThreadSet {
        let mut unlikely = ThreadSet::EMPTY;
        for number in self.threads.alive().without(self.threads.going()).without(ready).iter() {
            if self.goes_on_unlikely(number) {
                unlikely.insert(number);
            }
        }
        unlikely
    }

    fn goes_on_unlikely(&mut self, number: ThreadId) -> bool {
        let Thread { wait, gave_way, .. } = self.threads.get(number);
        let (wait, gave_way) = (*wait, gave_way.is_some());
        match wait {
            Wait::None => gave_way && self.random.one_in(one_in::GAVE_WAY),
            Wait::Gate { .. } => self.random.one_in(one_in::IS_AT_THE_GATE),
            Wait::Sleep { .. } => {
                self.may_end_early(number)
                    && self.random.one_in(one_in::SLEEPS)
                    && wait.deadline().is_some_and(|deadline| self.may_pass(deadline))
            }
            Wait::Futex { deadline: None, .. } => {
                self.request.spurious_wakes && self.random.one_in(one_in::WAKES_UNASKED)
            }
            Wait::Futex { deadline: Some(_), .. } => {
                self.request.busy_machine
                    && self.random.one_in(one_in::TIMES_OUT)
                    && wait.deadline().is_some_and(|deadline| self.may_pass(deadline))
            }
            _ => false,
        }
    }

    /// Whether something may still come from outside.
    fn is_open(&self) -> bool {
        !self.is_closed && !self.outside().is_empty()
    }

    /// Those that wait for the world outside.
    pub(super) fn outside(&self) -> ThreadSet {
        self.threads.outside()
    }

    /// Nobody can go on, and no time passes: the world outside has much real time to change that.
    fn wait_or_finish(&mut self, world: &mut impl World) -> Result<(), Finish> {
        let outside = self.outside();
        if !self.is_open() {
            return Err(Finish::Deadlock);
        }
        if self.wait_outside(world, outside, self.patience_at_rest()) {
            Ok(())
        } else {
            Err(Finish::OutsideWait)
        }
    }

    /// How many looks of 10 ms the world outside gets when nothing else can happen.
    pub(super) fn patience_at_rest(&self) -> u32 {
        self.request.patience_at_rest().as_millis() as u32 / 10
    }

    /// Waits, for real, until one of `threads` can go on; false when nothing came in `patience` looks of 10 ms after a
    /// first one that does not wait.
    pub(super) fn wait_outside(&mut self, world: &mut impl World, threads: ThreadSet, patience: u32) -> bool {
        (0..=patience).any(|look| self.look(world, threads, if look == 0 { 0 } else { 10 }))
    }

    /// Whether one of `threads` can go on, within so many real milliseconds.
    fn look(&mut self, world: &mut impl World, threads: ThreadSet, milliseconds: i32) -> bool {
        let ready = world.look(threads, milliseconds);
        ready.iter().for_each(|thread| self.wake(thread));
        !ready.is_empty()
    }
}

/// What it means that a thread goes on that waits.
fn what_it_means(wait: Wait) -> Woken {
    match wait {
        Wait::Futex { deadline: Some(_), .. } | Wait::Outside { .. } => Woken::TimedOut,
        Wait::Futex { deadline: None, .. } => Woken::Spuriously,
        _ => Woken::Done,
    }
}
