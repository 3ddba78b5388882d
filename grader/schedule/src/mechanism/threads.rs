//! The threads of a run.

use super::spin::Spin;
use super::standing::Standing;
use super::thread::{NO_THREAD, Thread, Wait, Woken};
use crate::{MOST_THREADS, ThreadId, ThreadSet};

/// The threads of a run. A number is used again only when all others are taken, the longest unused one first.
#[derive(Clone, Debug)]
pub struct Threads {
    all: [Thread; MOST_THREADS],
    standing: Standing,
    count: usize,
    born: u32,
    died: u32,
}

impl Threads {
    /// No thread.
    pub const fn new() -> Self {
        Self { all: [NO_THREAD; MOST_THREADS], standing: Standing::NONE, count: 0, born: 0, died: 0 }
    }

    /// As new, without touching what is not in use.
    pub fn clear(&mut self) {
        (self.standing, self.count, self.born, self.died) = (Standing::NONE, 0, 0, 0);
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
        self.standing.note(place as ThreadId, &self.all[place]);
        self.born += 1;
        Some(place as ThreadId)
    }

    /// Says that a thread has ended.
    pub fn end(&mut self, thread: ThreadId) {
        let died = self.died;
        self.died += 1;
        self.change(thread, |ended| (ended.wait, ended.died) = (Wait::Ended, died));
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

    /// Changes a thread, which must be known.
    #[inline]
    fn change(&mut self, number: ThreadId, act: impl FnOnce(&mut Thread)) {
        let thread = &mut self.all[usize::from(number) % MOST_THREADS];
        act(thread);
        self.standing.note(number, thread);
    }

    /// What a thread reads again and again.
    pub fn spin(&mut self, thread: ThreadId) -> &mut Spin {
        &mut self.all[usize::from(thread) % MOST_THREADS].spin
    }

    /// A thread waits from now on, at this step.
    pub fn block(&mut self, thread: ThreadId, wait: Wait, step: u32) {
        self.change(thread, |thread| (thread.wait, thread.waits_since) = (wait, step));
    }

    /// A thread gives way, at this step.
    pub fn give_way(&mut self, thread: ThreadId, step: u32) {
        self.change(thread, |thread| thread.gave_way = Some(step));
    }

    /// A thread that waits for nothing goes on, though it gave way.
    #[inline]
    pub fn go_on(&mut self, thread: ThreadId) {
        if self.standing.gave_way.contains(thread) {
            self.change(thread, |thread| thread.gave_way = None);
        }
    }

    /// All that gave way but `by` may look again.
    pub fn look_again(&mut self, by: ThreadId) {
        for thread in self.standing.gave_way.without(ThreadSet::only(by)).iter() {
            self.change(thread, |thread| {
                thread.gave_way = None;
                thread.spin.forget();
            });
        }
    }

    /// One that waits on a futex waits on another one.
    pub fn requeue(&mut self, thread: ThreadId, to: u64) {
        self.change(thread, |thread| {
            if let Wait::Futex { word, .. } = &mut thread.wait {
                *word = to;
            }
        });
    }

    /// Those that nothing keeps: they wait for nothing, and did not give way.
    #[inline]
    pub fn going(&self) -> ThreadSet {
        self.standing.free.without(self.standing.gave_way)
    }

    /// Those that gave way and wait for nothing else.
    pub fn gave_way(&self) -> ThreadSet {
        self.standing.free.and(self.standing.gave_way)
    }

    /// Those at the gate.
    #[inline]
    pub fn gated(&self) -> ThreadSet {
        self.standing.gated
    }

    /// Those that wait for a lock.
    #[inline]
    pub fn locking(&self) -> ThreadSet {
        self.standing.locking
    }

    /// Those that go on by themselves at some time.
    #[inline]
    pub fn dated(&self) -> ThreadSet {
        self.standing.dated
    }

    /// Those that wait for the world outside.
    #[inline]
    pub fn outside(&self) -> ThreadSet {
        self.standing.outside
    }

    /// Those that have not ended.
    #[inline]
    pub fn alive(&self) -> ThreadSet {
        self.standing.alive
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
        self.change(thread, |thread| {
            (thread.wait, thread.woken, thread.gave_way) = (Wait::None, woken, None);
            thread.spin.forget();
        });
    }

    /// Ends the waits of those of these threads of which `wanted` is true.
    pub fn wake_all(&mut self, of: ThreadSet, wanted: impl Fn(Wait) -> bool) {
        for thread in of.iter() {
            if wanted(self.get(thread).wait) {
                self.wake(thread, Woken::Done);
            }
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
    use proptest::prelude::*;

    use super::*;
    use crate::mechanism::thread::NEVER;

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

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Add(Wait),
        End(ThreadId),
        Block(ThreadId, Wait),
        GiveWay(ThreadId),
        GoOn(ThreadId),
        LookAgain(ThreadId),
        Wake(ThreadId),
    }

    fn acts() -> impl Strategy<Value = Act> {
        let wait = || {
            prop_oneof![
                Just(Wait::None),
                Just(Wait::Gate { creator: 0 }),
                Just(Wait::Sleep { deadline: 5 }),
                Just(Wait::Sleep { deadline: NEVER }),
                Just(Wait::Futex { word: 8, bits: 1, deadline: None }),
                Just(Wait::Futex { word: 8, bits: 1, deadline: Some(7) }),
                Just(Wait::Outside { deadline: Some(9), surely: false }),
                Just(Wait::Join { thread: 0 }),
                Just(Wait::Lock { word: 8 }),
            ]
        };
        let thread = || 0..MOST_THREADS as ThreadId;
        prop_oneof![
            3 => wait().prop_map(Act::Add),
            1 => thread().prop_map(Act::End),
            2 => (thread(), wait()).prop_map(|(thread, wait)| Act::Block(thread, wait)),
            1 => thread().prop_map(Act::GiveWay),
            1 => thread().prop_map(Act::GoOn),
            1 => thread().prop_map(Act::LookAgain),
            1 => thread().prop_map(Act::Wake),
        ]
    }

    proptest! {
        #[test]
        fn the_sets_are_those_of_the_threads(acts in prop::collection::vec(acts(), 0..200)) {
            let mut threads = Threads::new();
            for act in acts {
                let known = |thread: ThreadId| (usize::from(thread) < threads.count).then_some(thread);
                match act {
                    Act::Add(wait) => _ = threads.add(wait, Spin::NONE),
                    Act::End(thread) => known(thread).into_iter().for_each(|thread| threads.end(thread)),
                    Act::Block(thread, wait) => {
                        known(thread).into_iter().for_each(|thread| threads.block(thread, wait, 1));
                    }
                    Act::GiveWay(thread) => {
                        known(thread).into_iter().for_each(|thread| threads.give_way(thread, 1));
                    }
                    Act::GoOn(thread) => threads.go_on(thread),
                    Act::LookAgain(thread) => threads.look_again(thread),
                    Act::Wake(thread) => {
                        known(thread).into_iter().for_each(|thread| threads.wake(thread, Woken::Done));
                    }
                }
                let mut collected = Standing::NONE;
                (0..).zip(&threads.all[..threads.count]).for_each(|(number, thread)| collected.note(number, thread));
                prop_assert_eq!(threads.standing, collected);
            }
            threads.clear();
            prop_assert_eq!(threads.standing, Standing::NONE);
        }
    }
}
