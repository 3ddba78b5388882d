//! Runs without a process each: a *runner* is a child of the fork server that puts its memory back as it was before `main`,
//! after each run, and makes another one.
//!
//! Where the main thread creates the first other one, a later run may begin at once: nothing before that depends on the
//! schedule, so it is the same each time ([`at_first_spawn`]).
//!
//! It makes only what it can undo. Whatever else a program does is seen, by who is called for it ([`spoil`]) or by
//! looking afterwards ([`is_clean`]); then the runner ends as the process of a single run does, and the fork server
//! forks another one. So it does for a run that is replayed or traced: what is shown to people has a process of its own. And
//! one run in [`ONE_IN`] is made both ways, and must be the same.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use core::{mem, ptr};

use schedule::protocol::Request;

use crate::answer::{self, End, Of, Usage};
use crate::arch::context::{checkpoint, go_on, resume};
use crate::record::{Beginning, Expected, Runner};
use crate::snapshot::Snapshot;
use crate::surroundings::Surroundings;
use crate::{contexts, dates, inherited, libc, post, proc, record, scheduler, system, token, watch};

/// So many runs are made for one of them that is made both ways.
const ONE_IN: u64 = 256;
/// After so many runs, the pages that they have used are learnt.
const LEARNS_AFTER: [u32; 2] = [2, 32];
/// For the work between two runs.
const STACK: usize = 256 << 10;
const SIGNALS: usize = 64;
/// The program's own descriptors keep the numbers that they have without control: ours are higher.
const HIGH: usize = 250;

/// What outlives a run, in memory that is not put back. Zeroes before it is used.
struct Keep {
    process: isize,
    socket: usize,
    /// Where the number of pages of this process is read.
    sizes: usize,
    surroundings: Surroundings,
    handlers: [[u64; 4]; SIGNALS],
    processor: u64,
    request: [u8; Request::SIZE],
    /// Of the checkpoint.
    place: u64,
    is_taken: bool,
    /// Runs begin where the first thread is created, after this.
    beginning: Option<Beginning>,
    /// Whether that was tried.
    has_spawned: bool,
    /// Whether the run is the one in which the snapshot was taken.
    is_first: bool,
    /// How many runs the snapshot has served.
    served: u32,
    snapshot: Snapshot,
    stack: [u8; STACK],
}

static KEEP: AtomicPtr<Keep> = AtomicPtr::new(ptr::null_mut());
/// Where glibc has its list of all of C's streams.
static STREAMS: AtomicPtr<*mut c_void> = AtomicPtr::new(ptr::null_mut());
static IS_SPOILT: AtomicBool = AtomicBool::new(false);
/// A bit for each signal of which a run has changed what comes of it.
static HANDLED: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    fn on_exit(act: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    fn fflush(stream: *mut c_void) -> c_int;
    fn __fpending(stream: *mut c_void) -> usize;
    static stdout: *mut c_void;
    static stderr: *mut c_void;
    fn mallopt(parameter: c_int, value: c_int) -> c_int;
}

