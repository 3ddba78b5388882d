//! What a runner keeps from one run to the next, in memory that is not put back: what a run is held against, and how it is
//! undone.

use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use schedule::protocol::Request;

use crate::answer::{Of, Usage};
use crate::record::{self, Beginning};
use crate::snapshot::Snapshot;
use crate::surroundings::Surroundings;
use crate::{inherited, proc, system, world};

/// After so many runs, the pages that they have used are learnt.
const LEARNS_AFTER: [u32; 2] = [2, 32];
/// For the work between two runs.
const STACK: usize = 256 << 10;
const SIGNALS: usize = 64;
/// The program's own descriptors keep the numbers that they have without control: ours are higher.
const HIGH: usize = 250;

/// See the module. Zeroes before it is used.
pub(crate) struct Keep {
    process: isize,
    pub(crate) socket: usize,
    /// Where the number of pages of this process is read.
    sizes: usize,
    surroundings: Surroundings,
    handlers: [[u64; 4]; SIGNALS],
    processor: u64,
    /// The request of the run.
    pub(crate) request: [u8; Request::SIZE],
    /// Of the checkpoint.
    pub(crate) place: u64,
    /// Whether there is a snapshot.
    pub(crate) is_taken: bool,
    /// Runs begin where the first thread is created, after this.
    pub(crate) beginning: Option<Beginning>,
    /// Whether that was tried.
    pub(crate) has_spawned: bool,
    /// Whether the run is the one in which the snapshot was taken.
    pub(crate) is_first: bool,
    /// How many runs the snapshot has served.
    served: u32,
    /// The end of the stack for the work between two runs.
    pub(crate) stack: usize,
    snapshot: Snapshot,
}

static KEEP: AtomicPtr<Keep> = AtomicPtr::new(ptr::null_mut());
static IS_SPOILT: AtomicBool = AtomicBool::new(false);
/// A bit for each signal of which a run has changed what comes of it.
static HANDLED: AtomicU64 = AtomicU64::new(0);

/// Says that the run does what cannot be undone: this process makes no further one.
pub(crate) fn spoil() {
    record::get().takes_in = true;
    record::get().has_varied();
    IS_SPOILT.store(true, Ordering::Relaxed);
}

/// Whether the run has done so.
pub(crate) fn is_spoilt() -> bool {
    IS_SPOILT.load(Ordering::Relaxed)
}

/// The run changes what comes of a signal. Where nobody is told of the end of children, they leave no trace.
pub(crate) fn handles(signal: c_int) {
    const SIGCHLD: c_int = 17;
    if signal == SIGCHLD {
        spoil();
    }
    if (1..=SIGNALS as c_int).contains(&signal) {
        HANDLED.fetch_or(1 << (signal - 1), Ordering::Relaxed);
    }
}

/// What is kept, where this process is a runner, or was forked by one.
pub(crate) fn get() -> Option<&'static mut Keep> {
    // SAFETY: null, or a mapping that stays; only the token's holder is here, and uses no reference that it had before it
    // calls others that take one.
    unsafe { KEEP.load(Ordering::Relaxed).as_mut() }
}

/// The same where this process is the runner, and no child that the program has forked from it.
pub(crate) fn of_runner() -> Option<&'static mut Keep> {
    // SAFETY: it takes nothing.
    get().filter(|keep| keep.process == unsafe { system::call(system::GETPID, [0; 6]) })
}

/// Memory that is shared with nobody, and still no part of what is put back, as processes could share it.
fn map(size: usize) -> Option<usize> {
    const READ_WRITE: usize = 1 | 2;
    /// Shared, anonymous, without memory that is set aside for it.
    const FLAGS: usize = 1 | 0x20 | 0x4000;
    // SAFETY: a fresh mapping.
    let place = unsafe { system::call(system::MMAP, [0, size, READ_WRITE, FLAGS, usize::MAX, 0]) };
    (place > 0).then_some(place as usize)
}

/// Makes this process a runner, which talks to the grader by `socket`. Whether the system has what it needs.
pub(crate) fn create(socket: usize) -> Option<&'static mut Keep> {
    const F_DUPFD_CLOEXEC: usize = 1030;
    let place = ptr::with_exposed_provenance_mut::<Keep>(map(size_of::<Keep>())?);
    // SAFETY: numbers only.
    let high = |descriptor: usize| unsafe {
        let high = system::call(system::FCNTL, [descriptor, F_DUPFD_CLOEXEC, HIGH, 0, 0, 0]);
        system::call(system::CLOSE, [descriptor, 0, 0, 0, 0, 0]);
        usize::try_from(high).ok()
    };
    let stack = map(STACK)? + STACK;
    let sizes = high(usize::try_from(system::open_to_read(c"/proc/self/statm")).ok()?)?;
    // SAFETY: zeroed by the kernel, which is a valid `Keep` once there is no beginning: zeroes need not be nothing.
    unsafe {
        (&raw mut (*place).beginning).write(None);
        (*place).stack = stack;
        (*place).sizes = sizes;
        (*place).socket = high(socket)?;
        (*place).process = system::call(system::GETPID, [0; 6]);
    }
    KEEP.store(place, Ordering::Relaxed);
    get()
}

