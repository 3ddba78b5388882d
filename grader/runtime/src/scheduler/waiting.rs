//! What happens when nobody can go on, and who goes on without being woken.

use schedule::protocol::Finish;
use schedule::{MOST_THREADS, ThreadId, ThreadSet};

use super::{Scheduler, Wait, Woken, finish};
use crate::{inherited, io};

/// Timed waits of at least this many nanoseconds never time out early: a thread may be held up for
/// seconds on a busy machine, but programs that wait for minutes do not count on less.
const EARLY_TIMEOUT_BELOW: u64 = 5_000_000_000;

/// How many looks of 10 ms the world outside gets before virtual time passes.
pub(super) const PATIENCE_BEFORE_TIME: u32 = 20;

/// How many looks of 10 ms the world outside gets when nothing else can happen.
pub(super) const PATIENCE: u32 = 500;

/// While something may come from outside, virtual time makes no jumps of more nanoseconds: a peer that is slow
/// for a moment must not look as if it had been silent for a program's whole time-out.
const LONGEST_JUMP: u64 = 10_000_000_000;

impl Scheduler {
    /// What it means that a waiting thread goes on all the same; `None` when it does not wait.
    pub(super) fn early_reason(&mut self, thread: ThreadId) -> Option<Woken> {
        match self.threads[usize::from(thread)].wait {
            Wait::Futex { deadline: Some(deadline), .. }
            | Wait::Ready { deadline: Some(deadline), .. }
            | Wait::Outside { deadline: Some(deadline), .. } => {
                self.now = self.now.max(deadline);
                Some(Woken::TimedOut)
            }
            Wait::Sleep { deadline } => {
                self.now = self.now.max(deadline);
                Some(Woken::Done)
            }
            Wait::Futex { deadline: None, .. } => Some(Woken::Spuriously),
            Wait::Gate { .. } => Some(Woken::Done),
            _ => None,
        }
    }

    /// The threads that can go on. While there is none, makes one so: those that gave way, then
    /// those whose time comes, then those that wait for the world outside.
    pub(super) fn wait_for_runnable(&mut self) -> ThreadSet {
        let outside = self.all_outside();
        if !outside.is_empty() {
            self.look_outside(outside, 0);
        }
        loop {
            let runnable = self.runnable();
            if !runnable.is_empty() {
                return runnable;
            }
            if self.open_all_gates() {
                continue;
            }
            let yielded = self.select(|thread| thread.wait == Wait::None && thread.yielded);
            if yielded.is_empty() {
                self.wait_or_finish(outside);
            } else if !(self.random.one_in(2) && self.pass_time(outside)) {
                // Spinning threads alone must not keep time from passing.
                for thread in yielded.iter() {
                    self.threads[usize::from(thread)].yielded = false;
                }
            }
        }
    }

    /// Nobody can go on: the world outside has a little real time to change that, then virtual
    /// time passes, then the world outside has much real time.
    pub(super) fn wait_or_finish(&mut self, outside: ThreadSet) {
        let outside = if self.is_closed(outside) { ThreadSet::EMPTY } else { outside };
        if !outside.is_empty() && self.wait_outside(outside, PATIENCE_BEFORE_TIME) || self.pass_time(outside)
        {
            return;
        }
        if outside.is_empty() {
            finish(Finish::Deadlock);
        }
        if !self.wait_outside(outside, PATIENCE) {
            finish(Finish::OutsideWait);
        }
    }

    /// Whether nothing outside can let one of `outside` go on.
    pub(super) fn is_closed(&self, outside: ThreadSet) -> bool {
        !outside.is_empty()
            && outside.iter().all(|thread| io::ends_inside(self.threads[usize::from(thread)].wait))
            && io::is_alone()
    }

    /// The threads that wait for something that the scheduler does not bring.
    pub(super) fn all_outside(&self) -> ThreadSet {
        self.select(|thread| matches!(thread.wait, Wait::Ready { .. } | Wait::Outside { .. }))
    }

    pub(super) fn open_all_gates(&mut self) -> bool {
        let gated = self.select(|thread| matches!(thread.wait, Wait::Gate { .. }));
        for thread in gated.iter() {
            self.make_runnable(thread, Woken::Done);
        }
        !gated.is_empty()
    }