/// Prepares the fork server: what a run does at its end is done before libc ends the process, and large blocks come from
/// the heap, which can be put back.
pub(crate) fn prepare() {
    const M_MMAP_MAX: c_int = -4;
    const M_TRIM_THRESHOLD: c_int = -1;
    // SAFETY: a function of this type; numbers.
    unsafe {
        on_exit(at_exit, ptr::null_mut());
        STREAMS.store(libc::next(c"_IO_list_all").cast(), Ordering::Relaxed);
        record::ends_by(end_run);
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// In a fresh child of the fork server: makes runs until one cannot be undone, or no more are asked for. Returns at the
/// beginning of each.
pub(crate) fn begin(socket: usize) -> Request {
    let Some(keep) = new_keep(socket) else { cannot() };
    inherited::open_as_at_first();
    // SAFETY: the place is in memory that stays; `end_run` resumes only after it has put the memory back.
    unsafe { checkpoint(&raw mut (*keep).place, take) };
    match self::keep().filter(|keep| keep.is_taken) {
        Some(keep) => next(keep),
        None => cannot(),
    }
}

/// At the creation of the first thread. From now on runs of this process begin here, where all that was done so far will be
/// the same again.
pub(crate) fn at_first_spawn() {
    if !scheduler::close_prefix() || IS_SPOILT.load(Ordering::Relaxed) {
        return;
    }
    let Some(keep) = keep_of_runner().filter(|keep| !keep.has_spawned) else { return };
    keep.has_spawned = true;
    if !can_close(keep) || inherited::state() != keep.surroundings.streams() {
        return;
    }
    keep.beginning = record::get().beginning();
    if keep.beginning.is_none() {
        return;
    }
    HANDLED.store(0, Ordering::Relaxed);
    keep.is_first = true;
    // SAFETY: as in `begin`.
    unsafe { checkpoint(&raw mut keep.place, take) };
    let Some(keep) = self::keep() else { return };
    if !keep.is_taken {
        spoil();
    } else if !mem::take(&mut keep.is_first) {
        let request = next(keep);
        watch::limit_processor_time();
        dates::begin();
        scheduler::begin_after_prefix(request);
    }
}

/// The next run, of which the record begins here.
fn next(keep: &mut Keep) -> Request {
    let record = record::get();
    keep.request = record.take_handed().unwrap_or_else(|| next_request(keep));
    let Some(request) = Request::decode(&keep.request) else { system::exit(70) };
    // Whether what was printed at the beginning found a reader.
    let is_same = |beginning: &Beginning| !beginning.has_output() || request.writes.is_none();
    if !makes(&request) || !keep.beginning.as_ref().is_none_or(is_same) {
        make_sure(keep);
        record.hand(&keep.request);
        record.runner = Runner::Leaves;
        system::exit(0);
    }
    match &keep.beginning {
        Some(beginning) => record.begin_after(beginning),
        None => record.reset(),
    }
    record.takes_in = record.others_print;
    record.begins();
    request
}

/// The answers so far are sure, if all is as it was. Else the runs are made again, in a process each.
fn make_sure(keep: &Keep) {
    let post = post::get();
    if post.is_sure() {
        return;
    }
    if !is_clean(keep) {
        record::get().runner = Runner::Retires;
        system::exit(0);
    }
    post.make_sure();
    inherited::open_as_at_first();
}

/// Whether a runner makes such runs: not those that people look at.
pub(crate) fn makes(request: &Request) -> bool {
    !request.trace && request.replayed == 0
}

/// The request that comes next.
fn next_request(keep: &Keep) -> [u8; Request::SIZE] {
    let mut bytes = [0; Request::SIZE];
    record::get().runner = Runner::Reads;
    if !post::get().has(Request::SIZE) {
        make_sure(keep);
    }
    if !post::get().take(keep.socket, &mut bytes) {
        record::get().runner = Runner::IsDone;
        system::exit(0);
    }
    bytes
}

/// The request that was handed over stays where it is, and another process makes the run.
fn cannot() -> ! {
    record::get().runner = Runner::Cannot;
    system::exit(0)
}

fn keep() -> Option<&'static mut Keep> {
    // SAFETY: null, or a mapping that stays; only the token's holder is here, and no reference outlives its function.
    unsafe { KEEP.load(Ordering::Relaxed).as_mut() }
}

/// The same where this process is the runner, and no child that the program has forked from it.
fn keep_of_runner() -> Option<&'static mut Keep> {
    // SAFETY: it takes nothing.
    keep().filter(|keep| keep.process == unsafe { system::call(system::GETPID, [0; 6]) })
}

