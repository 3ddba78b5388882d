//! What is around the memory of a run: what the kernel keeps for a process, as far as a program changes it. It cannot be
//! put back, but looked at.

use crate::answer::{Of, Usage};
use crate::{inherited, proc, system};

/// What a run must leave as it is, and the kernel tells of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// How many pages this process has, in whatever mappings.
    pages: usize,
    /// The files of the standard streams, and of the grader's socket.
    files: [[u64; 2]; 4],
    flags: [isize; 6],
    folder: [u64; 2],
    file_mode: isize,
    /// The signals that are blocked.
    mask: u64,
    signal_stack: [u64; 3],
    /// Of the standard streams.
    streams: ([i32; 3], isize),
    /// Page faults of children that were waited for: each has some.
    children_faults: u64,
}

impl Surroundings {
    /// `sizes` is where the number of pages is read.
    pub(crate) fn now(socket: usize, sizes: usize) -> Self {
        let [one, other] = inherited::ends();
        Self {
            pages: pages(sizes),
            files: [0, 1, 2, socket].map(file_of),
            flags: [0, 1, 2, socket, one, other].map(flags_of),
            folder: folder(),
            file_mode: file_mode(),
            mask: mask(),
            signal_stack: signal_stack(),
            streams: inherited::state(),
            children_faults: Usage::of(Of::Children).page_faults(),
        }
    }

    /// Whether they are the same but for how much memory is mapped.
    pub(crate) fn differ_in_pages_at_most(&self, other: &Self) -> bool {
        Self { pages: other.pages, ..*self } == *other
    }

    /// Whether the kernel tells of memory.
    pub(crate) fn are_known(&self) -> bool {
        self.pages > 0
    }
}

/// The flags of a descriptor, F_GETFD of fcntl(2); negative where it is not open.
fn flags_of(descriptor: usize) -> isize {
    const F_GETFD: usize = 1;
    // SAFETY: numbers only.
    unsafe { system::call(system::FCNTL, [descriptor, F_GETFD, 0, 0, 0, 0]) }
}

/// Device and inode of the working folder.
fn folder() -> [u64; 2] {
    const FROM_HERE: usize = -100isize as usize;
    let mut words = [0u64; 32];
    // SAFETY: a path, and a place that is larger than the kernel's `struct stat`.
    unsafe {
        let arguments = [FROM_HERE, c".".as_ptr() as usize, words.as_mut_ptr() as usize, 0, 0, 0];
        system::call(system::NEWFSTATAT, arguments);
    }
    [words[0], words[1]]
}

/// The mask of modes of new files, umask(2), which is set to be read.
fn file_mode() -> isize {
    // SAFETY: numbers only.
    unsafe {
        let mode = system::call(system::UMASK, [0o22, 0, 0, 0, 0, 0]);
        system::call(system::UMASK, [mode as usize, 0, 0, 0, 0, 0]);
        mode
    }
}

/// sigaltstack(2).
fn signal_stack() -> [u64; 3] {
    let mut stack = [0u64; 3];
    // SAFETY: a place for a `stack_t`.
    unsafe { system::call(system::SIGALTSTACK, [0, stack.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    stack
}

/// Device and inode of an open file, fstat(2); zeroes for none.
fn file_of(descriptor: usize) -> [u64; 2] {
    let mut words = [0u64; 32];
    // SAFETY: the place is larger than the kernel's `struct stat`.
    unsafe { system::call(system::FSTAT, [descriptor, words.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    [words[0], words[1]]
}

/// The signals that are blocked.
fn mask() -> u64 {
    let mut mask = 0u64;
    // SAFETY: a place for the mask.
    unsafe { system::call(system::RT_SIGPROCMASK, [0, 0, &raw mut mask as usize, 8, 0, 0]) };
    mask
}

/// How many pages this process has, in whatever mappings; proc(5), `statm`. 0 where it cannot be read.
fn pages(sizes: usize) -> usize {
    let mut text = [0u8; 64];
    // SAFETY: the place is valid for its length.
    let count =
        unsafe { system::call(system::PREAD64, [sizes, text.as_mut_ptr() as usize, text.len(), 0, 0, 0]) };
    let text = &text[..count.max(0) as usize];
    text.split(|&byte| byte == b' ').next().and_then(|digits| proc::number(digits, 10)).unwrap_or(0)
}
