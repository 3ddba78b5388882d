//! Handing over: asks the mechanism who goes on, writes it down, and gives the token to that thread.
//!
//! All functions are called by the token's holder. A thread that cannot go on says what it waits for ([`Wait`]).
//! A borrow of the shared state ends before the token is handed over: whoever has it then borrows anew.

mod frames;
mod wait;

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU32, Ordering};

use schedule::mechanism::{self, Candidates, Choice, Mechanism, Prefix, Read, Told, World};
use schedule::policy::Pending;
use schedule::protocol::{Event, Finish, Operation, Request, Staleness};
use schedule::{MOST_STEPS, MOST_THREADS, ThreadId, ThreadSet, is_stale, stale};

pub(crate) use schedule::mechanism::Woken;
pub(crate) use wait::Wait;

use crate::record::{self, Done, Writer};
use crate::token::{self, Global};
use crate::world::{self, PollDescriptor};
use crate::{inherited, mutexes, orders, system};

/// What is known of a thread besides what the mechanism knows.
#[derive(Clone, Copy)]
struct Body {
    /// libc's `pthread_t`.
    handle: u64,
    /// No frame of the thread lies above it.
    stack_top: u64,
    /// What it waits for, or last waited for.
    wait: Option<Wait>,
}

/// The state of a run. Never shared between processes: each run has its own copy by fork.
struct Run {
    mechanism: Mechanism<'static>,
    traces: bool,
    /// Writes to standard output that find a reader; all, if none.
    writes: Option<u32>,
    prefix: Prefix,
}

static RUN: Global<Run> = Global(UnsafeCell::new(Run {
    mechanism: Mechanism::idle(),
    traces: false,
    writes: None,
    prefix: Prefix::new(),
}));

/// A place of its own: the world outside is looked at while the mechanism chooses.
static BODIES: Global<[Body; MOST_THREADS]> =
    Global(UnsafeCell::new([Body { handle: 0, stack_top: 0, wait: None }; MOST_THREADS]));

/// The steps to replay. A place of its own: the mechanism reads it during the whole run.
static REPLAYED: Global<[ThreadId; MOST_STEPS]> = Global(UnsafeCell::new([0; MOST_STEPS]));

/// Lends the state of the run. `act` must not hand the token over, nor come back here.
fn with_run<T>(act: impl FnOnce(&mut Run) -> T) -> T {
    // SAFETY: the caller holds the token, so no other thread is here; `act` does not come back here, so this is the
    // only reference, and it ends before the token is handed over.
    act(unsafe { &mut *RUN.0.get() })
}

/// As [`with_run`], for what is known of a thread.
fn with_body<T>(thread: ThreadId, act: impl FnOnce(&mut Body) -> T) -> T {
    // SAFETY: as for `with_run`: `act` only touches what it is given.
    act(unsafe { &mut (&mut *BODIES.0.get())[usize::from(thread) % MOST_THREADS] })
}

/// As [`with_run`], for the mechanism.
fn with<T>(act: impl FnOnce(&mut Mechanism<'static>) -> T) -> T {
    with_run(|run| match run.mechanism.has_begun() {
        true => act(&mut run.mechanism),
        // No hook acts before `begin`.
        false => system::exit(70),
    })
}

/// The calling thread.
fn current() -> ThreadId {
    with(|mechanism| mechanism.current())
}

/// Tells the mechanism what the calling thread does.
fn tell(told: Told) {
    with_run(|run| run.prefix.note(told));
    with(|mechanism| mechanism.tell(told));
}

/// Where the first `count` steps to replay are put before [`begin`].
pub(crate) fn replay_buffer(count: usize) -> Option<&'static mut [ThreadId]> {
    // SAFETY: the fork server is alone, and no run has begun in this process, so nobody reads it yet.
    unsafe { &mut *REPLAYED.0.get() }.get_mut(..count)
}

