//! What a run leaves behind, in memory that the fork server shares with it.

use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use schedule::mechanism::Candidates;
use schedule::protocol::{Event, Finish, MemoryOrder, Operation, OutputHead, Request, ThreadRecord};
use schedule::{MOST_EVENTS, MOST_STEPS, MOST_THREADS, ThreadId};

use crate::system;

/// The most bytes of output, with their heads.
pub(crate) const MOST_OUTPUT: usize = 1 << 20;

/// The most bytes of output that are kept of a beginning.
const MOST_OUTPUT_AT_FIRST: usize = 4 << 10;

/// Everything that outlives the process of a run.
#[repr(C)]
pub(crate) struct Record {
    pub(crate) finish: Option<Finish>,
    pub(crate) threads: usize,
    pub(crate) atomics: u32,
    pub(crate) hash: u64,
    pub(crate) outside: bool,
    pub(crate) polls_outside: bool,
    /// Whether something was read that is different in every schedule.
    pub(crate) varies: bool,
    /// Whether others than the run's own threads may print: then what they have printed is taken in before each write.
    pub(crate) takes_in: bool,
    /// Whether somebody did.
    pub(crate) others_print: bool,
    /// Whether a runner makes sure of each answer at once.
    pub(crate) is_careful: bool,
    /// Whether the run waits for the world outside at this moment.
    pub(crate) waits_outside: bool,
    pub(crate) steps: usize,
    /// How many there were, lost ones included.
    pub(crate) events: usize,
    pub(crate) output: usize,
    pub(crate) thread: [ThreadRecord; MOST_THREADS],
    pub(crate) step: [ThreadId; MOST_STEPS],
    /// The threads that could have taken each step, kept in a trace.
    pub(crate) candidates: [[u64; 2]; MOST_STEPS],
    pub(crate) outputs: [u8; MOST_OUTPUT],
    /// What the runner does, or did last.
    pub(crate) runner: Runner,
    /// How many runs runners have begun.
    pub(crate) runs: u64,
    /// Microseconds of processor time of runs that runners have answered.
    pub(crate) answered: u64,
    /// A request that is handed to a runner, or that it leaves to the fork server.
    handed: Option<[u8; Request::SIZE]>,
    /// What became of it in the runner, which must be the same in a process of its own.
    expected: Option<Expected>,
    /// A ring: the event with number `n` stands at `n % MOST_EVENTS`.
    event: [Event; MOST_EVENTS],
}

/// What a runner does.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Runner {
    /// It has not begun.
    Idles,
    /// It waits for a request, or reads it.
    Reads,
    /// It makes a run.
    Runs,
    /// It answers.
    Answers,
    /// It has left its request to the fork server.
    Leaves,
    /// It makes no more runs. Answers that are not sure are taken back.
    Retires,
    /// Its process cannot be put back at all.
    Cannot,
    /// No more runs are asked for.
    IsDone,
}

static RECORD: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

/// Makes `record`, which is zeroed, shared and never unmapped, the place for all that follows.
pub(crate) fn install(record: *mut Record) {
    RECORD.store(record, Ordering::Relaxed);
    let record = get();
    // Zeroes need not be nothing.
    (record.handed, record.expected, record.finish, record.runner) = (None, None, None, Runner::Idles);
}

/// The record. Only for the holder of the token, or the fork server while no run is on: that is
/// what makes the reference the only one that is used.
pub(crate) fn get() -> &'static mut Record {
    // SAFETY: installed before the first run and never unmapped; the token's holder is alone, see above.
    unsafe { &mut *RECORD.load(Ordering::Relaxed) }
}

/// Ends the run from within the scheduler, whose state is not looked at.
pub(crate) fn end(finish: Finish) -> ! {
    get().finish = Some(finish);
    leave(0)
}

/// How a run ends where that is not the end of its process.
static END: AtomicUsize = AtomicUsize::new(0);

/// From now on a run ends so.
pub(crate) fn ends_by(end: fn(c_int) -> !) {
    END.store(end as usize, Ordering::Relaxed);
}

