//! What a run has started and not waited for ends with the run: else it would be there in the next one, write to
//! its folder, or count towards the limit of processes.

use core::ptr;

use crate::system;

/// Makes this process the parent of all orphans below it (`PR_SET_CHILD_SUBREAPER`, prctl(2)).
pub(crate) fn adopt() {
    const PR_SET_CHILD_SUBREAPER: usize = 36;
    // SAFETY: numbers only.
    unsafe { system::call(system::PRCTL, [PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0, 0]) };
}

const WNOHANG: usize = 1;
const SIGKILL: usize = 9;

/// Ends all children, and their children, which become this process's own. Called between runs, when every child is
/// left over. `alone` says that this process sees no others but those that its runs have started. False where
/// they fork faster than they can be found.
pub(crate) fn end(alone: bool) -> bool {
    match reap(WNOHANG) {
        // None was left: mostly so.
        ended if ended < 0 => true,
        _ if alone => end_everybody(),
        _ => end_those_found(),
    }
}

/// In one stroke, during which nobody can fork: all but this process and the first (kill(2)).
fn end_everybody() -> bool {
    const ALL: usize = usize::MAX;
    // SAFETY: numbers only.
    unsafe { system::call(system::KILL, [ALL, SIGKILL, 0, 0, 0, 0]) };
    while reap(0) > 0 {}
    true
}

/// As many times as a program that does not try to get away can need.
fn end_those_found() -> bool {
    const MOST_TIMES: usize = 50_000;
    for _ in 0..MOST_TIMES {
        match reap(WNOHANG) {
            // None is left.
            ended if ended < 0 => return true,
            // Some are alive. One that cannot be found is not waited for: it ends with this process.
            0 if !kill_children() => return true,
            0 => _ = reap(0),
            _ => {}
        }
    }
    false
}

/// The process that was waited for, 0 for none, negative where there are no children.
fn reap(options: usize) -> isize {
    const ANY: usize = usize::MAX;
    // SAFETY: the status is not wanted.
    unsafe { system::call(system::WAIT4, [ANY, 0, options, 0, 0, 0]) }
}

/// Kills the children that the kernel lists (proc(5), `children`). Whether there was one.
fn kill_children() -> bool {
    let mut text = [0u8; 4096];
    let mut killed = false;
    let mut process = 0usize;
    for &byte in read_children(&mut text) {
        if byte.is_ascii_digit() {
            process = process.wrapping_mul(10).wrapping_add(usize::from(byte - b'0'));
        } else {
            // SAFETY: numbers only. A number that is cut off has no space behind it, and 0 is never listed.
            killed |=
                process > 0 && unsafe { system::call(system::KILL, [process, SIGKILL, 0, 0, 0, 0]) } == 0;
            process = 0;
        }
    }
    killed
}

fn read_children(text: &mut [u8]) -> &[u8] {
    let file = system::open_to_read(c"/proc/thread-self/children");
    if file < 0 {
        return &[];
    }
    // SAFETY: the buffer is valid for its length.
    unsafe {
        let count = system::call(
            system::READ,
            [file as usize, ptr::from_mut(text).cast::<u8>() as usize, text.len(), 0, 0, 0],
        );
        system::call(system::CLOSE, [file as usize, 0, 0, 0, 0, 0]);
        &text[..count.max(0) as usize]
    }
}
