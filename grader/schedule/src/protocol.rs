//! What the grader and the runtime inside a graded program say to each other.
//!
//! Over one stream socket the grader sends a [`Request`] and the steps to replay; the runtime runs
//! the program once and answers with a [`Header`], then the threads, the output, the steps, the
//! sets of threads that could have taken each step (ready ones, then reluctant ones), and the events, each
//! as long as the header says. All numbers are little-endian.

use std::time::Duration;

use crate::policy::Kind;

/// First word of every message; changes with the protocol.
pub const MAGIC: u32 = 0x4c4b_5307;

/// The environment variable that names the grader's socket to the runtime.
pub const SOCKET_VARIABLE: &str = "LOCKSTEP_SOCKET";

/// The environment variable that names the processor that a program is pinned to.
pub const PROCESSOR_VARIABLE: &str = "LOCKSTEP_PROCESSOR";

/// Stands for a thread in the head of what a child process wrote, or whoever else wrote past the hooks.
pub const CHILD: u8 = u8::MAX;

/// The environment variable that says `1` where the program has process ids of its own: then all that
/// the runtime can see of other processes was started by its runs.
pub const ALONE_VARIABLE: &str = "LOCKSTEP_ALONE";

/// How to run the program once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Everything random comes from it.
    pub seed: u64,
    /// Who chooses.
    pub policy: Kind,
    /// New threads wait until the thread that created them blocks.
    pub start_gate: bool,
    /// Waits without a time-out may end without a wake, as futex(2) allows.
    pub spurious_wakes: bool,
    /// Other threads may be held up for seconds: waits of less than 5 s may time out early, and
    /// giving way mostly has no effect.
    pub busy_machine: bool,
    /// Record events, and the threads that could have taken each step.
    pub trace: bool,
    /// Leave out replayed steps that are impossible, instead of ending the run.
    pub lenient: bool,
    /// Only the program's own threads talk to each other, over sockets: nobody else can answer, and the kernel does at
    /// once.
    pub keeps_to_itself: bool,
    /// How long a lenient run waits for the world outside before it leaves out steps that wait for
    /// it, in looks of 10 ms over the whole run.
    pub patience: u32,
    /// The most steps of a run.
    pub budget: u32,
    /// How many steps to replay, which follow the request; the policy chooses after them.
    pub replayed: u32,
}

impl Request {
    /// Asks for no step.
    pub const NONE: Self = Self {
        seed: 0,
        policy: Kind::RandomWalk,
        start_gate: false,
        spurious_wakes: false,
        busy_machine: false,
        trace: false,
        lenient: false,
        keeps_to_itself: false,
        patience: 0,
        budget: 0,
        replayed: 0,
    };

    /// Bytes of an encoded request.
    pub const SIZE: usize = 32;

    /// How long the world outside gets, of real time, when nothing else can happen.
    pub const fn patience_at_rest(&self) -> Duration {
        Duration::from_secs(if self.keeps_to_itself { 2 } else { 5 })
    }

    /// The bytes to send.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let (policy, depth, length) = match self.policy {
            Kind::RandomWalk => (0, 0, 0),
            Kind::Pos => (1, 0, 0),
            Kind::Pct { depth, length } => (2, depth, length),
            Kind::Sticky => (3, 0, 0),
            Kind::Straight => (4, 0, 0),
            Kind::Starve { thread } => (5, thread, 0),
        };
        let switches = [
            self.start_gate,
            self.spurious_wakes,
            self.busy_machine,
            self.trace,
            self.lenient,
            self.keeps_to_itself,
        ];
        let flags = switches.iter().enumerate().fold(0, |flags, (bit, &on)| flags | u8::from(on) << bit);
        let mut bytes = Writer::<{ Self::SIZE }>::new();
        bytes.put(&MAGIC.to_le_bytes());
        bytes.put(&[policy, depth, flags, 0]);
        bytes.put(&self.seed.to_le_bytes());
        bytes.put(&length.to_le_bytes());
        bytes.put(&self.budget.to_le_bytes());
        bytes.put(&self.replayed.to_le_bytes());
        bytes.put(&self.patience.to_le_bytes());
        bytes.bytes
    }

    /// The request in `bytes`; `None` where they are none.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.u32() != MAGIC {
            return None;
        }
        let [policy, depth, flags, _] = reader.take();
        let seed = reader.u64();
        let length = reader.u32();
        let policy = match policy {
            0 => Kind::RandomWalk,
            1 => Kind::Pos,
            2 => Kind::Pct { depth, length },
            3 => Kind::Sticky,
            4 => Kind::Straight,
            5 => Kind::Starve { thread: depth },
            _ => return None,
        };
        let flag = |bit: u8| flags >> bit & 1 == 1;
        Some(Self {
            seed,
            policy,
            start_gate: flag(0),
            spurious_wakes: flag(1),
            busy_machine: flag(2),
            trace: flag(3),
            lenient: flag(4),
            keeps_to_itself: flag(5),
            budget: reader.u32(),
            replayed: reader.u32(),
            patience: reader.u32(),
        })
    }
}