/// Ends the run with an exit code.
pub(crate) fn leave(code: c_int) -> ! {
    match END.load(Ordering::Relaxed) {
        0 => system::exit(code as usize & 0xff),
        // SAFETY: what was stored is such a function.
        end => unsafe { core::mem::transmute::<usize, fn(c_int) -> !>(end)(code) },
    }
}

/// From a hash to that of one byte more: FNV-1a.
fn hashed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// Of no byte.
const NO_HASH: u64 = 0xcbf2_9ce4_8422_2325;

/// What the main thread left before there was a second one.
#[derive(Clone, Copy)]
pub(crate) struct Beginning {
    atomics: u32,
    hash: u64,
    steps: usize,
    thread: ThreadRecord,
    outputs: [u8; MOST_OUTPUT_AT_FIRST],
    output: usize,
}

impl Beginning {
    /// Whether something was printed.
    pub(crate) fn has_output(&self) -> bool {
        self.output > 0
    }
}

/// What two runs of one schedule have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    status: c_int,
    finish: Option<Finish>,
    threads: usize,
    steps: usize,
    hash: u64,
    /// Of what was written to standard output.
    output: u64,
    outside: bool,
}

impl Expected {
    /// Of a run that has ended.
    pub(crate) fn of(record: &Record, status: c_int) -> Self {
        let &Record { finish, threads, steps, hash, outside, .. } = record;
        Self { status, finish, threads, steps, hash, output: record.digest(), outside }
    }
}

/// The record's place, for the fork server while a run is on: single words may be read.
pub(crate) fn shared() -> *const Record {
    RECORD.load(Ordering::Relaxed)
}

impl Record {
    /// A runner begins a run.
    pub(crate) fn begins(&mut self) {
        (self.runner, self.runs) = (Runner::Runs, self.runs.wrapping_add(1));
    }

    /// Hands a request to the runner, or back.
    pub(crate) fn hand(&mut self, request: &[u8; Request::SIZE]) {
        self.handed = Some(*request);
    }

    /// The request that was handed over.
    pub(crate) fn take_handed(&mut self) -> Option<[u8; Request::SIZE]> {
        self.handed.take()
    }

    /// Says what must become of the request that is left.
    pub(crate) fn expect(&mut self, expected: Expected) {
        self.expected = Some(expected);
    }

    /// Whether the run is not what it was in a runner; what comes from outside is different each time.
    pub(crate) fn is_unexpected(&mut self, status: c_int) -> bool {
        let seen = Expected::of(self, status);
        self.expected.take().is_some_and(|expected| expected != seen && !expected.outside && !seen.outside)
    }

    /// Of standard output, without digits: a program may say the number of its process.
    fn digest(&self) -> u64 {
        let mut rest = &self.outputs[..self.output];
        let mut digest = NO_HASH;
        while let Some((head, behind)) = rest.split_first_chunk()
            && let Some(head) = OutputHead::decode(head)
        {
            let (text, behind) = behind.split_at(behind.len().min(head.length as usize));
            if head.descriptor == 1 {
                let letters = text.iter().filter(|byte| !byte.is_ascii_digit());
                digest = letters.fold(hashed(digest, head.thread), |digest, &byte| hashed(digest, byte));
            }
            rest = behind;
        }
        digest
    }

    /// Forgets the last run. The arrays keep stale values behind their counts.
    pub(crate) fn reset(&mut self) {
        self.finish = None;
        self.threads = 0;
        self.atomics = 0;
        self.hash = NO_HASH;
        self.outside = false;
        self.polls_outside = false;
        self.varies = false;
        self.waits_outside = false;
        self.steps = 0;
        self.events = 0;
        self.output = 0;
    }

    /// Something has a part in the run that is no step, and can be different in each. Not before there is a second thread.
    pub(crate) fn has_varied(&mut self) {
        self.varies |= self.threads > 1;
    }