/// Begins a run in a fresh process: the calling thread becomes thread 0 and holds the token.
pub(crate) fn begin(request: Request, stack_top: u64) {
    // SAFETY: the buffer was filled before and is not written to any more.
    let replayed = unsafe { &(&*REPLAYED.0.get())[..request.replayed as usize] };
    orders::begin(request.staleness != Staleness::Never || is_stale(replayed));
    with_run(|run| {
        run.mechanism.begin(request, replayed);
        run.traces = request.trace;
        run.writes = request.writes;
    });
    with_body(0, |body| body.stack_top = stack_top);
    record::get().begin_thread(0);
    token::enter(0);
}

/// What the main thread does from now on is noted, until there is a second thread.
pub(crate) fn open_prefix() {
    with_run(|run| run.prefix.open());
}

/// What is done now would not be the same again in another run.
pub(crate) fn break_prefix_off() {
    with_run(|run| run.prefix.break_off());
}

/// Whether all that the main thread has done was noted.
pub(crate) fn close_prefix() -> bool {
    with_run(|run| run.prefix.close())
}

/// Begins another run where the first thread of this one is created. The memory is as it was there.
///
/// False where it does not fit.
pub(crate) fn begin_after_prefix(request: Request) -> bool {
    orders::begin(request.staleness != Staleness::Never);
    with_run(|run| {
        run.writes = request.writes;
        run.mechanism.begin_after(request, &run.prefix)
    })
}

/// Whether this is the main thread's own stack, with much room below.
pub(crate) fn is_high_on_main_stack() -> bool {
    const USED_AT_MOST: usize = 1 << 20;
    let here = 0u8;
    let top = with_body(0, |body| body.stack_top as usize);
    top.checked_sub(&raw const here as usize).is_some_and(|used| used < USED_AT_MOST)
}

/// The calling thread comes out of the program.
fn look() {
    if orders::are_on() {
        orders::look(current());
    }
    if mutexes::are_held() {
        mutexes::look(current(), is_free);
    }
}

/// Notes the mutex that the calling thread has given back to wait for a condition, if it has.
pub(crate) fn lend(frame: *const u64) -> Option<u64> {
    let _inside = token::Inside::new();
    let lent = mutexes::look(current(), is_free)?;
    note(Done::new(Operation::Lends, lent, 0), frame);
    Some(lent)
}

/// The calling thread takes the mutex again that it has lent, once it is free: std does that next.
pub(crate) fn take_again(word: u64, frame: *const u64) {
    before_lock(word, frame);
    let _inside = token::Inside::new();
    note(Done::new(Operation::TakesAgain, word, 0), frame);
    mutexes::take(current(), word);
}

/// A point before an operation on `object`.
pub(crate) fn before(object: u64, writes: bool) {
    let _inside = token::Inside::new();
    look();
    tell(Told::Intends(Pending { object, writes }));
    step();
}

/// As [`before`], where the operation takes the lock at `word`, which is 0 where nobody has it: the calling thread goes on when
/// it is free.
pub(crate) fn before_lock(word: u64, frame: *const u64) {
    let _inside = token::Inside::new();
    look();
    let is_free = is_free(word);
    let waits = Done::new(Operation::LockWait, word, 0);
    if is_free {
        note_last(waits, frame);
    } else {
        note(waits, frame);
        break_prefix_off();
    }
    tell(Told::Locks(word, is_free));
    step();
}

/// As [`before`], where the operation is no atomic one: what threads do before and after it is in order. Where `object` is an
/// address, all that is done there is as strong as can be from then on.
pub(crate) fn before_call(object: u64, writes: bool) {
    let _inside = token::Inside::new();
    look();
    let me = current();
    orders::pass(me, object);
    tell(Told::Intends(Pending { object, writes }));
    step();
    orders::pass(me, object);
}

/// Which of so many values, the newest first, the calling thread loads. It is inside already.
pub(crate) fn choose_age(values: usize) -> usize {
    let age = with(|mechanism| mechanism.choose_age(values as u32)).unwrap_or_else(|reason| finish(reason));
    if age > 0 {
        add_step(stale(age), Candidates::UNKNOWN);
    }
    age.into()
}