fn new_keep(socket: usize) -> Option<*mut Keep> {
    const READ_WRITE: usize = 1 | 2;
    /// Shared, anonymous, without memory that is set aside for it.
    const FLAGS: usize = 1 | 0x20 | 0x4000;
    const F_DUPFD_CLOEXEC: usize = 1030;
    // SAFETY: a fresh mapping, zeroed by the kernel, which is a valid `Keep`; numbers.
    unsafe {
        let place = system::call(system::MMAP, [0, size_of::<Keep>(), READ_WRITE, FLAGS, usize::MAX, 0]);
        if place < 0 {
            return None;
        }
        let place = ptr::with_exposed_provenance_mut::<Keep>(place as usize);
        let high = |descriptor: usize| {
            let high = system::call(system::FCNTL, [descriptor, F_DUPFD_CLOEXEC, HIGH, 0, 0, 0]);
            system::call(system::CLOSE, [descriptor, 0, 0, 0, 0, 0]);
            usize::try_from(high).ok()
        };
        // Zeroes need not be nothing.
        (&raw mut (*place).beginning).write(None);
        (*place).sizes = high(usize::try_from(system::open_to_read(c"/proc/self/statm")).ok()?)?;
        (*place).socket = high(socket)?;
        (*place).process = system::call(system::GETPID, [0; 6]);
        KEEP.store(place, Ordering::Relaxed);
        Some(place)
    }
}

/// At the checkpoint: notes all that a run must leave as it is.
extern "C" fn take() {
    let Some(keep) = keep() else { return };
    grow_stack();
    for (place, handler) in (1..).zip(&mut keep.handlers) {
        // SAFETY: a place as large as the kernel's `struct sigaction`; signals that there are not are left.
        unsafe { system::call(system::RT_SIGACTION, [place, 0, handler.as_mut_ptr() as usize, 8, 0, 0]) };
    }
    keep.surroundings = Surroundings::now(keep.socket, keep.sizes);
    keep.is_taken =
        keep.surroundings.are_known() && can_close(keep) && keep.snapshot.take(keep.place as usize);
    keep.served = 0;
    keep.processor = Usage::of(Of::Process).microseconds();
}

/// Whether all that a run opens can be closed: nothing else is open now.
fn can_close(keep: &Keep) -> bool {
    const NONE: usize = u32::MAX as usize;
    let ours = ours(keep);
    // SAFETY: numbers only.
    let has_call = unsafe { system::call(system::CLOSE_RANGE, [NONE, NONE, 0, 0, 0, 0]) } == 0;
    let mut are_ours = true;
    let is_told = proc::each_descriptor(|open| are_ours &= open < 3 || ours.contains(&open));
    has_call && is_told && are_ours
}

/// The descriptors that stay open.
fn ours(keep: &Keep) -> [usize; 4] {
    let [output, errors] = inherited::ends();
    [keep.socket, keep.sizes, output, errors]
}

/// The stack of the main thread grows once, here, and not in a run.
#[inline(never)]
fn grow_stack() {
    let mut room = [0u8; 256 << 10];
    core::hint::black_box(&mut room);
}

