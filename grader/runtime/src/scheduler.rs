//! The mechanism: which threads can go on, and the hand-over to the one that the policy names.
//!
//! All functions are called by the token's holder. A thread that cannot go on says what it waits
//! for ([`Wait`]); whoever changes that makes it runnable again. When nobody is runnable, virtual
//! time jumps to the next deadline, then real readiness of descriptors is waited for, and if there
//! is neither, the run is deadlocked.

mod frames;
mod replay;
mod waiting;

use core::cell::UnsafeCell;

use schedule::policy::{AnyPolicy, Kind, Pending, Policy, View};
use schedule::protocol::{Event, FRAMES, Finish, Operation, Request};
use schedule::random::Random;
use schedule::{MOST_THREADS, ThreadId, ThreadSet};

use crate::io::Until;
use crate::record::{self, Done};
use crate::{system, token};

/// What a thread that cannot go on waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing: it can go on.
    None,
    /// Its creator to block, as long as the start gate is shut.
    Gate { creator: ThreadId },
    /// A wake on a futex.
    Futex { word: u64, bits: u32, deadline: Option<u64> },
    /// Its time.
    Sleep { deadline: u64 },
    /// The end of a thread.
    Join { thread: ThreadId },
    /// A descriptor to become ready, polled for real.
    Ready { descriptor: i32, events: i16, deadline: Option<u64> },
    /// Something else that only a look tells.
    Outside { until: Until, deadline: Option<u64> },
    /// Nothing more: it has ended.
    Ended,
}

/// Why a thread goes on after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// What it waited for happened.
    Done,
    /// Its deadline passed.
    TimedOut,
    /// No reason, as futex(2) allows.
    Spuriously,
}

/// A load or failed exchange that finds the same value at the same place again and again.
#[derive(Clone, Copy, Default)]
struct Spin {
    object: u64,
    site: u64,
    value: u64,
    count: u32,
}

/// So many equal reads in a row are a spin loop.
const SPIN_READS: u32 = 10;

#[derive(Clone, Copy)]
struct Thread {
    wait: Wait,
    woken: Woken,
    /// Gave way, and nothing has been written since.
    yielded: bool,
    spin: Spin,
    library_handle: u64,
    /// No frame of the thread lies above it.
    stack_top: u64,
}

const NO_THREAD: Thread = Thread {
    wait: Wait::Ended,
    woken: Woken::Done,
    yielded: false,
    spin: Spin { object: 0, site: 0, value: 0, count: 0 },
    library_handle: 0,
    stack_top: 0,
};

/// The state of a run. Never shared between processes: each run has its own copy by fork.
struct Scheduler {
    request: Request,
    policy: AnyPolicy,
    random: Random,
    replay: [ThreadId; record::MOST_STEPS],
    threads: [Thread; MOST_THREADS],
    count: usize,
    pending: [Pending; MOST_THREADS],
    current: ThreadId,
    /// How many replayed steps have been taken or left out.
    replayed: usize,
    now: u64,
    fair: bool,
}

/// Shared by the token's discipline only.
struct Global(UnsafeCell<Scheduler>);

// SAFETY: only the token's holder uses it, and handing the token over is a release/acquire pair.
unsafe impl Sync for Global {}

static SCHEDULER: Global = Global(UnsafeCell::new(Scheduler {
    request: Request {
        seed: 0,
        policy: Kind::Straight,
        start_gate: false,
        spurious_wakes: false,
        busy_machine: false,
        trace: false,
        lenient: false,
        budget: 0,
        replayed: 0,
        patience: 0,
    },
    policy: AnyPolicy::Straight(schedule::policy::Straight),
    random: Random::new(0),
    replay: [0; record::MOST_STEPS],
    threads: [NO_THREAD; MOST_THREADS],
    count: 0,
    pending: [Pending { object: 0, writes: false }; MOST_THREADS],
    current: 0,
    replayed: 0,
    now: 0,
    fair: false,
}));

fn get() -> &'static mut Scheduler {
    // SAFETY: the caller holds the token, see `Global`.
    unsafe { &mut *SCHEDULER.0.get() }
}