/// A point after an operation. `changed` says whether others may find something else than before.
pub(crate) fn after(done: Done, changed: bool, frame: *const u64) {
    let _inside = token::Inside::new();
    note(done, frame);
    tell(Told::HasDone);
    if changed {
        tell(Told::Changed);
    }
    step();
}

/// After a read that found `value`, or a write of what was there: counts towards a spin loop.
pub(crate) fn reads(object: u64, site: u64, value: u64) {
    let _inside = token::Inside::new();
    tell(Told::Reads(Read { object, site, value }));
}

/// The calling thread gives way until something has been written, or nobody else can go on.
pub(crate) fn give_way(frame: *const u64) {
    let _inside = token::Inside::new();
    look();
    note(Done::new(Operation::Yield, 0, 0), frame);
    tell(Told::HasDone);
    tell(Told::Yields);
    step();
}

/// Blocks the calling thread until what it waits for has happened.
pub(crate) fn block(wait: Wait, doing: Done, frame: *const u64) -> Woken {
    let _inside = token::Inside::new();
    note(doing, frame);
    let me = current();
    with_body(me, |body| body.wait = Some(wait));
    record::get().outside |= matches!(wait, Wait::Ready { .. } | Wait::Outside { .. });
    break_prefix_off();
    with(|mechanism| mechanism.block(wait.for_mechanism()));
    step();
    let woken = with(|mechanism| mechanism.threads().get(me).woken);
    // It may have been moved to another futex.
    match with_body(me, |body| body.wait).unwrap_or(wait) {
        Wait::Futex { word, .. } if woken != Woken::TimedOut => orders::pass(me, word),
        Wait::Join { thread } => orders::joined(me, Some(thread)),
        _ => orders::has_waited(me),
    }
    woken
}

/// What the calling thread does before and after this is in order with what others do who deal with `object`.
pub(crate) fn pass(object: u64) {
    let _inside = token::Inside::new();
    orders::pass(current(), object);
}

/// The calling thread has found that another one has ended; one that is not known may be any.
pub(crate) fn joined(ended: Option<ThreadId>) {
    let _inside = token::Inside::new();
    orders::joined(current(), ended);
}

/// Notes something for the picture that is no step.
pub(crate) fn remark(done: Done, frame: *const u64) {
    let _inside = token::Inside::new();
    note(done, frame);
}

/// Makes up to `most` waiters on a futex runnable, in an order that the policy chooses. How many.
pub(crate) fn wake_futex(word: u64, bits: u32, most: u32) -> u32 {
    let _inside = token::Inside::new();
    for_waiters(word, bits, most, |mechanism, thread| mechanism.wake(thread))
}

/// Has up to `most` waiters on a futex wait on another one. How many.
pub(crate) fn move_futex(word: u64, most: u32, to: u64) -> u32 {
    let _inside = token::Inside::new();
    for_waiters(word, u32::MAX, most, |mechanism, thread| {
        mechanism.requeue(thread, to);
        with_body(thread, |body| {
            if let Some(Wait::Futex { word, .. }) = &mut body.wait {
                *word = to;
            }
        });
    })
}

