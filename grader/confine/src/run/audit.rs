//! Who wrote what in a run without control, as the kernel has it.
//!
//! Each write to the program's standard output waits until it is noted here: the bytes are read from the program's
//! memory, kept in the order of the writes, and the call is answered in the kernel's place. So there is one order, and
//! nobody can change the bytes after they were looked at.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;
use schedule::ThreadId;
use schedule::protocol::CHILD;

use crate::sandbox::audit::{self, Call, Decision, Source};

/// A write to standard output: who, and how many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// The main thread is 0, others have numbers in the order of their first writes; [`CHILD`] for other processes.
    pub thread: ThreadId,
    /// How many bytes.
    pub bytes: usize,
}

/// Who wrote standard output in a run without control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Nobody asked, or the system does not say.
    NotAudited,
    /// These, one after another.
    Known(Vec<Write>),
    /// Bytes came in a way that could not be followed. No program that does not look for such a way has one.
    Evaded,
}

/// The grader's side of an audited run.
pub(super) struct Audit {
    /// Gone when no thread is left that could ask.
    listener: Option<OwnedFd>,
    /// What the program's standard output is, as /proc names it.
    pipe: PathBuf,
    noted: Vec<Noted>,
    /// Whether bytes came that were not noted.
    is_evaded: bool,
    /// Whether the system lets the grader look at the program.
    is_permitted: bool,
}

#[derive(Clone, Copy)]
struct Noted {
    thread: Pid,
    process: Pid,
    bytes: usize,
}

impl Audit {
    pub(super) fn new(listener: OwnedFd, stdout: impl AsFd) -> io::Result<Self> {
        let pipe = format!("pipe:[{}]", rustix::fs::fstat(stdout)?.st_ino).into();
        Ok(Self { listener: Some(listener), pipe, noted: Vec::new(), is_evaded: false, is_permitted: true })
    }

    /// What is ready to be read when a call waits.
    pub(super) fn listener(&self) -> Option<&OwnedFd> {
        self.listener.as_ref()
    }

    /// Bytes came that were not noted.
    pub(super) fn miss(&mut self) {
        self.is_evaded = true;
    }

    /// Decides on a call that waits, if there is one. Returns what it has written to standard output.
    ///
    /// # Errors
    /// When the listener fails.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(listener) = &self.listener else { return Ok(None) };
        let mut ready = [PollFd::new(listener, PollFlags::IN)];
        poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        let ready = ready[0].revents();
        if !ready.contains(PollFlags::IN) {
            if !ready.is_empty() {
                self.listener = None;
            }
            return Ok(None);
        }
        let Some(call) = audit::next(listener)? else { return Ok(None) };
        let found = self.look(&call);
        let decision = match &found {
            Found::Written(_, bytes) => Decision::Wrote(bytes.len()),
            Found::Moved => Decision::Invalid,
            Found::Nowhere => Decision::Fault,
            Found::Elsewhere | Found::Hidden => Decision::Proceed,
        };
        let took_place = audit::decide(listener, &call, decision);
        self.is_permitted &= !(took_place && matches!(found, Found::Hidden));
        let Found::Written(process, bytes) = found else { return Ok(None) };
        if !took_place {
            return Ok(None);
        }
        self.noted.push(Noted { thread: call.thread, process, bytes: bytes.len() });
        Ok(Some(bytes))
    }

    fn look(&self, call: &Call) -> Found {
        let thread = Path::new("/proc").join(call.thread.to_string());
        match fs::read_link(thread.join("fd").join(call.descriptor.to_string())) {
            Ok(target) if target == self.pipe => {}
            Ok(_) => return Found::Elsewhere,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Found::Hidden,
            // It is not open, or the thread has ended.
            Err(_) => return Found::Elsewhere,
        }
        let bytes = match call.source {
            Source::Bytes(address, length) => read(&thread, &[(address, length)]),
            Source::Pieces(array, count) => {
                pieces(&thread, array, count).and_then(|pieces| read(&thread, &pieces))
            }
            Source::Other => return Found::Moved,
        };
        match (bytes, process(&thread)) {
            (Ok(bytes), _) if bytes.is_empty() => Found::Elsewhere,
            (Ok(bytes), Ok(process)) => Found::Written(process, bytes),
            (Err(error), _) if error.kind() == io::ErrorKind::PermissionDenied => Found::Hidden,
            // Where the thread has ended meanwhile, nobody gets the answer.
            _ => Found::Nowhere,
        }
    }

    /// All writes in their order; `program` is the process that the grader started.
    pub(super) fn writes(self, program: Pid) -> Writes {
        let mut others: Vec<Pid> = Vec::new();
        let mut number = |noted: &Noted| {
            if noted.process != program {
                return CHILD;
            }
            if noted.thread == program {
                return 0;
            }
            let place = others.iter().position(|&other| other == noted.thread).unwrap_or_else(|| {
                others.push(noted.thread);
                others.len() - 1
            });
            ThreadId::try_from(place + 1).unwrap_or(ThreadId::MAX)
        };
        let write = |noted: &Noted| Write { thread: number(noted), bytes: noted.bytes };
        match (self.is_permitted, self.is_evaded) {
            (false, _) => Writes::NotAudited,
            (true, true) => Writes::Evaded,
            (true, false) => Writes::Known(self.noted.iter().map(write).collect()),
        }
    }
}

