//! Waits that nothing outside of the run can end: then that all wait is a deadlock, proven at once, and virtual time
//! may pass without a look at the world.

use super::{Until, sockets};
use crate::proc::{Path, number};
use crate::streams::{Kind, inode, kind};
use crate::system;

/// Whether this can be brought about by the run's own process alone, while [`is_alone`].
pub(crate) fn comes_from_inside(until: Until) -> bool {
    match until {
        Until::AnyReady { descriptors, count } => {
            // SAFETY: the waiting thread's, which does not run; the caller holds the token.
            let descriptors = unsafe { core::slice::from_raw_parts(descriptors, count) };
            descriptors.iter().map(|one| one.descriptor()).all(|one| one < 0 || is_own(one))
        }
        Until::Unlocked { descriptor, .. } => is_locked_here(descriptor),
        _ => false,
    }
}

/// Whether each lock of flock(2) on this file is this process's own, as the kernel lists them: proc(5), `locks`.
fn is_locked_here(descriptor: i32) -> bool {
    /// The kernel gives whole lines of one page; what is shorter, by more than a line, is all.
    const ALL: usize = 4096 - 256;
    let mut text = [0u8; 4096];
    let text = Path::new(c"/proc/locks").read(&mut text);
    let (Some(inode), true) = (inode(descriptor), text.len() < ALL) else { return false };
    // SAFETY: it takes nothing.
    let own = unsafe { system::call(system::GETPID, [0; 6]) } as usize;
    let mut holders = 0;
    for line in text.split(|&byte| byte == b'\n') {
        let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        // Its number, its kind, two words on how it locks, its process, and the file as device:device:inode. Who waits
        // has an arrow for a kind.
        let (Some(b"FLOCK"), Some(process), Some(file)) = (words.nth(1), words.nth(2), words.next()) else {
            continue;
        };
        let of = file.rsplit(|&byte| byte == b':').next().and_then(|digits| number(digits, 10));
        if of == Some(inode) {
            holders += 1;
            if number(process, 10) != Some(own) {
                return false;
            }
        }
    }
    holders > 0
}

/// Whether the other ends of this one are in the processes of this run: a pipe without a name that is no standard
/// stream, or one of two sockets that this process has connected.
pub(crate) fn is_own(descriptor: i32) -> bool {
    let given = [0, 1, 2].map(kind);
    match (kind(descriptor), given[1]) {
        (own @ Kind::Pipe(device, _), Kind::Pipe(unnamed, _)) => device == unnamed && !given.contains(&own),
        // SAFETY: it takes nothing.
        (Kind::Socket, _) => unsafe {
            sockets::peer(descriptor).map(|peer| peer as isize) == Some(system::call(system::GETPID, [0; 6]))
        },
        _ => false,
    }
}

/// Whether no other process of the run is alive: it has no children, and the fork server has no other child, which
/// might be an orphan of the run.
pub(crate) fn is_alone() -> bool {
    let mut text = [0u8; 32];
    // SAFETY: it takes nothing.
    let parent = unsafe { system::call(system::GETPPID, [0; 6]) } as usize;
    let siblings = Path::new(c"/proc/").number(parent).text(c"/task/").number(parent).text(c"/children");
    let is_only_child = siblings.read(&mut text).iter().filter(|&&byte| byte == b' ').count() == 1;
    is_only_child && !has_children()
}

/// Whether this process has children, whatever signal they send at their end; none is waited for.
pub(crate) fn has_children() -> bool {
    const P_ALL: usize = 0;
    /// `WEXITED | WNOHANG | WNOWAIT | __WALL`, waitid(2).
    const LOOK: usize = 4 | 1 | 0x0100_0000 | 0x4000_0000;
    // SAFETY: no information is asked for.
    unsafe { system::call(system::WAITID, [P_ALL, 0, 0, LOOK, 0, 0]) >= 0 }
}
