//! The post between this program and the grader. Requests come several at once, and answers, but those of slow runs, wait
//! until no request does: so few system calls carry many of them.
//!
//! Answers are *sure* once it is known that the runs before them have left everything as it was. Only such are sent; others
//! can be taken back, with the requests that they answer.
//!
//! It stands in memory that the fork server shares with runners: what one has received the other opens, and what one has
//! answered the other sends.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::system;

/// Some hundred requests.
const RECEIVED: usize = 8 << 10;
/// As much as some dozen answers to runs that are not traced mostly take.
const ANSWERED: usize = 32 << 10;

/// Both boxes. Zeroes are empty ones.
pub(crate) struct Post {
    received: [u8; RECEIVED],
    /// What was received and not taken yet, from and to.
    waiting: (usize, usize),
    answered: [u8; ANSWERED],
    /// How much of it waits to be sent.
    filled: usize,
    /// What was received, and how much of what is to be sent, when the answers were last sure.
    sure: (usize, usize),
}

static POST: AtomicPtr<Post> = AtomicPtr::new(ptr::null_mut());

/// Makes `post`, which is zeroed, shared and never unmapped, the place for all that follows.
pub(crate) fn install(post: *mut Post) {
    POST.store(post, Ordering::Relaxed);
}

/// The post. For the runner while it has one, and the fork server while no run is on: that is what makes the reference the
/// only one that is used.
pub(crate) fn get() -> &'static mut Post {
    // SAFETY: installed before the first run and never unmapped; who calls is alone, see above.
    unsafe { &mut *POST.load(Ordering::Relaxed) }
}

impl Post {
    /// Takes as many bytes, and waits for them if need be, once all answers are sent, which are sure; false where the grader
    /// is gone.
    pub(crate) fn take(&mut self, socket: usize, mut bytes: &mut [u8]) -> bool {
        while !bytes.is_empty() {
            let count = bytes.len().min(RECEIVED);
            while !self.has(count) {
                self.send(socket);
                if !self.receive(socket) {
                    return false;
                }
            }
            let (now, later) = bytes.split_at_mut(count);
            now.copy_from_slice(&self.received[self.waiting.0..][..count]);
            self.waiting.0 += count;
            bytes = later;
        }
        true
    }

    /// Receives as much as there is room for, and something at least; false where the grader is gone. What was received
    /// before stands before it, so that a request is here in one piece.
    fn receive(&mut self, socket: usize) -> bool {
        let (from, to) = self.waiting;
        self.received.copy_within(from..to, 0);
        (self.waiting, self.sure.0) = ((0, to - from), 0);
        let room = &mut self.received[to - from..];
        loop {
            // SAFETY: the place is valid for its length.
            match unsafe {
                system::call(system::READ, [socket, room.as_mut_ptr() as usize, room.len(), 0, 0, 0])
            } {
                count if count > 0 => {
                    self.waiting.1 += count as usize;
                    return true;
                }
                error if error == -system::EINTR => {}
                _ => return false,
            }
        }
    }

    /// Whether so many bytes were received and not taken.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        self.waiting.1 - self.waiting.0 >= bytes
    }

    /// Whether there is room for an answer of so many bytes.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        bytes <= ANSWERED - self.filled
    }

    /// Whether all answers are sure.
    pub(crate) fn is_sure(&self) -> bool {
        self.filled == self.sure.1
    }

    /// All answers are sure, those to all that was taken.
    pub(crate) fn make_sure(&mut self) {
        self.sure = (self.waiting.0, self.filled);
    }

    /// Takes answers back that are not sure. How many bytes of requests, which are there to be taken again.
    pub(crate) fn take_back(&mut self) -> usize {
        let taken = self.waiting.0 - self.sure.0;
        (self.waiting.0, self.filled) = self.sure;
        taken
    }

    /// Adds to an answer. Where it is more than there is room for, those before must be sure.
    pub(crate) fn put(&mut self, socket: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.filled == ANSWERED {
                self.send(socket);
            }
            let (now, later) = bytes.split_at(bytes.len().min(ANSWERED - self.filled));
            self.answered[self.filled..][..now.len()].copy_from_slice(now);
            self.filled += now.len();
            bytes = later;
        }
    }

    /// Sends what waits, all of which is sure. A grader that is gone ends this process.
    pub(crate) fn send(&mut self, socket: usize) {
        const MSG_NOSIGNAL: usize = 0x4000;
        let mut sent = 0;
        while sent < self.filled {
            let rest = &self.answered[sent..self.filled];
            let arguments = [socket, rest.as_ptr() as usize, rest.len(), MSG_NOSIGNAL, 0, 0];
            // SAFETY: the slice is valid for the call.
            match unsafe { system::call(system::SENDTO, arguments) } {
                count if count > 0 => sent += count as usize,
                error if error == -system::EINTR => {}
                _ => system::exit(0),
            }
        }
        (self.filled, self.sure.1) = (0, 0);
    }
}