    /// What is there of a run whose main thread is alone; nothing where it can hardly be the same again.
    pub(crate) fn beginning(&self) -> Option<Beginning> {
        let is_alone = self.finish.is_none()
            && self.threads == 1
            && !self.outside
            && !self.polls_outside
            && self.events == 0;
        let mut outputs = [0; MOST_OUTPUT_AT_FIRST];
        let kept = self.outputs[..self.output].iter();
        if !is_alone || kept.len() > outputs.len() {
            return None;
        }
        outputs.iter_mut().zip(kept).for_each(|(place, &byte)| *place = byte);
        let &Self { atomics, hash, steps, output, .. } = self;
        Some(Beginning { atomics, hash, steps, thread: self.thread[0], outputs, output })
    }

    /// Begins a run after that. Its steps are still there: they are the same in all runs.
    pub(crate) fn begin_after(&mut self, beginning: &Beginning) {
        self.reset();
        let &Beginning { atomics, hash, steps, output, .. } = beginning;
        (self.atomics, self.hash, self.steps, self.output) = (atomics, hash, steps, output);
        (self.threads, self.thread[0]) = (1, beginning.thread);
        self.outputs[..output].copy_from_slice(&beginning.outputs[..output]);
    }

    /// Makes room for what is known of a thread.
    pub(crate) fn begin_thread(&mut self, thread: ThreadId) {
        self.threads = self.threads.max(usize::from(thread) + 1);
        self.thread[usize::from(thread)] = ThreadRecord::default();
    }

    /// Notes a step; false when there is no room for another.
    pub(crate) fn add_step(&mut self, thread: ThreadId, candidates: Candidates, trace: bool) -> bool {
        if self.steps >= MOST_STEPS {
            return false;
        }
        self.step[self.steps] = thread;
        if trace {
            self.candidates[self.steps] = candidates.to_words();
        }
        self.steps += 1;
        self.hash = hashed(self.hash, thread);
        true
    }

    /// Notes an operation of a trace.
    pub(crate) fn add_event(&mut self, event: Event) {
        self.event[self.events % MOST_EVENTS] = event;
        self.events += 1;
    }

    /// How many events are kept.
    pub(crate) fn kept_events(&self) -> usize {
        self.events.min(MOST_EVENTS)
    }

    /// The kept events, in their order.
    pub(crate) fn last_events(&self) -> impl Iterator<Item = &Event> {
        (self.events - self.kept_events()..self.events).map(|number| &self.event[number % MOST_EVENTS])
    }

    /// Notes what a thread writes at once, in as many parts as it has; false when there is no room.
    pub(crate) fn add_output<'a>(
        &mut self,
        writer: Writer,
        parts: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> bool {
        let room = (MOST_OUTPUT - self.output).saturating_sub(OutputHead::SIZE);
        let length = parts.clone().fold(0, |sum: usize, part| sum.saturating_add(part.len()));
        if length > room {
            return false;
        }
        let Writer { thread, descriptor } = writer;
        let head = OutputHead { thread, descriptor, step: self.steps as u32, length: length as u32 };
        self.append(&head.encode());
        parts.for_each(|part| self.append(part));
        true
    }

    fn append(&mut self, bytes: &[u8]) {
        self.outputs[self.output..][..bytes.len()].copy_from_slice(bytes);
        self.output += bytes.len();
    }
}

/// Who writes, and where to.
#[derive(Clone, Copy)]
pub(crate) struct Writer {
    pub(crate) thread: u8,
    /// 1 for standard output, 2 for standard error.
    pub(crate) descriptor: u8,
}

/// An operation without its place in the run, which the scheduler adds.
#[derive(Clone, Copy)]
pub(crate) struct Done {
    pub(crate) operation: Operation,
    pub(crate) object: u64,
    pub(crate) value: u64,
    pub(crate) order: MemoryOrder,
    pub(crate) age: u8,
}

impl Done {
    /// One that is not atomic.
    pub(crate) fn new(operation: Operation, object: u64, value: u64) -> Self {
        Self { operation, object, value, order: MemoryOrder::None, age: 0 }
    }
}