/// Where the steps to replay are put before [`begin`].
pub(crate) fn replay_buffer() -> &'static mut [ThreadId] {
    &mut get().replay
}

/// Begins a run in a fresh process: the calling thread becomes thread 0 and holds the token.
pub(crate) fn begin(request: Request, stack_top: u64) {
    let scheduler = get();
    scheduler.request = request;
    scheduler.random = Random::new(request.seed);
    scheduler.policy = AnyPolicy::new(request.policy, &mut scheduler.random);
    // 2026-01-01 00:00:00 UTC, so that programs meet a plausible date.
    scheduler.now = 1_767_225_600_000_000_000;
    let _ = scheduler.add_thread(Wait::None);
    scheduler.threads[0].stack_top = stack_top;
    token::enter(0);
}

/// A point before an operation on `object`.
pub(crate) fn before(object: u64, writes: bool) {
    let scheduler = get();
    let me = scheduler.current;
    scheduler.pending[usize::from(me)] = Pending { object, writes };
    scheduler.step(me);
}

/// A point after an operation.
pub(crate) fn after(done: Done, writes: bool, frame: *const u64) {
    let scheduler = get();
    let me = scheduler.current;
    scheduler.note(me, done, frame);
    scheduler.pending[usize::from(me)] = Pending::default();
    if writes {
        scheduler.wake_yielded(me);
    }
    scheduler.step(me);
}

/// After a read that found `value`: counts towards a spin loop.
pub(crate) fn watch_for_spin(object: u64, site: u64, value: u64) {
    let scheduler = get();
    let starves = scheduler.starves();
    let thread = &mut scheduler.threads[usize::from(scheduler.current)];
    let spin = &mut thread.spin;
    if (spin.object, spin.site, spin.value) == (object, site, value) {
        spin.count += 1;
        if spin.count >= SPIN_READS {
            thread.yielded = !starves;
            let me = scheduler.current;
            scheduler.open_gates(me);
        }
    } else {
        *spin = Spin { object, site, value, count: 1 };
    }
}

/// The calling thread gives way until something has been written, or nobody else can go on. On a
/// busy machine the others may not run for so long that it mostly is without effect.
pub(crate) fn give_way(frame: *const u64) {
    const HAS_EFFECT: u32 = 4;
    let scheduler = get();
    let me = scheduler.current;
    scheduler.note(me, Done { operation: Operation::Yield, object: 0, value: 0 }, frame);
    let held_up = scheduler.request.busy_machine && !scheduler.fair;
    let has_effect = !held_up || scheduler.random.one_in(HAS_EFFECT);
    scheduler.threads[usize::from(me)].yielded = has_effect && !scheduler.starves();
    scheduler.open_gates(me);
    scheduler.step(me);
}

/// Blocks the calling thread until what it waits for has happened.
pub(crate) fn block(wait: Wait, doing: Done, frame: *const u64) -> Woken {
    let scheduler = get();
    let me = scheduler.current;
    scheduler.note(me, doing, frame);
    scheduler.threads[usize::from(me)].wait = wait;
    record::get().outside |= matches!(wait, Wait::Ready { .. } | Wait::Outside { .. });
    scheduler.open_gates(me);
    scheduler.wake_yielded(me);
    scheduler.step(me);
    get().threads[usize::from(me)].woken
}

/// Notes something for the picture that is no step.
pub(crate) fn remark(done: Done, frame: *const u64) {
    let scheduler = get();
    scheduler.note(scheduler.current, done, frame);
}

/// Makes up to `most` waiters on a futex runnable, in an order that the policy chooses.
pub(crate) fn wake_futex(word: u64, bits: u32, most: u32) -> u32 {
    let scheduler = get();
    let mut woken = 0;
    while woken < most {
        let mut waiters = ThreadSet::EMPTY;
        for thread in 0..scheduler.count {
            if let Wait::Futex { word: its, bits: mask, .. } = scheduler.threads[thread].wait
                && its == word
                && mask & bits != 0
            {
                waiters.insert(thread as ThreadId);
            }
        }
        if waiters.is_empty() {
            break;
        }
        let chosen = if waiters.len() == 1 { waiters.nth(0) } else { scheduler.decide(waiters, waiters) };
        scheduler.make_runnable(chosen, Woken::Done);
        woken += 1;
    }
    woken
}