/// Does something with up to `most` waiters, which are waiters no more.
fn for_waiters(word: u64, bits: u32, most: u32, act: impl Fn(&mut Mechanism<'static>, ThreadId)) -> u32 {
    let mut count = 0;
    while count < most {
        let waiters = with(|mechanism| mechanism.waiters(word, bits));
        let thread = match waiters.len() {
            0 => break,
            1 => waiters.nth(0),
            _ => write_down(with(|mechanism| mechanism.choose_woken(waiters))),
        };
        with(|mechanism| act(mechanism, thread));
        count += 1;
    }
    count
}

/// Adds a thread that was created by the calling one; `None` when there are too many.
pub(crate) fn spawn() -> Option<ThreadId> {
    let _inside = token::Inside::new();
    let thread = with(Mechanism::spawn)?;
    record::get().begin_thread(thread);
    with_body(thread, |body| body.handle = 0);
    Some(thread)
}

/// Takes back a thread that could not be created after all.
pub(crate) fn unspawn(thread: ThreadId) {
    with(|mechanism| mechanism.unspawn(thread));
    record::get().thread[usize::from(thread)].ended = true;
}

/// The calling thread has created another one, of which libc has this handle, for [`find`].
pub(crate) fn spawned(thread: ThreadId, handle: u64) {
    let _inside = token::Inside::new();
    orders::spawned(current(), thread);
    mutexes::begin(thread);
    with_body(thread, |body| body.handle = handle);
}

/// The newest thread with this handle of libc, which uses handles again.
pub(crate) fn find(handle: u64) -> Option<ThreadId> {
    let all = with(|mechanism| mechanism.threads().select(|_, _| true));
    let born = |thread: &ThreadId| with(|mechanism| mechanism.threads().get(*thread).born);
    all.iter().filter(|&thread| with_body(thread, |body| body.handle == handle)).max_by_key(born)
}

/// Whether a thread has ended.
pub(crate) fn has_ended(thread: ThreadId) -> bool {
    with(|mechanism| mechanism.threads().get(thread).wait == mechanism::Wait::Ended)
}

/// The calling thread's first step.
pub(crate) fn started(me: ThreadId, stack_top: u64) {
    let _inside = token::Inside::new();
    with_body(me, |body| body.stack_top = stack_top);
    note(Done::new(Operation::Start, 0, 0), core::ptr::null());
}

/// The calling thread's last step: hands the token over for good.
pub(crate) fn end_thread(me: ThreadId) {
    let _inside = token::Inside::new();
    look();
    note(Done::new(Operation::End, 0, 0), core::ptr::null());
    with(Mechanism::end);
    record::get().thread[usize::from(me)].ended = true;
    let next = choose();
    token::leave();
    token::hand_on(me, next);
}

/// Whether the calling thread is the only one that has not ended.
pub(crate) fn is_alone() -> bool {
    with(|mechanism| mechanism.is_alone())
}

/// The virtual time, in nanoseconds since 1970; each reading takes a microsecond.
pub(crate) fn read_clock() -> u64 {
    with_run(|run| run.prefix.note(Told::ReadsClock));
    record::get().varies |= !is_alone();
    with(Mechanism::read_clock)
}

/// A number that nobody can guess, but the same whenever the schedule so far is.
pub(crate) fn random(draw: u64) -> u64 {
    let me = with(|mechanism| mechanism.current());
    record::get().has_varied();
    schedule::random::Random::new(record::get().hash ^ u64::from(me) << 56 ^ draw.rotate_left(32)).next_u64()
}

/// Whether a write to standard output finds a reader. It is one of those that are counted.
pub(crate) fn finds_a_reader() -> bool {
    with_run(|run| match &mut run.writes {
        None => true,
        Some(writes) => {
            // Another run may find a reader where this one does not.
            run.prefix.break_off();
            let finds = *writes > 0;
            *writes = writes.saturating_sub(1);
            finds
        }
    })
}

/// Keeps what the calling thread writes at once.
pub(crate) fn write_output<'a>(descriptor: u8, parts: impl Iterator<Item = &'a [u8]> + Clone) {
    let _inside = token::Inside::new();
    let thread = with(|mechanism| mechanism.current());
    if !record::get().add_output(Writer { thread, descriptor }, parts) {
        finish(Finish::OutputLimit);
    }
}

/// Names the calling thread in reports.
pub(crate) fn name(bytes: &[u8]) {
    let me = with(|mechanism| mechanism.current());
    let record = &mut record::get().thread[usize::from(me)];
    let length = bytes.len().min(record.name.len());
    record.name = [0; 16];
    record.name[..length].copy_from_slice(&bytes[..length]);
}

/// Ends the run, with all its threads where they are.
pub(crate) fn finish(finish: Finish) -> ! {
    let runnable = with(|mechanism| mechanism.free());
    let record = record::get();
    record.finish = Some(finish);
    for thread in 0..record.threads {
        record.thread[thread].runnable = runnable.contains(thread as ThreadId);
    }
    record::leave(0);
}