    /// Jumps to the earliest deadline, if there is one within reach.
    pub(super) fn pass_time(&mut self, outside: ThreadSet) -> bool {
        let mut earliest: Option<(u64, ThreadId)> = None;
        for thread in 0..self.count {
            let deadline = match self.threads[thread].wait {
                Wait::Futex { deadline, .. }
                | Wait::Ready { deadline, .. }
                | Wait::Outside { deadline, .. } => deadline,
                Wait::Sleep { deadline } => Some(deadline),
                _ => None,
            };
            if let Some(deadline) = deadline
                && earliest.is_none_or(|(first, _)| deadline < first)
            {
                earliest = Some((deadline, thread as ThreadId));
            }
        }
        let Some((deadline, thread)) = earliest else { return false };
        if !outside.is_empty() && !self.is_near(deadline) {
            return false;
        }
        if let Some(woken) = self.early_reason(thread) {
            self.make_runnable(thread, woken);
        }
        true
    }

    /// Whether virtual time may jump there while something may come from outside.
    pub(super) fn is_near(&self, deadline: u64) -> bool {
        deadline.saturating_sub(self.now) <= LONGEST_JUMP
    }

    /// Whether a wait may end at its deadline now: early, as on a busy machine, or because nobody can go
    /// on and time passes.
    pub(super) fn may_time_out(&self, deadline: u64) -> bool {
        let outside = self.all_outside();
        let time_passes = self.runnable().is_empty()
            && (outside.is_empty() || self.is_near(deadline) || self.is_closed(outside));
        deadline.saturating_sub(self.now) < EARLY_TIMEOUT_BELOW || time_passes
    }

    /// Waits, for real, until one of `threads` can go on; false when nothing came in `patience`
    /// looks of 10 ms after a first one that does not wait.
    pub(super) fn wait_outside(&mut self, threads: ThreadSet, patience: u32) -> bool {
        for look in 0..=patience {
            self.look_outside(threads, if look == 0 { 0 } else { 10 });
            if threads.iter().any(|thread| self.threads[usize::from(thread)].wait == Wait::None) {
                return true;
            }
        }
        false
    }

    /// Makes those of `threads` runnable for which what they wait for has come, within so many real milliseconds.
    pub(super) fn look_outside(&mut self, threads: ThreadSet, milliseconds: i32) {
        let mut descriptors = [io::PollDescriptor::NONE; MOST_THREADS];
        let mut of = [0; MOST_THREADS];
        let mut count = 0;
        for thread in threads.iter() {
            if let Wait::Ready { descriptor, events, .. } = self.threads[usize::from(thread)].wait {
                descriptors[count] = io::PollDescriptor::new(descriptor, events);
                of[count] = thread;
                count += 1;
            }
        }
        // What no descriptor tells is looked at every millisecond.
        for round in 0..=milliseconds {
            if milliseconds > 0 {
                inherited::take_in();
            }
            let mut any = self.look_without_descriptor(threads);
            io::wait_for_world(&mut descriptors[..count], i32::from(round < milliseconds && !any));
            for index in 0..count {
                if descriptors[index].is_ready() {
                    self.make_runnable(of[index], Woken::Done);
                    any = true;
                }
            }
            if any {
                return;
            }
        }
    }

    /// As [`Self::look_outside`], for those that wait for something else than a descriptor. Whether there was one.
    fn look_without_descriptor(&mut self, threads: ThreadSet) -> bool {
        let mut any = false;
        for thread in threads.iter() {
            if let Wait::Outside { until, .. } = self.threads[usize::from(thread)].wait
                && until.has_come()
            {
                self.make_runnable(thread, Woken::Done);
                any = true;
            }
        }
        any
    }

    /// Waiting threads that may go on all the same at this point, by chance.
    pub(super) fn early_ones(&mut self) -> ThreadSet {
        const SLEEP_ENDS_EARLY: u32 = 8;
        const WAKES_SPURIOUSLY: u32 = 48;
        let mut early = ThreadSet::EMPTY;
        for index in 0..self.count {
            let joins = match self.threads[index].wait {
                Wait::Sleep { .. } => self.random.one_in(SLEEP_ENDS_EARLY),
                Wait::Futex { deadline: None, .. } => {
                    self.request.spurious_wakes && self.random.one_in(WAKES_SPURIOUSLY)
                }
                Wait::Futex { deadline: Some(deadline), .. } => {
                    let soon = deadline.saturating_sub(self.now) < EARLY_TIMEOUT_BELOW;
                    self.request.busy_machine && soon && self.random.one_in(SLEEP_ENDS_EARLY)
                }
                _ => false,
            };
            if joins {
                early.insert(index as ThreadId);
            }
        }
        early
    }
}