/// How the runtime saw a run end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Finish {
    /// It did not: the process ended, and its wait status says how.
    Process = 0,
    /// Nobody can go on, and nothing outside can change that.
    Deadlock = 1,
    /// The budget of steps was used up, and in the last half of it, under a fair policy, nothing changed.
    Budget = 2,
    /// The replayed schedule names a thread that cannot take the step.
    Divergence = 3,
    /// More threads at once than [`crate::MOST_THREADS`].
    TooManyThreads = 4,
    /// More output than the log holds.
    OutputLimit = 5,
    /// All wait for something outside, and it did not come.
    OutsideWait = 6,
    /// The process did not end in time: it computes, or waits, where no hook sees it.
    Unseen = 7,
    /// As many steps as a run can have.
    StepLimit = 8,
}

impl Finish {
    /// The finish with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        use Finish::{
            Budget, Deadlock, Divergence, OutputLimit, OutsideWait, Process, StepLimit, TooManyThreads,
            Unseen,
        };
        let all = [
            Process,
            Deadlock,
            Budget,
            Divergence,
            TooManyThreads,
            OutputLimit,
            OutsideWait,
            Unseen,
            StepLimit,
        ];
        all.into_iter().find(|finish| *finish as u8 == number)
    }
}

/// What a run came to, and how much follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The wait status of the process, as wait(2) gives it.
    pub status: i32,
    /// How the runtime saw it end.
    pub finish: Finish,
    /// Threads created, the main thread included.
    pub threads: u8,
    /// Steps taken.
    pub steps: u32,
    /// Equal for equal schedules.
    pub hash: u64,
    /// Where the program's executable is loaded: subtract it from a return address.
    pub base: u64,
    /// Atomic operations that the hooks saw; 0 says that the program is not instrumented.
    pub atomics: u32,
    /// Bytes of output records.
    pub output: u32,
    /// Sent steps: all in a trace, else none.
    pub sent_steps: u32,
    /// Sent events.
    pub events: u32,
    /// Microseconds of processor time of all its processes, as the kernel counts them.
    pub processor: u32,
    /// Whether some thread waited for a descriptor or a child: what comes from outside, and when, is
    /// not part of the schedule.
    pub outside: bool,
    /// Whether some thread looked at a child that had not ended, and went on: how many steps that takes is up to the
    /// child.
    pub polls_outside: bool,
    /// The system call without control in which the run sat, where it is [`Finish::Unseen`] and that is known.
    pub call: Option<u32>,
}

impl Header {
    /// Bytes of an encoded header.
    pub const SIZE: usize = 56;
    /// In the place of a system call's number where there is none.
    const NO_CALL: u32 = u32::MAX;

    /// The bytes to send.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = Writer::<{ Self::SIZE }>::new();
        bytes.put(&MAGIC.to_le_bytes());
        bytes.put(&self.status.to_le_bytes());
        bytes.put(&[self.finish as u8, self.threads, u8::from(self.outside), u8::from(self.polls_outside)]);
        bytes.put(&self.steps.to_le_bytes());
        bytes.put(&self.hash.to_le_bytes());
        bytes.put(&self.base.to_le_bytes());
        for count in [self.atomics, self.output, self.sent_steps, self.events, self.processor] {
            bytes.put(&count.to_le_bytes());
        }
        bytes.put(&self.call.unwrap_or(Self::NO_CALL).to_le_bytes());
        bytes.bytes
    }

    /// The header in `bytes`; `None` where they are none.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.u32() != MAGIC {
            return None;
        }
        let status = reader.u32() as i32;
        let [finish, threads, outside, polls_outside] = reader.take();
        Some(Self {
            status,
            finish: Finish::from_number(finish)?,
            threads,
            steps: reader.u32(),
            hash: reader.u64(),
            base: reader.u64(),
            atomics: reader.u32(),
            output: reader.u32(),
            sent_steps: reader.u32(),
            events: reader.u32(),
            processor: reader.u32(),
            outside: outside != 0,
            polls_outside: polls_outside != 0,
            call: Some(reader.u32()).filter(|&call| call != Self::NO_CALL),
        })
    }
}

