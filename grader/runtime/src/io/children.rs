//! Waiting for child processes.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use schedule::protocol::{Finish, Operation};

use super::Call;
use crate::arch::entry;
use crate::scheduler::{self, Wait};
use crate::world::{Until, wait_for_world};
use crate::{inherited, record, system, token};

const WNOHANG: c_int = 1;
/// `WSTOPPED | WCONTINUED`: what else than an end may be waited for.
const ALSO: c_int = 2 | 8;
const WEXITED: u32 = 4;

const P_ALL: u32 = 0;
const P_PID: u32 = 1;
const P_PGID: u32 = 2;

/// What looking at a child that has not ended takes of real time.
const MILLISECONDS_A_LOOK: i32 = 1;
/// Who has looked at children so often in a row without finding one ended waits for ever.
const MOST_LOOKS: u32 = 5_000;
static LOOKS: AtomicU32 = AtomicU32::new(0);

pub(super) extern "C" fn wait_child(
    process: c_int,
    status: *mut c_int,
    options: c_int,
    usage: *mut c_void,
    frame: *const u64,
) -> c_int {
    let arguments = [process as usize, status as usize, options as usize, usage as usize, 0, 0];
    // SAFETY: the caller's own arguments.
    let act = || unsafe { system::call(system::WAIT4, arguments) };
    // waitpid(2): 0 is the caller's own group, below -1 stand other groups.
    let (kind, id) = match process {
        -1 => (P_ALL, 0),
        1.. => (P_PID, process),
        _ => (P_PGID, process.wrapping_neg()),
    };
    let until = Until::Child { kind, id, options: WEXITED | (options & ALSO) as u32 };
    if token::me().is_none() {
        return system::libc_result(act()) as c_int;
    }
    let result = wait_or_look(Call::new(Operation::WaitChild, process, frame), until, options, act);
    if result == 0 {
        look_in_vain(frame);
    }
    system::libc_result(result) as c_int
}
entry!(wait4, 4, wait_child);

pub(super) extern "C" fn wait_process(
    process: c_int,
    status: *mut c_int,
    options: c_int,
    frame: *const u64,
) -> c_int {
    wait_child(process, status, options, core::ptr::null_mut(), frame)
}
entry!(waitpid, 3, wait_process);

pub(super) extern "C" fn wait_any(status: *mut c_int, frame: *const u64) -> c_int {
    wait_process(-1, status, 0, frame)
}
entry!(wait, 1, wait_any);

pub(super) extern "C" fn wait_any_with_usage(
    status: *mut c_int,
    options: c_int,
    usage: *mut c_void,
    frame: *const u64,
) -> c_int {
    wait_child(-1, status, options, usage, frame)
}
entry!(wait3, 3, wait_any_with_usage);

pub(super) extern "C" fn wait_for_change(
    kind: u32,
    id: c_int,
    information: *mut i32,
    options: c_int,
    frame: *const u64,
) -> c_int {
    let arguments = [kind as usize, id as usize, information as usize, options as usize, 0, 0];
    // SAFETY: the caller's own arguments.
    let act = || unsafe { system::call(system::WAITID, arguments) };
    if token::me().is_none() {
        return system::libc_result(act()) as c_int;
    }
    let until = Until::Child { kind, id, options: options as u32 & (WEXITED | ALSO as u32) };
    let result = wait_or_look(Call::new(Operation::WaitChild, id, frame), until, options, act);
    // SAFETY: the caller's place for a `siginfo_t`, whose first word tells whether there was a change.
    if result == 0 && options & WNOHANG != 0 && unsafe { information.as_ref() } == Some(&0) {
        look_in_vain(frame);
    }
    system::libc_result(result) as c_int
}
entry!(waitid, 4, wait_for_change);

fn wait_or_look(call: Call, until: Until, options: c_int, act: impl Fn() -> isize) -> isize {
    if options & WNOHANG != 0 {
        return act();
    }
    let wait = Wait::Outside { until, deadline: None };
    let result = call.wait(wait, || until.has_come().then(&act));
    LOOKS.store(0, Ordering::Relaxed);
    result
}

/// Steps alone do not bring a child to its end: whoever looks again and again must not run out of them first, nor keep
/// others from what the child waits for.
fn look_in_vain(frame: *const u64) {
    wait_for_world(&mut [], MILLISECONDS_A_LOOK);
    inherited::take_in();
    record::get().polls_outside = true;
    if LOOKS.fetch_add(1, Ordering::Relaxed) == MOST_LOOKS {
        scheduler::finish(Finish::OutsideWait);
    }
    // A look is a step only where it matters: how many there are is up to the child.
    if !scheduler::is_alone() {
        scheduler::give_way(frame);
    }
}
