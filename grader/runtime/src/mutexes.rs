//! Which mutexes of std each thread has.
//!
//! Who waits for a condition gives its mutex back and takes it again, and std does both where no hook sees it. That a mutex
//! was given back shows: its word is free, and nobody else has run. It is taken again as it was taken: the thread goes on
//! when it is free.
//!
//! All functions are called by the token's holder.

use core::cell::UnsafeCell;
use core::ops::Range;

use schedule::ThreadId;

use crate::token::Global;

/// More at once are not followed.
const MOST: usize = 64;

/// The words of mutexes, and who has each, in the order in which they were taken.
struct Held {
    all: [(ThreadId, u64); MOST],
    count: usize,
}

static HELD: Global<Held> = Global(UnsafeCell::new(Held { all: [(0, 0); MOST], count: 0 }));

/// Lends all. `act` must not come back here.
fn with<T>(act: impl FnOnce(&mut Held) -> T) -> T {
    // SAFETY: the caller holds the token, so no other thread is here; `act` does not come back here, so this is the only
    // reference.
    act(unsafe { &mut *HELD.0.get() })
}

impl Held {
    fn keep(&mut self, is_kept: impl Fn(ThreadId, u64) -> bool) {
        let mut count = 0;
        for place in 0..self.count {
            let (thread, word) = self.all[place];
            if is_kept(thread, word) {
                self.all[count] = (thread, word);
                count += 1;
            }
        }
        self.count = count;
    }
}

/// Whether anybody has one.
pub(crate) fn are_held() -> bool {
    with(|held| held.count > 0)
}

/// A thread begins, and has none.
pub(crate) fn begin(thread: ThreadId) {
    with(|held| held.keep(|by, _| by != thread));
}

/// A thread has taken one.
pub(crate) fn take(thread: ThreadId, word: u64) {
    with(|held| {
        if let Some(place) = held.all.get_mut(held.count) {
            *place = (thread, word);
            held.count += 1;
        }
    });
}

/// One is free again.
pub(crate) fn give_back(word: u64) {
    with(|held| held.keep(|_, other| other != word));
}

/// A thread comes out of the program. What it has given back unseen is not its own any more; the last of that, if any.
pub(crate) fn look(thread: ThreadId, is_free: impl Fn(u64) -> bool) -> Option<u64> {
    with(|held| {
        let mut own = held.all[..held.count].iter().filter(|(by, _)| *by == thread);
        let given_back = own.rfind(|(_, word)| is_free(*word)).map(|(_, word)| *word)?;
        held.keep(|by, word| by != thread || !is_free(word));
        Some(given_back)
    })
}

/// What lies in this memory is no mutex any more.
pub(crate) fn forget(memory: &Range<u64>) {
    with(|held| held.keep(|_, word| !memory.contains(&word)));
}
