//! The fork server: runs without the cost of starting the program for each.
//!
//! A run is a child forked from here, before the program has done anything, with the same memory layout every time. The
//! server waits for its end and answers with the record that it left in shared memory. Where the grader asks for it, a child
//! makes many runs (`runner`) and answers them itself; this process then makes only those that it leaves.

use core::ffi::{c_char, c_int};

use schedule::protocol::Request;

use crate::answer::{self, Of, Usage};
use crate::record::Runner;
use crate::{contexts, dates, inherited, orphans, post, record, runner, scheduler, sites, system, watch};

unsafe extern "C" {
    static environ: *const *const c_char;
    fn fork() -> c_int;
}

/// So many runners in a row that made one run: the program does what cannot be undone.
const MOST_IN_VAIN: u32 = 3;

/// See the module.
pub(crate) struct Server {
    socket: usize,
    /// Whether this process sees no others but those that its runs have started.
    alone: bool,
    /// Whether a child makes many runs, as long as it can undo them.
    has_runners: bool,
    /// So many of the next runs have a process each: they were made by a runner, and it is not sure what became of them.
    again: usize,
    /// Where husks are there.
    bare_fork: Option<extern "C" fn() -> c_int>,
}

impl Server {
    pub(crate) fn new(socket: usize, alone: bool, has_runners: bool) -> Self {
        let bare_fork = contexts::bare_fork().filter(|_| contexts::are_on());
        Self { socket, alone, has_runners, again: 0, bare_fork }
    }

    /// Serves runs until the grader closes the socket. Returns only in a child, which is a run, at its beginning.
    pub(crate) fn serve(mut self) {
        let mut in_vain = 0;
        loop {
            let bytes = self.next_request();
            let Some(request) = Request::decode(&bytes) else { system::exit(70) };
            let is_again = self.again > 0;
            self.again -= usize::from(is_again);
            if is_again || !(self.has_runners && runner::makes(&request)) {
                if self.make_run(request) {
                    return;
                }
                continue;
            }
            record::get().hand(&bytes);
            let runs = record::get().runs;
            let Some(last) = self.make_runs() else { return };
            let is_first = record::get().runs <= runs + 1;
            let is_in_vain = last == Runner::Retires || last == Runner::Runs && is_first;
            in_vain = if is_in_vain { in_vain + 1 } else { 0 };
            self.has_runners = last != Runner::Cannot && in_vain < MOST_IN_VAIN;
            if matches!(last, Runner::Leaves | Runner::Cannot) && self.make_left() {
                return;
            }
        }
    }

    /// The next request of the grader.
    fn next_request(&self) -> [u8; Request::SIZE] {
        let mut bytes = [0; Request::SIZE];
        post::get().make_sure();
        if !post::get().take(self.socket, &mut bytes) {
            system::exit(0);
        }
        bytes
    }

    /// Makes the run that the runner has left; it may be one that the runner has made, too, to be compared. Whether this is
    /// the child.
    fn make_left(&self) -> bool {
        let left = record::get().take_handed().and_then(|bytes| Request::decode(&bytes));
        self.make_run(left.unwrap_or_else(|| system::exit(70)))
    }

    /// Has a child make runs until it ends; what it did last. A run that it was in is answered. `None` in that child.
    fn make_runs(&mut self) -> Option<Runner> {
        sites::receive_raised(self.socket, 0);
        let record = record::get();
        (record.runner, record.answered) = (Runner::Idles, 0);
        let before = Usage::of(Of::Children).microseconds();
        let child = self.fork();
        if child == 0 {
            ends_with_server();
            begin_run(runner::begin(self.socket));
            scheduler::open_prefix();
            return None;
        }
        let end = watch::wait_for(child, true);
        let is_late = self.clean_up() && !record::get().takes_in;
        let record = record::get();
        // What others have printed stands behind what came after it.
        record.others_print |= is_late;
        let last = record.runner;
        match last {
            Runner::IsDone => system::exit(0),
            // What was read of a request, or sent of an answer, is lost with who did it.
            Runner::Idles | Runner::Reads | Runner::Answers => system::exit(70),
            Runner::Runs if post::get().is_sure() && !is_late => {
                let all = Usage::of(Of::Children).microseconds().saturating_sub(before);
                answer::put(self.socket, end, all.saturating_sub(record.answered), false, false);
            }
            Runner::Runs | Runner::Retires => {
                record.is_careful |= last == Runner::Runs && !is_late;
                self.again = post::get().take_back() / Request::SIZE;
            }
            Runner::Leaves | Runner::Cannot => {}
        }
        Some(last)
    }

    /// Makes one run. Whether this is the child.
    fn make_run(&self, request: Request) -> bool {
        let Some(steps) = scheduler::replay_buffer(request.replayed as usize) else { system::exit(70) };
        if !post::get().take(self.socket, steps) {
            system::exit(0);
        }
        sites::receive_raised(self.socket, request.raised);
        record::get().reset();
        record::get().takes_in = true;
        inherited::open_as_at_first();
        let before = Usage::of(Of::Children).microseconds();
        let child = self.fork();
        if child == 0 {
            // SAFETY: numbers only.
            unsafe { system::call(system::CLOSE, [self.socket, 0, 0, 0, 0, 0]) };
            ends_with_server();
            begin_run(request);
            return true;
        }
        let end = watch::wait_for(child, false);
        self.clean_up();
        let processor = Usage::of(Of::Children).microseconds().saturating_sub(before);
        let leaked = record::get().is_unexpected(end.status);
        answer::put(self.socket, end, processor, request.trace, leaked);
        false
    }

    /// A child of this process; 0 in it.
    fn fork(&self) -> c_int {
        let child = match self.bare_fork {
            Some(bare) => bare(),
            // SAFETY: this process has one thread.
            None => unsafe { fork() },
        };
        if child < 0 {
            system::exit(70);
        }
        child
    }

    /// After the end of a process of runs. Whether somebody had printed what was not taken in.
    fn clean_up(&self) -> bool {
        if !orphans::end(self.alone) {
            // They cannot be ended from here: the keeper ends them, and this process.
            system::exit(70);
        }
        inherited::take_in_rest()
    }
}

/// In a child: nobody is left when the server is gone.
fn ends_with_server() {
    const PR_SET_PDEATHSIG: usize = 1;
    const SIGKILL: usize = 9;
    // SAFETY: numbers only.
    unsafe { system::call(system::PRCTL, [PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0]) };
}

/// In a child: begins a run, under control.
fn begin_run(request: Request) {
    watch::limit_processor_time();
    // SAFETY: the environment stands above all frames of the main thread.
    let stack_top = unsafe { *environ } as u64 & !15;
    dates::begin();
    scheduler::begin(request, stack_top);
}