/// What a call is about.
enum Found {
    /// Bytes for standard output, from a process.
    Written(Pid, Vec<u8>),
    /// Bytes of another file for standard output.
    Moved,
    /// Another file, or nothing.
    Elsewhere,
    /// Bytes of addresses at which nothing is.
    Nowhere,
    /// What the system does not let the grader look at.
    Hidden,
}

/// The most bytes that one call writes; the rest comes in another (write(2)).
const MOST: usize = 1 << 20;

fn read(thread: &Path, pieces: &[(u64, u64)]) -> io::Result<Vec<u8>> {
    let memory = File::open(thread.join("mem"))?;
    let mut bytes = Vec::new();
    for &(address, length) in pieces {
        let begin = bytes.len();
        let length = usize::try_from(length).unwrap_or(MOST).min(MOST - begin);
        bytes.resize(begin + length, 0);
        memory.read_exact_at(&mut bytes[begin..], address)?;
    }
    Ok(bytes)
}

/// Addresses and lengths from an array of iovec(3type).
fn pieces(thread: &Path, array: u64, count: u64) -> io::Result<Vec<(u64, u64)>> {
    /// Of the kernel (`UIO_MAXIOV`).
    const MOST_PIECES: u64 = 1024;
    let words = read(thread, &[(array, count.min(MOST_PIECES) * 16)])?;
    let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_ne_bytes);
    Ok(words.chunks_exact(16).map(|pair| (word(&pair[..8]), word(&pair[8..]))).collect())
}

/// The process that a thread belongs to.
fn process(thread: &Path) -> io::Result<Pid> {
    let status = fs::read_to_string(thread.join("status"))?;
    let process = status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok());
    process.and_then(Pid::from_raw).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(noted: &[(i32, i32)], is_evaded: bool, is_permitted: bool) -> Writes {
        let pid = |number| Pid::from_raw(number).unwrap();
        let noted = noted.iter().map(|&(thread, process)| Noted {
            thread: pid(thread),
            process: pid(process),
            bytes: 2,
        });
        let (listener, pipe) = (None, PathBuf::new());
        Audit { listener, pipe, noted: noted.collect(), is_evaded, is_permitted }.writes(pid(10))
    }

    #[test]
    fn threads_have_numbers_in_the_order_of_their_first_writes() {
        let found = writes(&[(12, 10), (10, 10), (11, 10), (12, 10), (20, 20)], false, true);
        let write = |thread| Write { thread, bytes: 2 };
        assert_eq!(found, Writes::Known([1, 0, 2, 1, CHILD].map(write).into()));
    }

    #[test]
    fn who_wrote_is_known_of_all_bytes_or_of_none() {
        assert_eq!(writes(&[(10, 10)], true, true), Writes::Evaded);
        assert_eq!(writes(&[(10, 10)], true, false), Writes::NotAudited);
    }
}