/// Adds a thread that was created by the calling one; `None` when there are too many.
pub(crate) fn spawn() -> Option<ThreadId> {
    let scheduler = get();
    let creator = scheduler.current;
    let gate = scheduler.request.start_gate;
    scheduler.add_thread(if gate { Wait::Gate { creator } } else { Wait::None })
}

/// Takes back a thread that could not be created after all.
pub(crate) fn unspawn(thread: ThreadId) {
    get().threads[usize::from(thread)].wait = Wait::Ended;
}

/// Remembers libc's handle of a thread, for [`find`].
pub(crate) fn set_handle(thread: ThreadId, handle: u64) {
    get().threads[usize::from(thread)].library_handle = handle;
}

/// The newest thread with this handle of libc, which uses handles again.
pub(crate) fn find(handle: u64) -> Option<ThreadId> {
    let scheduler = get();
    (0..scheduler.count)
        .rev()
        .find(|&thread| scheduler.threads[thread].library_handle == handle)
        .map(|t| t as ThreadId)
}

/// Whether a thread has ended.
pub(crate) fn has_ended(thread: ThreadId) -> bool {
    get().threads[usize::from(thread)].wait == Wait::Ended
}

/// The calling thread's first step.
pub(crate) fn started(me: ThreadId, stack_top: u64) {
    let scheduler = get();
    scheduler.threads[usize::from(me)].stack_top = stack_top;
    scheduler.note(me, Done { operation: Operation::Start, object: 0, value: 0 }, core::ptr::null());
}

/// The calling thread's last step: hands the token over for good.
pub(crate) fn end_thread(me: ThreadId) {
    let scheduler = get();
    scheduler.note(me, Done { operation: Operation::End, object: 0, value: 0 }, core::ptr::null());
    scheduler.threads[usize::from(me)].wait = Wait::Ended;
    record::get().thread[usize::from(me)].ended = true;
    for thread in 0..scheduler.count as ThreadId {
        if scheduler.threads[usize::from(thread)].wait == (Wait::Join { thread: me }) {
            scheduler.make_runnable(thread, Woken::Done);
        }
    }
    scheduler.open_gates(me);
    scheduler.wake_yielded(me);
    let next = scheduler.choose();
    scheduler.current = next;
    token::leave();
    token::give(next);
}

/// Whether the calling thread is the only one that has not ended.
pub(crate) fn is_alone() -> bool {
    get().select(|thread| thread.wait != Wait::Ended).len() == 1
}

/// The virtual time, in nanoseconds since 1970; each reading takes a microsecond.
pub(crate) fn read_clock() -> u64 {
    let scheduler = get();
    scheduler.now += 1_000;
    scheduler.now
}

/// Keeps what the calling thread writes.
pub(crate) fn write_output(descriptor: u8, bytes: &[u8]) {
    let scheduler = get();
    let record = record::get();
    let head = schedule::protocol::OutputHead {
        thread: scheduler.current,
        descriptor,
        step: record.steps as u32,
        length: bytes.len() as u32,
    };
    if !record.add_output(head, bytes) {
        finish(Finish::OutputLimit);
    }
}

/// Names the calling thread in reports.
pub(crate) fn name(bytes: &[u8]) {
    let record = &mut record::get().thread[usize::from(get().current)];
    let length = bytes.len().min(record.name.len());
    record.name = [0; 16];
    record.name[..length].copy_from_slice(&bytes[..length]);
}

/// Ends the run, with all its threads where they are.
pub(crate) fn finish(finish: Finish) -> ! {
    let scheduler = get();
    let record = record::get();
    record.finish = Some(finish);
    for thread in 0..scheduler.count {
        record.thread[thread].runnable = scheduler.threads[thread].wait == Wait::None;
    }
    system::exit(0);
}