/// At the checkpoint: notes all that a run must leave as it is.
pub(crate) extern "C" fn take() {
    let Some(keep) = get() else { return };
    grow_stack();
    HANDLED.store(0, Ordering::Relaxed);
    for (place, handler) in (1..).zip(&mut keep.handlers) {
        // SAFETY: a place as large as the kernel's `struct sigaction`; signals that there are not are left.
        unsafe { system::call(system::RT_SIGACTION, [place, 0, handler.as_mut_ptr() as usize, 8, 0, 0]) };
    }
    keep.surroundings = Surroundings::now(keep.socket, keep.sizes);
    keep.is_taken =
        keep.surroundings.are_known() && keep.can_close() && keep.snapshot.take(keep.place as usize);
    keep.served = 0;
    keep.processor = Usage::of(Of::Process).microseconds();
}

/// The stack of the main thread grows once, here, and not in a run.
#[inline(never)]
fn grow_stack() {
    let mut room = [0u8; 256 << 10];
    core::hint::black_box(&mut room);
}

impl Keep {
    /// Whether all that a run opens can be closed: nothing else is open now.
    fn can_close(&self) -> bool {
        const NONE: usize = u32::MAX as usize;
        let ours = self.descriptors();
        // SAFETY: numbers only.
        let has_call = unsafe { system::call(system::CLOSE_RANGE, [NONE, NONE, 0, 0, 0, 0]) } == 0;
        let mut are_ours = true;
        let is_told = proc::each_descriptor(|open| are_ours &= open < 3 || ours.contains(&open));
        has_call && is_told && are_ours
    }

    /// Those that stay open.
    fn descriptors(&self) -> [usize; 4] {
        let [output, errors] = inherited::ends();
        [self.socket, self.sizes, output, errors]
    }

    /// Whether all that the run has done can be undone. After the heap was shrunk.
    pub(crate) fn is_clean(&self) -> bool {
        !world::has_children() && Surroundings::now(self.socket, self.sizes) == self.surroundings
    }

    /// Whether what the run has done so far can be done once for many: it has mapped memory at most.
    pub(crate) fn is_nearly_clean(&self) -> bool {
        !world::has_children()
            && self.can_close()
            && Surroundings::now(self.socket, self.sizes).differ_in_pages_at_most(&self.surroundings)
    }

    /// Microseconds of processor time since it was asked for last.
    pub(crate) fn take_processor_time(&mut self) -> u64 {
        let now = Usage::of(Of::Process).microseconds();
        let since = now.saturating_sub(self.processor);
        self.processor = now;
        since
    }

    /// Gives back what the heap has grown by.
    pub(crate) fn shrink_heap(&self) {
        self.snapshot.shrink_heap();
    }

    /// Whether all could be put back. The caller stands on the stack that is kept.
    pub(crate) fn put_back(&mut self) -> bool {
        let handled = HANDLED.load(Ordering::Relaxed);
        for (signal, handler) in (1..).zip(&self.handlers) {
            if handled >> (signal - 1) & 1 != 0 {
                // SAFETY: what the kernel has told of this signal.
                unsafe {
                    system::call(system::RT_SIGACTION, [signal, handler.as_ptr() as usize, 0, 8, 0, 0])
                };
            }
        }
        self.close_all_but_ours();
        self.served += 1;
        if LEARNS_AFTER.contains(&self.served) {
            return self.snapshot.restore_and_learn(self.place as usize);
        }
        self.snapshot.restore()
    }

    /// Closes what the run has opened.
    fn close_all_but_ours(&self) {
        let mut ours = self.descriptors();
        ours.sort_unstable();
        let mut from = 3;
        for end in ours {
            let last = end.min(u32::MAX as usize + 1) - 1;
            if from <= last {
                // SAFETY: numbers only.
                unsafe { system::call(system::CLOSE_RANGE, [from, last, 0, 0, 0, 0]) };
            }
            from = end.saturating_add(1);
        }
    }
}
