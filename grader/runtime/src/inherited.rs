//! The standard streams, which all runs inherit, and what children print on them. The fork server puts a pipe of its own in the place
//! of each stream, once: its runs, and what they start, write there, and both ends stay open here. The threads of a
//! run do not use it, as their writes are kept as records (`io/files.rs`); so what is in it is a child's.

use core::iter;
use core::sync::atomic::{AtomicI32, Ordering};

use schedule::protocol::{CHILD, Finish};

use crate::record::{self, Writer};
use crate::system;
use crate::world;

/// Where each stream's pipe is read.
static ENDS: [AtomicI32; 2] = [AtomicI32::new(-1), AtomicI32::new(-1)];

/// The descriptors of these.
pub(crate) fn ends() -> [usize; 2] {
    ENDS.each_ref().map(|end| end.load(Ordering::Relaxed) as usize)
}

/// Puts the pipes in place. Where the system refuses, what children print is lost. Before the first run.
pub(crate) fn replace_streams() {
    const O_CLOEXEC: usize = 0o2_000_000;
    const O_NONBLOCK: i32 = 0o4000;
    const F_DUPFD_CLOEXEC: usize = 1030;
    /// The program's own descriptors keep the numbers that they have without control.
    const HIGH: usize = 250;
    for (stream, place) in (1..).zip(&ENDS) {
        let mut ends = [0i32; 2];
        // SAFETY: a place for two descriptors, then numbers only.
        unsafe {
            if system::call(system::PIPE2, [ends.as_mut_ptr() as usize, O_CLOEXEC, 0, 0, 0, 0]) != 0 {
                return;
            }
            let [read, write] = ends.map(|end| end as usize);
            system::call(system::DUP3, [write, stream, 0, 0, 0, 0]);
            system::call(system::CLOSE, [write, 0, 0, 0, 0, 0]);
            let high = system::call(system::FCNTL, [read, F_DUPFD_CLOEXEC, HIGH, 0, 0, 0]);
            let end = if high < 0 { read } else { high as usize };
            if end != read {
                system::call(system::CLOSE, [read, 0, 0, 0, 0, 0]);
            }
            world::set_status_flags(end as i32, O_NONBLOCK);
            place.store(end as i32, Ordering::Relaxed);
        }
    }
}

/// The status flags of each standard stream before the first run.
static FLAGS: [AtomicI32; 3] = [AtomicI32::new(0), AtomicI32::new(0), AtomicI32::new(0)];

/// Before the first run.
pub(crate) fn remember_flags() {
    for (stream, flags) in (0..).zip(&FLAGS) {
        flags.store(world::status_flags(stream), Ordering::Relaxed);
    }
}

/// Undoes what a run has changed of the open files that all runs share: flags, where input is read, locks of flock(2).
pub(crate) fn open_as_at_first() {
    for (stream, flags) in (0..).zip(&FLAGS) {
        let flags = flags.load(Ordering::Relaxed);
        if flags < 0 {
            continue;
        }
        world::set_status_flags(stream, flags);
        world::locks::unlock(stream);
    }
    // Standard input begins at its beginning again; a pipe has none and stays as it is.
    // SAFETY: numbers only.
    unsafe { system::call(system::LSEEK, [0; 6]) };
}

/// The status flags of the standard streams, and where input is read.
pub(crate) fn state() -> ([i32; 3], isize) {
    ([0, 1, 2].map(world::status_flags), input_place())
}

/// Where standard input is read; negative where it has no place.
fn input_place() -> isize {
    const SEEK_CUR: usize = 1;
    // SAFETY: numbers only.
    unsafe { system::call(system::LSEEK, [0, 0, SEEK_CUR, 0, 0, 0]) }
}

/// Takes what children have printed so far into the record of the run: before a thread prints itself, so that the
/// order is kept which the program makes, and while all wait, so that no child waits for room. For the token's holder.
pub(crate) fn take_in() {
    if record::get().takes_in && !drain() {
        record::end(Finish::OutputLimit);
    }
}

/// Takes what is left of a run whose processes have all ended. Whether there was something. For who answers.
pub(crate) fn take_in_rest() -> bool {
    let before = record::get().output;
    let had_room = drain();
    if !had_room {
        record::get().finish = Some(Finish::OutputLimit);
        while read_some(|_, _| true) {}
    }
    !had_room || record::get().output > before
}

/// Whether there was room for all that was there.
fn drain() -> bool {
    let mut room = true;
    while read_some(|stream, bytes| {
        let record = record::get();
        record.outside = true;
        room = record.add_output(Writer { thread: CHILD, descriptor: stream }, iter::once(bytes));
        room
    }) {}
    room
}

/// Reads from each stream, and passes it on; whether there may be more, and more is wanted.
fn read_some(mut pass: impl FnMut(u8, &[u8]) -> bool) -> bool {
    let mut more = false;
    for (stream, end) in (1..).zip(&ENDS) {
        let end = end.load(Ordering::Relaxed);
        if end < 0 {
            continue;
        }
        let mut bytes = [0u8; 1024];
        let arguments = [end as usize, bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0];
        // SAFETY: the buffer is valid for its length. The end does not block.
        let count = unsafe { system::call(system::READ, arguments) };
        if count > 0 {
            more = pass(stream, &bytes[..count as usize]);
            if !more {
                return false;
            }
        }
    }
    more
}
