//! What the grader is told of a run: the record that it left.

use core::ffi::c_int;

use schedule::protocol::{Event, Finish, Header, ThreadRecord};

use crate::record::Record;
use crate::{post, record, system};

unsafe extern "C" {
    fn getauxval(kind: u64) -> u64;
}

/// How the process of a run ended, where that says more than the record.
#[derive(Clone, Copy)]
pub(crate) struct End {
    /// Its wait status.
    pub(crate) status: c_int,
    /// Whether it ended by itself.
    pub(crate) in_time: bool,
    /// The system call that it was ended in.
    pub(crate) call: Option<u32>,
}

impl End {
    /// It ended by itself, with this wait status.
    pub(crate) fn with(status: c_int) -> Self {
        Self { status, in_time: true, call: None }
    }
}

/// Where the executable is loaded: its program headers say where they stand themselves.
pub(crate) fn executable_base() -> u64 {
    const AT_PHDR: u64 = 3;
    const PT_PHDR: u32 = 6;
    // SAFETY: the kernel passes the address of the program headers, of which the first describes
    // the table itself in every executable that has an interpreter.
    unsafe {
        let headers = getauxval(AT_PHDR);
        let first = headers as *const u32;
        if headers == 0 || *first != PT_PHDR {
            return 0;
        }
        // `p_vaddr` is the third 64-bit word of `Elf64_Phdr`.
        headers - *(headers as *const u64).add(2)
    }
}

/// Whose processor time and page faults.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Process,
    /// All children that have been waited for, and theirs.
    Children,
}

/// What the kernel counts, getrusage(2).
pub(crate) struct Usage([u64; 18]);

impl Usage {
    pub(crate) fn of(whose: Of) -> Self {
        let whose = match whose {
            Of::Process => 0,
            Of::Children => usize::MAX,
        };
        let mut usage = [0u64; 18];
        // SAFETY: the place is as large as the kernel's `struct rusage`.
        unsafe { system::call(system::GETRUSAGE, [whose, usage.as_mut_ptr() as usize, 0, 0, 0, 0]) };
        Self(usage)
    }

    /// Of processor time.
    pub(crate) fn microseconds(&self) -> u64 {
        let [user_seconds, user_micros, system_seconds, system_micros, ..] = self.0;
        (user_seconds + system_seconds) * 1_000_000 + user_micros + system_micros
    }

    /// Those for which nothing had to be read.
    pub(crate) fn page_faults(&self) -> u64 {
        self.0[8]
    }
}

/// How long the answer to a run is that is not traced.
pub(crate) fn size(record: &Record) -> usize {
    Header::SIZE + record.threads * ThreadRecord::SIZE + record.output
}

/// Answers the request of the last run; it is sent when no request waits, and at once where the run was slow: then all
/// before must be sure. `processor` is what it took, in microseconds; `leaked` says that it was another one
/// after others in its process.
pub(crate) fn put(
    socket: usize,
    End { status, in_time, call }: End,
    processor: u64,
    trace: bool,
    leaked: bool,
) {
    const SIGPROF: c_int = 27;
    let record = record::get();
    let unseen = !in_time || status & 0x7f == SIGPROF;
    let finish = if unseen { Finish::Unseen } else { record.finish.unwrap_or(Finish::Process) };
    let sent_steps = if trace { record.steps } else { 0 };
    let header = Header {
        status,
        finish,
        threads: record.threads as u8,
        steps: record.steps as u32,
        hash: record.hash,
        base: executable_base(),
        atomics: record.atomics,
        output: record.output as u32,
        sent_steps: sent_steps as u32,
        events: record.kept_events() as u32,
        processor: u32::try_from(processor).unwrap_or(u32::MAX),
        outside: record.outside || record.polls_outside,
        polls_outside: record.polls_outside,
        varies: record.varies,
        call,
        leaked,
    };
    let post = post::get();
    let mut put = |bytes: &[u8]| post.put(socket, bytes);
    put(&header.encode());
    for thread in &record.thread[..record.threads] {
        put(&ThreadRecord::encode(thread));
    }
    put(&record.outputs[..record.output]);
    put(&record.step[..sent_steps]);
    for words in &record.candidates[..sent_steps] {
        words.iter().for_each(|word| put(&word.to_le_bytes()));
    }
    for event in record.last_events() {
        put(&Event::encode(event));
    }
    // The grader waits for no answer behind such a one.
    if matches!(finish, Finish::Unseen | Finish::OutsideWait) {
        post.make_sure();
        post.send(socket);
    }
}
