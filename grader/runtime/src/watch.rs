//! The fork server looks at a run that takes no step: a thread with the token in a system call that blocks, and is not
//! under control, holds up all others for ever.

use core::ffi::c_int;

use crate::answer::End;
use crate::proc::{Path, each_thread, number};
use crate::record::Runner;
use crate::world::{self, POLLIN, PollDescriptor};
use crate::{record, system, token};

const MILLISECONDS_A_LOOK: i32 = 100;
/// A run that has not ended after so many looks is ended.
const MOST_LOOKS: u32 = 150;
/// So many looks in a row find the same call and no step between: it does not come back soon.
const SAME_LOOKS: u32 = 10;

/// In a run: it never computes for ever unseen.
pub(crate) fn limit_processor_time() {
    const ITIMER_PROF: usize = 2;
    /// Seconds of processor time: the longest budget takes a fraction of one.
    const SECONDS: u64 = 4;
    let timer: [u64; 4] = [0, 0, SECONDS, 0];
    // SAFETY: a timer that is valid for the call. SIGPROF ends the process.
    unsafe { system::call(system::SETITIMER, [ITIMER_PROF, timer.as_ptr() as usize, 0, 0, 0, 0]) };
}

/// Waits for the end of a run; one that takes far too long, or waits where nobody can bring what it waits for, is
/// killed.
///
/// A runner makes one run after the other, and waits as long as none is asked for.
pub(crate) fn wait_for(child: c_int, is_runner: bool) -> End {
    let mut status: c_int = 0;
    // SAFETY: numbers, and a place for the status.
    unsafe {
        let descriptor = system::call(system::PIDFD_OPEN, [child as usize, 0, 0, 0, 0, 0]);
        let (in_time, call) = watch(child, descriptor as i32, is_runner);
        if !in_time {
            system::call(system::KILL, [child as usize, 9, 0, 0, 0, 0]);
        }
        system::call(system::WAIT4, [child as usize, &raw mut status as usize, 0, 0, 0, 0]);
        system::call(system::CLOSE, [descriptor as usize, 0, 0, 0, 0, 0]);
        End { status, in_time, call }
    }
}

/// Whether it ends by itself; else the call that it sits in, where that is seen.
fn watch(child: c_int, descriptor: i32, is_runner: bool) -> (bool, Option<u32>) {
    let mut last = None;
    let (mut same, mut looks, mut runs) = (0, 0, 0);
    while looks < MOST_LOOKS {
        looks += 1;
        let mut ended = [PollDescriptor::new(descriptor, POLLIN)];
        world::poll_for_real(&mut ended, MILLISECONDS_A_LOOK);
        if ended[0].is_ready() {
            return (true, None);
        }
        let (runner, number) = progress();
        if is_runner && (runner != Runner::Runs as u8 || number != runs) {
            (same, looks, runs, last) = (0, 0, number, None);
            continue;
        }
        let seen = look_at(child);
        same = if seen.is_some() && seen == last { same + 1 } else { 0 };
        last = seen;
        // It may have come on since.
        if same >= SAME_LOOKS && (!is_runner || progress() == (runner, number)) {
            return (false, seen.map(|seen| seen.call));
        }
    }
    (false, None)
}

/// What a runner does, and how many runs there were.
fn progress() -> (u8, u64) {
    let record = record::shared();
    // SAFETY: the runner writes these words, and any value of them is one; what is old is seen at the next look.
    unsafe {
        (
            (&raw const (*record).runner).cast::<u8>().read_volatile(),
            (&raw const (*record).runs).read_volatile(),
        )
    }
}

/// A thread that sleeps in a system call of its own, at a step of the run.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sleeper {
    thread: usize,
    call: u32,
    argument: usize,
    step: usize,
}

/// The thread of the run that neither waits for the token nor runs.
fn look_at(child: c_int) -> Option<Sleeper> {
    // SAFETY: the run writes these words, and any value of them is one; what is old is seen at the next look.
    let (step, waits) = unsafe {
        let record = record::shared();
        ((&raw const (*record).steps).read_volatile(), (&raw const (*record).waits_outside).read_volatile())
    };
    if waits {
        return None;
    }
    let mut found = None;
    each_thread(child, |thread| {
        if let Some((call, argument)) = sleeping_call(child, thread)
            && !(call as usize == system::FUTEX && token::is_word(argument))
        {
            found = Some(Sleeper { thread, call, argument, step });
        }
    });
    found
}

/// The number and the first argument of the system call that a thread sleeps in so that a signal could wake it, as who
/// waits for a disk does not; proc(5).
fn sleeping_call(process: c_int, thread: usize) -> Option<(u32, usize)> {
    let mut text = [0u8; 256];
    let of = Path::new(c"/proc/").number(process as usize).text(c"/task/").number(thread);
    let stat = of.text(c"/stat").read(&mut text);
    let name_ends = stat.iter().rposition(|&byte| byte == b')')?;
    if stat.get(name_ends + 2) != Some(&b'S') {
        return None;
    }
    let mut words = of.text(c"/syscall").read(&mut text).split(|&byte| byte == b' ');
    let call = number(words.next()?, 10)?;
    let argument = number(words.next()?.strip_prefix(b"0x")?, 16)?;
    Some((call as u32, argument))
}