/// Says that the run does what cannot be undone: this process makes no further one.
pub(crate) fn spoil() {
    record::get().takes_in = true;
    IS_SPOILT.store(true, Ordering::Relaxed);
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

/// After all other functions that are called at the end. Where other threads are alive, one of them may hold a stream of
/// C's with something in it: then libc ends the process, which does not care.
extern "C" fn at_exit(status: c_int, _: *mut c_void) {
    if token::me().is_none() || keep().is_none() {
        return;
    }
    if !nothing_is_buffered() {
        if !scheduler::is_alone() {
            return;
        }
        // SAFETY: libc would do so next.
        unsafe { fflush(ptr::null_mut()) };
    }
    end_run(status);
}

/// Whether C's streams have nothing to be written: there are no others than the standard ones (glibc's list of all begins
/// with the oldest, standard error), and these are empty.
fn nothing_is_buffered() -> bool {
    let all = STREAMS.load(Ordering::Relaxed);
    // SAFETY: glibc's variables of this name and type, and its streams, which nobody closes here.
    unsafe { !all.is_null() && *all == stderr && __fpending(stdout) == 0 && __fpending(stderr) == 0 }
}

/// Ends the run of this process with an exit code: the process, too, where it makes a single one.
fn end_run(code: c_int) -> ! {
    let is_spoilt = IS_SPOILT.load(Ordering::Relaxed);
    let Some(keep) = keep_of_runner().filter(|_| !is_spoilt) else { system::exit(code as usize & 0xff) };
    let top = (keep.stack.as_mut_ptr() as usize + STACK) & !63;
    // SAFETY: nobody uses that stack while a run is on, and nothing of the run goes on.
    unsafe { go_on(top, contexts::main_thread_pointer(), next_run, code as usize & 0xff) }
}

/// On the stack that is kept: answers, puts everything back and goes on at the checkpoint.
extern "C" fn next_run(code: usize) -> ! {
    let Some(keep) = keep() else { system::exit(70) };
    keep.snapshot.shrink_heap();
    let (record, post) = (record::get(), post::get());
    if inherited::take_in_rest() && !record.takes_in {
        // In which order is not known.
        record.others_print = true;
        record.runner = Runner::Retires;
        system::exit(code);
    }
    let status = (code as c_int) << 8;
    let is_compared = record.runs % ONE_IN == ONE_IN / 8;
    let is_looked_at = is_compared || record.is_careful || !post.has_room_for(answer::size(record));
    if is_looked_at && !is_clean(keep) {
        system::exit(code);
    }
    if is_looked_at {
        post.make_sure();
    }
    if is_compared {
        record.expect(Expected::of(record, status));
        record.hand(&keep.request);
        record.runner = Runner::Leaves;
        system::exit(code);
    }
    let now = Usage::of(Of::Process).microseconds();
    let processor = now.saturating_sub(keep.processor);
    record.answered += processor;
    keep.processor = now;
    record.runner = Runner::Answers;
    answer::put(keep.socket, End::with(status), processor, false, false);
    if is_looked_at {
        post.make_sure();
    }
    record.runner = Runner::Retires;
    if !put_back(keep) {
        system::exit(0);
    }
    // SAFETY: the memory is as it was when the checkpoint was made, by the main thread.
    unsafe { resume(keep.place, contexts::main_thread_pointer()) }
}

/// Whether all could be put back.
fn put_back(keep: &mut Keep) -> bool {
    let handled = HANDLED.load(Ordering::Relaxed);
    for (signal, handler) in (1..).zip(&keep.handlers) {
        if handled >> (signal - 1) & 1 != 0 {
            // SAFETY: what the kernel has told of this signal.
            unsafe { system::call(system::RT_SIGACTION, [signal, handler.as_ptr() as usize, 0, 8, 0, 0]) };
        }
    }
    close_all_but_ours(keep);
    keep.served += 1;
    if LEARNS_AFTER.contains(&keep.served) {
        return keep.snapshot.restore_and_learn(keep.place as usize);
    }
    keep.snapshot.restore()
}

/// Closes what the run has opened.
fn close_all_but_ours(keep: &Keep) {
    let mut ours = ours(keep);
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

/// Whether all that the run has done can be undone.
fn is_clean(keep: &Keep) -> bool {
    has_no_child() && Surroundings::now(keep.socket, keep.sizes) == keep.surroundings
}

fn has_no_child() -> bool {
    const WNOHANG: usize = 1;
    /// Whatever signal it sends at its end.
    const ALL: usize = 0x4000_0000;
    const ECHILD: isize = 10;
    // SAFETY: numbers, and no place for the status.
    unsafe { system::call(system::WAIT4, [usize::MAX, 0, WNOHANG | ALL, 0, 0, 0]) == -ECHILD }
}
