//! Runs without a process each: a *runner* is a child of the fork server that puts its memory back as it was before `main`,
//! after each run, and makes another one.
//!
//! Where the main thread creates the first other one, a later run may begin at once: nothing before that depends on the
//! schedule, so it is the same each time ([`at_first_spawn`]).
//!
//! It makes only what it can undo. Whatever else a program does is seen, by who is called for it ([`keep::spoil`]) or by
//! looking afterwards, once for all runs of a batch (`Keep::is_clean`); then the runner ends as the process of a single run does,
//! and the fork server forks another one. So it does for a run that is replayed or traced: what is shown to people has a
//! process of its own. And one run in [`ONE_IN`] is made both ways, and must be the same.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicPtr, Ordering};
use core::{mem, ptr};

use schedule::protocol::{Finish, Request};

use crate::answer::{self, End};
use crate::arch::context::{checkpoint, go_on, resume};
use crate::keep::{self, Keep};
use crate::record::{Beginning, Expected, Runner};
use crate::{contexts, inherited, libc, post, record, scheduler, system, token, undone, watch};

/// So many runs are made for one of them that is made both ways.
const ONE_IN: u64 = 256;

/// Where glibc has its list of all of C's streams.
static STREAMS: AtomicPtr<*mut c_void> = AtomicPtr::new(ptr::null_mut());

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
    STREAMS.store(libc::next(c"_IO_list_all").cast(), Ordering::Relaxed);
    // SAFETY: a function of this type; numbers.
    unsafe {
        on_exit(at_exit, ptr::null_mut());
        record::ends_by(end_run);
        undone::share_folder();
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// Whether a runner makes such runs: not those that people look at.
pub(crate) fn makes(request: &Request) -> bool {
    !request.trace && request.replayed == 0 && request.raised == 0
}

/// In a fresh child of the fork server: makes runs until one cannot be undone, or no more are asked for. Returns at the
/// beginning of each that begins at `main`.
pub(crate) fn begin(socket: usize) -> Request {
    let Some(keep) = keep::create(socket) else { leave(Runner::Cannot) };
    inherited::open_as_at_first();
    // SAFETY: the place is in memory that stays; `end_run` resumes only after it has put the memory back.
    unsafe { checkpoint(&raw mut keep.place, keep::take) };
    match keep::get().filter(|keep| keep.is_taken) {
        Some(keep) => next(keep),
        // The request that was handed over stays where it is.
        None => leave(Runner::Cannot),
    }
}

/// At the creation of the first thread. From now on runs of this process begin here, where all that was done so far will be
/// the same again.
pub(crate) fn at_first_spawn() {
    if !scheduler::close_prefix() || keep::is_spoilt() {
        return;
    }
    let Some(keep) = keep::of_runner() else { return };
    if !may_begin_here(keep) {
        return;
    }
    keep.beginning = record::get().beginning();
    if keep.beginning.is_none() {
        return;
    }
    keep.is_first = true;
    // SAFETY: as in `begin`.
    unsafe { checkpoint(&raw mut keep.place, keep::take) };
    let Some(keep) = keep::get() else { return };
    if !keep.is_taken {
        keep::spoil();
    } else if !mem::take(&mut keep.is_first) {
        let request = next(keep);
        watch::limit_processor_time();
        if !scheduler::begin_after_prefix(request) {
            leave(Runner::Retires);
        }
    }
}

/// Whether later runs can begin here. That is tried once.
fn may_begin_here(keep: &mut Keep) -> bool {
    // What earlier runs have left behind must not become how things are.
    !mem::replace(&mut keep.has_spawned, true)
        && post::get().is_sure()
        && scheduler::is_high_on_main_stack()
        && keep.is_nearly_clean()
}

/// Ends this process, which does not end the run.
fn leave(as_what: Runner) -> ! {
    record::get().runner = as_what;
    system::exit(0)
}

/// The next run, of which the record begins here.
fn next(keep: &mut Keep) -> Request {
    keep.request = record::get().take_handed().unwrap_or_else(|| next_request(keep));
    let Some(request) = Request::decode(&keep.request) else { system::exit(70) };
    // Whether what was printed at the beginning found a reader.
    let is_same = |beginning: &Beginning| !beginning.has_output() || request.writes.is_none();
    if !makes(&request) || !keep.beginning.as_ref().is_none_or(is_same) {
        make_sure(keep);
        record::get().hand(&keep.request);
        leave(Runner::Leaves);
    }
    let record = record::get();
    match &keep.beginning {
        Some(beginning) => record.begin_after(beginning),
        None => record.reset(),
    }
    record.takes_in = record.others_print;
    record.begins();
    request
}

/// The request that comes next.
fn next_request(keep: &Keep) -> [u8; Request::SIZE] {
    let mut bytes = [0; Request::SIZE];
    record::get().runner = Runner::Reads;
    if !post::get().has(Request::SIZE) {
        make_sure(keep);
    }
    if !post::get().take(keep.socket, &mut bytes) {
        leave(Runner::IsDone);
    }
    bytes
}

/// The answers so far are sure, if all is as it was. Else the runs are made again, in a process each.
fn make_sure(keep: &Keep) {
    if post::get().is_sure() {
        return;
    }
    if !keep.is_clean() {
        leave(Runner::Retires);
    }
    post::get().make_sure();
    inherited::open_as_at_first();
}

/// After all other functions that are called at the end. Where other threads are alive, one of them may hold a stream of
/// C's with something in it: then libc ends the process, which does not care.
extern "C" fn at_exit(status: c_int, _: *mut c_void) {
    if token::me().is_none() || keep::get().is_none() {
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
/// with the oldest, standard error, where that is so), and these are empty.
fn nothing_is_buffered() -> bool {
    let all = STREAMS.load(Ordering::Relaxed);
    // SAFETY: glibc's variables of this name and type, and its streams, which nobody closes here.
    unsafe { !all.is_null() && *all == stderr && __fpending(stdout) == 0 && __fpending(stderr) == 0 }
}

/// Ends the run of this process with an exit code: the process, too, where it makes a single one.
fn end_run(code: c_int) -> ! {
    let code = code as usize & 0xff;
    let Some(keep) = keep::of_runner().filter(|_| !keep::is_spoilt()) else { system::exit(code) };
    // SAFETY: nobody uses that stack while a run is on, and nothing of the run goes on.
    unsafe { go_on(keep.stack, contexts::main_thread_pointer(), next_run, code) }
}

/// On the stack that is kept: answers, puts everything back and goes on at the checkpoint.
extern "C" fn next_run(code: usize) -> ! {
    let Some(keep) = keep::get() else { system::exit(70) };
    keep.shrink_heap();
    if inherited::take_in_rest() && !record::get().takes_in {
        // In which order is not known.
        record::get().others_print = true;
        leave(Runner::Retires);
    }
    let is_sure = is_looked_at();
    if is_sure {
        if !keep.is_clean() {
            system::exit(code);
        }
        post::get().make_sure();
    }
    let status = (code as c_int) << 8;
    if is_compared() {
        leave_to_be_compared(keep, status);
    }
    answer(keep, status);
    if is_sure {
        post::get().make_sure();
    }
    record::get().runner = Runner::Retires;
    if !keep.put_back() {
        system::exit(0);
    }
    // SAFETY: the memory is as it was when the checkpoint was made, by the main thread.
    unsafe { resume(keep.place, contexts::main_thread_pointer()) }
}

/// Whether the run is made both ways.
fn is_compared() -> bool {
    record::get().runs % ONE_IN == ONE_IN / 8
}

/// Whether all must be as it was at once: because the answer is sent, or others found that it was not.
fn is_looked_at() -> bool {
    let record = record::get();
    let is_sent =
        !post::get().has_room_for(answer::size(record)) || record.finish == Some(Finish::OutsideWait);
    record.is_careful || is_sent || is_compared()
}

fn leave_to_be_compared(keep: &Keep, status: c_int) -> ! {
    let record = record::get();
    record.expect(Expected::of(record, status));
    record.hand(&keep.request);
    leave(Runner::Leaves)
}

fn answer(keep: &mut Keep, status: c_int) {
    let processor = keep.take_processor_time();
    let record = record::get();
    record.answered += processor;
    record.runner = Runner::Answers;
    answer::put(keep.socket, End::with(status), processor, false, false);
}
