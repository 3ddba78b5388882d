//! The threads of a run: what each one waits for.

use super::spin::Spin;
use crate::{MOST_THREADS, ThreadId, ThreadSet};

/// What a thread that cannot go on waits for. Times are nanoseconds of virtual time; [`NEVER`] does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: it can go on.
    None,
    /// Its creator to block, as long as the start gate is shut.
    Gate {
        /// Who created it.
        creator: ThreadId,
    },
    /// A wake on a futex.
    Futex {
        /// Its address.
        word: u64,
        /// Which wakes it hears, futex(2).
        bits: u32,
        /// When it ends all the same.
        deadline: Option<u64>,
    },
    /// Its time.
    Sleep {
        /// When it ends.
        deadline: u64,
    },
    /// The end of a thread.
    Join {
        /// That thread.
        thread: ThreadId,
    },
    /// Something in the world outside, which knows what.
    Outside {
        /// When it ends all the same.
        deadline: Option<u64>,
        /// Whether it comes surely, if late: the end of a child.
        surely: bool,
    },
    /// Nothing more: it has ended.
    Ended,
}

/// A deadline that does not come.
pub const NEVER: u64 = u64::MAX;

impl Wait {
    /// When the wait ends by itself.
    pub fn deadline(self) -> Option<u64> {
        let deadline = match self {
            Self::Futex { deadline, .. } | Self::Outside { deadline, .. } => deadline,
            Self::Sleep { deadline } => Some(deadline),
            _ => None,
        };
        deadline.filter(|&deadline| deadline != NEVER)
    }

    /// Whether the world outside ends it.
    pub fn is_outside(self) -> bool {
        matches!(self, Self::Outside { .. })
    }
}

/// Why a thread goes on after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// What it waited for happened.
    Done,
    /// Its deadline passed.
    TimedOut,
    /// No reason, as futex(2) allows.
    Spuriously,
}

/// One thread.
#[derive(Clone, Copy, Debug)]
pub struct Thread {
    /// What it waits for.
    pub wait: Wait,
    /// Why its last wait ended.
    pub woken: Woken,
    /// The step at which it gave way, until something changes or it goes on all the same.
    pub gave_way: Option<u32>,
    /// The step at which its wait began.
    pub waits_since: u32,
    /// What it reads again and again.
    pub spin: Spin,
    /// How many threads were created before it, over the whole run.
    pub born: u32,
    /// How many threads had ended before it.
    pub died: u32,
}

const NO_THREAD: Thread = Thread {
    wait: Wait::Ended,
    woken: Woken::Done,
    gave_way: None,
    waits_since: 0,
    spin: Spin::NONE,
    born: 0,
    died: 0,
};

/// The threads of a run. A number is used again only when all others are taken, the longest unused one first.
#[derive(Clone, Debug)]
pub struct Threads {
    all: [Thread; MOST_THREADS],
    count: usize,
    born: u32,
    died: u32,
}

impl Threads {
    /// No thread.
    pub const fn new() -> Self {
        Self { all: [NO_THREAD; MOST_THREADS], count: 0, born: 0, died: 0 }
    }

    /// Adds a thread; `None` when as many are alive as can be.
    pub fn add(&mut self, wait: Wait, spin: Spin) -> Option<ThreadId> {
        let place = if self.count < MOST_THREADS {
            self.count += 1;
            self.count - 1
        } else {
            let ended = (0..self.count).filter(|&place| self.all[place].wait == Wait::Ended);
            ended.min_by_key(|&place| self.all[place].died)?
        };
        self.all[place] = Thread { wait, spin, born: self.born, ..NO_THREAD };
        self.born += 1;
        Some(place as ThreadId)
    }

    /// Says that a thread has ended.
    pub fn end(&mut self, thread: ThreadId) {
        let died = self.died;
        self.died += 1;
        let ended = self.get_mut(thread);
        (ended.wait, ended.died) = (Wait::Ended, died);
    }

    /// How many numbers are in use: all threads are below.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether there is, or was, a thread of that number.
    pub fn is_known(&self, thread: ThreadId) -> bool {
        usize::from(thread) < self.count
    }

    /// A thread, which must be known.
    pub fn get(&self, thread: ThreadId) -> &Thread {
        &self.all[usize::from(thread) % MOST_THREADS]
    }

    /// A thread, which must be known.
    pub fn get_mut(&mut self, thread: ThreadId) -> &mut Thread {
        &mut self.all[usize::from(thread) % MOST_THREADS]
    }

    /// All threads but those that have gone before their number was used again.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ThreadId, &mut Thread)> {
        (0..).zip(&mut self.all[..self.count])
    }

    /// The threads of which `wanted` is true.
    pub fn select(&self, mut wanted: impl FnMut(ThreadId, &Thread) -> bool) -> ThreadSet {
        let mut set = ThreadSet::EMPTY;
        for (number, thread) in (0..).zip(&self.all[..self.count]) {
            if wanted(number, thread) {
                set.insert(number);
            }
        }
        set
    }

    /// Ends a thread's wait.
    pub fn wake(&mut self, thread: ThreadId, woken: Woken) {
        let thread = self.get_mut(thread);
        thread.wait = Wait::None;
        thread.woken = woken;
        thread.gave_way = None;
        thread.spin.forget();
    }

    /// Ends the waits of the threads of which `wanted` is true.
    pub fn wake_all(&mut self, wanted: impl Fn(Wait) -> bool) {
        for thread in self.select(|_, thread| wanted(thread.wait)).iter() {
            self.wake(thread, Woken::Done);
        }
    }
}

impl Default for Threads {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_used_again_only_when_all_are_taken() {
        let mut threads = Threads::new();
        let add = |threads: &mut Threads| threads.add(Wait::None, Spin::NONE);
        assert_eq!(add(&mut threads), Some(0));
        assert_eq!(add(&mut threads), Some(1));
        threads.end(1);
        assert_eq!(add(&mut threads), Some(2), "1 is not used again while there are others");
        for number in 3..MOST_THREADS as ThreadId {
            assert_eq!(add(&mut threads), Some(number));
        }
        threads.end(7);
        threads.end(3);
        assert_eq!([(); 4].map(|()| add(&mut threads)), [Some(1), Some(7), Some(3), None]);
        assert!(threads.get(3).born > threads.get(7).born);
    }

    #[test]
    fn a_sleep_without_end_has_no_deadline() {
        assert_eq!(Wait::Sleep { deadline: NEVER }.deadline(), None);
        assert_eq!(Wait::Sleep { deadline: 5 }.deadline(), Some(5));
    }
}