/// What kind of operation a thread did, or waits in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// Nothing yet.
    #[default]
    None = 0,
    /// An atomic load.
    Load = 1,
    /// An atomic store.
    Store = 2,
    /// An atomic swap.
    Swap = 3,
    /// An atomic addition, subtraction, or bit operation.
    Update = 4,
    /// A compare-and-swap that swapped.
    CompareSwap = 5,
    /// A compare-and-swap that found another value.
    CompareFail = 6,
    /// A wait on a futex.
    FutexWait = 7,
    /// A wake of waiters on a futex.
    FutexWake = 8,
    /// A thread is created.
    Spawn = 9,
    /// A thread waits for the end of another.
    Join = 10,
    /// A thread's first step.
    Start = 11,
    /// A thread's last step.
    End = 12,
    /// A thread gives way.
    Yield = 13,
    /// A thread sleeps.
    Sleep = 14,
    /// A read from a file, pipe or socket.
    Read = 15,
    /// A write to a file, pipe or socket.
    Write = 16,
    /// Waiting for a connection, making one, or waiting for readiness.
    Poll = 17,
    /// A wait for a child process.
    WaitChild = 18,
    /// A memory fence.
    Fence = 19,
    /// A wait on a futex ends although nobody woke the thread.
    WakesUnasked = 20,
    /// A wait on a futex ends because its time is over.
    TimesOut = 21,
}

impl Operation {
    /// The operation with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        use Operation::{
            CompareFail, CompareSwap, End, Fence, FutexWait, FutexWake, Join, Load, None, Poll, Read, Sleep,
            Spawn, Start, Store, Swap, TimesOut, Update, WaitChild, WakesUnasked, Write, Yield,
        };
        let all = [
            None,
            Load,
            Store,
            Swap,
            Update,
            CompareSwap,
            CompareFail,
            FutexWait,
            FutexWake,
            Spawn,
            Join,
            Start,
            End,
            Yield,
            Sleep,
            Read,
            Write,
            Poll,
            WaitChild,
            Fence,
            WakesUnasked,
            TimesOut,
        ];
        all.get(usize::from(number)).copied()
    }
}

/// How many return addresses are kept of each operation. A panic is written from a dozen calls below the line that
/// panicked.
pub const FRAMES: usize = 20;

/// One operation in a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The step that allowed it, from 0.
    pub step: u32,
    /// Who did it.
    pub thread: u8,
    /// What it did.
    pub operation: Operation,
    /// To which object: an address, a file descriptor, a thread.
    pub object: u64,
    /// The value read or written, the count of threads woken, the bytes moved.
    pub value: u64,
    /// Return addresses, the innermost first, 0 after the last.
    pub frames: [u64; FRAMES],
}

impl Event {
    /// Bytes of an encoded event.
    pub const SIZE: usize = 24 + 8 * FRAMES;

    /// The bytes to send.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = Writer::<{ Self::SIZE }>::new();
        bytes.put(&self.step.to_le_bytes());
        bytes.put(&[self.thread, self.operation as u8, 0, 0]);
        bytes.put(&self.object.to_le_bytes());
        bytes.put(&self.value.to_le_bytes());
        self.frames.iter().for_each(|frame| bytes.put(&frame.to_le_bytes()));
        bytes.bytes
    }

    /// The event in `bytes`.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let step = reader.u32();
        let [thread, operation, _, _] = reader.take();
        Some(Self {
            step,
            thread,
            operation: Operation::from_number(operation)?,
            object: reader.u64(),
            value: reader.u64(),
            frames: [(); FRAMES].map(|()| reader.u64()),
        })
    }
}

/// What a thread was doing when the run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadRecord {
    /// Whether it had ended.
    pub ended: bool,
    /// Whether it could have gone on.
    pub runnable: bool,
    /// Its last operation, or the one that it waits in.
    pub last: Event,
    /// Its name, padded with zeros.
    pub name: [u8; 16],
}

impl ThreadRecord {
    /// Bytes of an encoded record.
    pub const SIZE: usize = 24 + Event::SIZE;