impl Scheduler {
    fn add_thread(&mut self, wait: Wait) -> Option<ThreadId> {
        if self.count == MOST_THREADS {
            return None;
        }
        let thread = self.count as ThreadId;
        self.threads[self.count] = Thread { wait, ..NO_THREAD };
        self.count += 1;
        let record = record::get();
        record.threads = self.count;
        record.thread[usize::from(thread)] = Default::default();
        self.policy.spawned(thread, &mut self.random);
        Some(thread)
    }

    fn make_runnable(&mut self, thread: ThreadId, woken: Woken) {
        let thread = &mut self.threads[usize::from(thread)];
        thread.wait = Wait::None;
        thread.woken = woken;
        thread.yielded = false;
        thread.spin = Spin::default();
    }

    fn open_gates(&mut self, of: ThreadId) {
        for thread in 0..self.count as ThreadId {
            if self.threads[usize::from(thread)].wait == (Wait::Gate { creator: of }) {
                self.make_runnable(thread, Woken::Done);
            }
        }
    }

    /// Something was written: those that waited for a change look again.
    fn wake_yielded(&mut self, by: ThreadId) {
        for (thread, state) in self.threads[..self.count].iter_mut().enumerate() {
            if thread != usize::from(by) && state.yielded {
                state.yielded = false;
                state.spin.count = 0;
            }
        }
    }

    /// One scheduling decision; returns when the calling thread `me` has the token again.
    fn step(&mut self, me: ThreadId) {
        let next = self.choose();
        if next == me {
            return;
        }
        self.current = next;
        token::give(next);
        token::wait(me);
    }

    /// The thread of the next step, recorded. Makes it runnable if it was waiting.
    fn choose(&mut self) -> ThreadId {
        let record = record::get();
        if record.steps >= self.request.budget as usize {
            finish(Finish::Budget);
        }
        while let Some(wanted) = self.next_replayed() {
            if self.can_replay(wanted) {
                return self.replay_step(wanted);
            }
            if !self.request.lenient {
                finish(Finish::Divergence);
            }
        }
        if !self.starves() && record.steps >= self.request.budget as usize / 2 {
            self.fair = true;
        }
        let runnable = self.wait_for_runnable();
        let candidates = ThreadSet(runnable.0 | self.early_ones().0);
        let chosen = self.decide(candidates, runnable);
        if let Some(woken) = self.early_reason(chosen) {
            self.make_runnable(chosen, woken);
        }
        chosen
    }

    /// Lets the policy choose and records it. Also for the order of wakes.
    fn decide(&mut self, candidates: ThreadSet, runnable: ThreadSet) -> ThreadId {
        let record = record::get();
        let chosen = if let Some(wanted) = self.next_replayed_of(candidates) {
            wanted
        } else if self.fair {
            candidates.nth(self.random.below(candidates.len()))
        } else {
            let step = record.steps as u32;
            let view = View { candidates, current: self.current, step, pending: &self.pending };
            self.policy.choose(&view, &mut self.random)
        };
        if !record.add_step(chosen, runnable.0, self.request.trace) {
            finish(Finish::Budget);
        }
        chosen
    }

    /// Whether a thread is kept from running to see if the others wait for it without working: nobody gives
    /// way then, and the run never becomes fair.
    fn starves(&self) -> bool {
        matches!(self.request.policy, Kind::Starve { .. })
    }

    fn runnable(&self) -> ThreadSet {
        self.select(|thread| thread.wait == Wait::None && !thread.yielded)
    }

    fn select(&self, wanted: impl Fn(&Thread) -> bool) -> ThreadSet {
        let mut set = ThreadSet::EMPTY;
        for thread in 0..self.count {
            if wanted(&self.threads[thread]) {
                set.insert(thread as ThreadId);
            }
        }
        set
    }

    /// Notes an operation in the thread's record and, in a trace, in the log.
    fn note(&mut self, me: ThreadId, done: Done, frame: *const u64) {
        let record = record::get();
        let event = Event {
            step: record.steps as u32,
            thread: me,
            operation: done.operation,
            object: done.object,
            value: done.value,
            frames: if self.request.trace {
                frames::frames(frame, self.threads[usize::from(me)].stack_top)
            } else {
                [0; FRAMES]
            },
        };
        if self.request.trace {
            record.thread[usize::from(me)].last = event;
            record.add_event(event);
        }
    }
}