/// One scheduling decision; returns when the calling thread has the token again.
///
/// There is none while a thread handles a signal on its alternate stack: std does when a stack has overflowed, holds a
/// lock that nobody else can wait for under control, and ends the process.
fn step() {
    if token::is_on_alternate_stack() && with(|mechanism| mechanism.can_go_on()) {
        return;
    }
    let me = with(|mechanism| mechanism.current());
    let next = choose();
    if next != me {
        token::hand_over(me, next);
    }
}

/// The thread of the next step, written down.
fn choose() -> ThreadId {
    with_run(|run| run.prefix.note(Told::Steps));
    write_down(with(|mechanism| mechanism.choose(&mut Outside)))
}

fn write_down(choice: Result<Choice, Finish>) -> ThreadId {
    let Choice { thread, candidates } = choice.unwrap_or_else(|reason| finish(reason));
    add_step(thread, candidates);
    thread
}

fn add_step(step: ThreadId, candidates: Candidates) {
    let traces = with_run(|run| run.traces);
    if !record::get().add_step(step, candidates, traces) {
        finish(Finish::StepLimit);
    }
}

/// In a trace, notes an operation in the log, and as the thread's last.
fn note(done: Done, frame: *const u64) {
    if let Some(event) = note_last(done, frame) {
        record::get().add_event(event);
    }
}

/// In a trace, notes an operation as the thread's last.
fn note_last(done: Done, frame: *const u64) -> Option<Event> {
    let (me, traces) = (with(|mechanism| mechanism.current()), with_run(|run| run.traces));
    if !traces {
        return None;
    }
    let record = record::get();
    let stack_top = with_body(me, |body| body.stack_top);
    let event = Event {
        step: record.steps as u32,
        thread: me,
        operation: done.operation,
        object: done.object,
        value: done.value,
        order: done.order,
        age: done.age,
        frames: frames::frames(frame, stack_top),
    };
    record.thread[usize::from(me)].last = event;
    Some(event)
}

/// Whether a lock is, which is 0 then.
fn is_free(word: u64) -> bool {
    // SAFETY: a thread that takes a mutex borrows it for as long as it waits for it, and its word is one of 32 bits.
    let word = unsafe { AtomicU32::from_ptr(core::ptr::with_exposed_provenance_mut(word as usize)) };
    word.load(Ordering::Relaxed) == 0
}

/// The world outside, as the kernel knows it.
struct Outside;

impl World for Outside {
    fn look(&mut self, waiting: ThreadSet, milliseconds: i32) -> ThreadSet {
        let mut descriptors = [PollDescriptor::NONE; MOST_THREADS];
        let mut of = [0; MOST_THREADS];
        let mut count = 0;
        for thread in waiting.iter() {
            if let Some(Wait::Ready { descriptor, events, .. }) = with_body(thread, |body| body.wait) {
                descriptors[count] = PollDescriptor::new(descriptor, events);
                of[count] = thread;
                count += 1;
            }
        }
        // What no descriptor tells is looked at every millisecond.
        for round in 0..=milliseconds {
            if milliseconds > 0 {
                inherited::take_in();
            }
            let mut ready = without_descriptor(waiting);
            let patience = i32::from(round < milliseconds && ready.is_empty());
            world::wait_for_world(&mut descriptors[..count], patience);
            (0..count).filter(|&at| descriptors[at].is_ready()).for_each(|at| ready.insert(of[at]));
            if !ready.is_empty() {
                return ready;
            }
        }
        ThreadSet::EMPTY
    }

    fn is_closed(&mut self, waiting: ThreadSet) -> bool {
        let ends_inside = |thread| with_body(thread, |body| body.wait).is_some_and(Wait::ends_inside);
        waiting.iter().all(ends_inside) && world::is_alone()
    }

    fn is_free(&mut self, word: u64) -> bool {
        is_free(word)
    }
}

/// Those for which something has come that no descriptor tells.
fn without_descriptor(waiting: ThreadSet) -> ThreadSet {
    let mut ready = ThreadSet::EMPTY;
    for thread in waiting.iter() {
        if let Some(Wait::Outside { until, .. }) = with_body(thread, |body| body.wait)
            && until.has_come()
        {
            ready.insert(thread);
        }
    }
    ready
}