    /// The bytes to send.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = Writer::<{ Self::SIZE }>::new();
        bytes.put(&[u8::from(self.ended), u8::from(self.runnable), 0, 0, 0, 0, 0, 0]);
        bytes.put(&self.name);
        bytes.put(&self.last.encode());
        bytes.bytes
    }

    /// The record in `bytes`.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let flags: [u8; 8] = reader.take();
        let name = reader.take();
        Some(Self {
            ended: flags[0] == 1,
            runnable: flags[1] == 1,
            name,
            last: Event::decode(&reader.take())?,
        })
    }
}

/// The head of one record of output; as many bytes as `length` says follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputHead {
    /// Who wrote.
    pub thread: u8,
    /// 1 for standard output, 2 for standard error.
    pub descriptor: u8,
    /// The step that allowed it.
    pub step: u32,
    /// Bytes written.
    pub length: u32,
}

impl OutputHead {
    /// Bytes of an encoded head.
    pub const SIZE: usize = 12;

    /// The bytes to send.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = Writer::<{ Self::SIZE }>::new();
        bytes.put(&[self.thread, self.descriptor, 0, 0]);
        bytes.put(&self.step.to_le_bytes());
        bytes.put(&self.length.to_le_bytes());
        bytes.bytes
    }

    /// The head in `bytes`.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        let mut reader = Reader(bytes);
        let [thread, descriptor, _, _] = reader.take();
        Self { thread, descriptor, step: reader.u32(), length: reader.u32() }
    }
}

/// Fills an array from its start.
struct Writer<const SIZE: usize> {
    bytes: [u8; SIZE],
    filled: usize,
}

impl<const SIZE: usize> Writer<SIZE> {
    fn new() -> Self {
        Self { bytes: [0; SIZE], filled: 0 }
    }

    fn put(&mut self, part: &[u8]) {
        self.bytes[self.filled..self.filled + part.len()].copy_from_slice(part);
        self.filled += part.len();
    }
}

/// Takes numbers from the front. Callers know that there are enough bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        let (front, rest) = self.0.split_at(COUNT);
        self.0 = rest;
        let mut taken = [0; COUNT];
        taken.copy_from_slice(front);
        taken
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds() -> impl Strategy<Value = Kind> {
        prop_oneof![
            Just(Kind::RandomWalk),
            Just(Kind::Pos),
            (1u8..6, any::<u32>()).prop_map(|(depth, length)| Kind::Pct { depth, length }),
            Just(Kind::Sticky),
            Just(Kind::Straight),
            (0u8..64).prop_map(|thread| Kind::Starve { thread }),
        ]
    }

    proptest! {
        #[test]
        fn a_request_survives_the_socket(
            seed in any::<u64>(), policy in kinds(), flags in any::<[bool; 6]>(), numbers in any::<[u32; 3]>()
        ) {
            let [start_gate, spurious_wakes, busy_machine, trace, lenient, keeps_to_itself] = flags;
            let [budget, replayed, patience] = numbers;
            let request = Request {
                seed, policy, start_gate, spurious_wakes, busy_machine, trace, lenient, keeps_to_itself, budget, replayed,
                patience
            };
            prop_assert_eq!(Request::decode(&request.encode()), Some(request));
        }

        #[test]
        fn a_thread_record_survives_the_socket(
            ended in any::<bool>(), runnable in any::<bool>(), name in any::<[u8; 16]>(), object in any::<u64>(), frames in any::<[u64; FRAMES]>()
        ) {
            let last = Event { step: 7, thread: 3, operation: Operation::FutexWait, object, value: 9, frames };
            let record = ThreadRecord { ended, runnable, name, last };
            prop_assert_eq!(ThreadRecord::decode(&record.encode()), Some(record));
        }

        #[test]
        fn no_bytes_make_a_decoder_panic(request in any::<[u8; Request::SIZE]>(), header in any::<[u8; Header::SIZE]>()) {
            let _ = (Request::decode(&request), Header::decode(&header));
        }
    }

    #[test]
    fn a_header_survives_the_socket() {
        let header = Header {
            status: -1,
            finish: Finish::Deadlock,
            threads: 3,
            steps: 1000,
            hash: u64::MAX,
            base: 0x5555_5555_4000,
            atomics: 12,
            output: 34,
            sent_steps: 56,
            events: 78,
            processor: 90,
            outside: true,
            polls_outside: true,
            call: Some(73),
        };
        assert_eq!(Header::decode(&header.encode()), Some(header));
    }
}
