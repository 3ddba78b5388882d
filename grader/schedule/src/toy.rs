//! Toy programs for tests: threads of a few operations, run by the mechanism, and counted without it.

use std::collections::BTreeSet;
use std::iter;

use proptest::prelude::*;

use crate::mechanism::{Candidates, Mechanism, Read, Wait, World};
use crate::policy::Pending;
use crate::protocol::{Finish, Request};
use crate::search::happens_before::{Access, Step, Touch};
use crate::search::replay;
use crate::{Schedule, ThreadId, ThreadSet};

/// What a thread does in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Reads a word, always at the same place of the program.
    Load(u8),
    /// Adds one to a word.
    Add(u8),
    /// Takes a lock; where it is taken the step is the wait for it, and a wake is a step, too.
    Lock(u8),
    /// Gives it back, and wakes all that wait for it.
    Unlock(u8),
    /// Takes a lock of another kind, and cannot go on before it is free. It is not a thread's first.
    Take(u8),
    /// Takes it if it is free.
    Try(u8),
    /// Gives it back, if it has it.
    Give(u8),
    /// Gives way.
    Yield,
    /// Sleeps for so many milliseconds; waking up is a step, too.
    Sleep(u8),
}

/// A program: the operations of each thread. All threads are there from the start.
pub(crate) type Toy = Vec<Vec<Op>>;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) schedule: Schedule,
    pub(crate) candidates: Vec<Candidates>,
    /// What each step touched.
    pub(crate) accesses: Vec<Vec<Access>>,
    /// Who waits for a lock at the end.
    pub(crate) kept_waiting: Vec<(ThreadId, Access)>,
    /// What each load found, in order.
    pub(crate) found: Vec<(ThreadId, u64)>,
    /// `None` where all threads ended.
    pub(crate) finish: Option<Finish>,
}

/// Touches nothing that others do.
pub(crate) const STARTS: Op = Op::Load(3);

const WORDS: usize = 4;

/// Runs `toy` as `request` says, along `steps` first.
pub(crate) fn run(toy: &Toy, request: Request, steps: &[ThreadId]) -> Ran {
    let mut mechanism = Mechanism::new(Request { trace: true, ..request }, steps);
    for _ in 1..toy.len() {
        mechanism.spawn().unwrap();
    }
    let mut state = State {
        next: vec![0; toy.len()],
        words: [0; WORDS],
        locked: [false; WORDS],
        taken: Taken([None; WORDS]),
        waits: vec![false; toy.len()],
    };
    let mut ran = Ran::default();
    while !state.is_over(toy) {
        let choice = match mechanism.choose(&mut state.taken) {
            Ok(choice) => choice,
            Err(finish) => {
                ran.finish = Some(finish);
                break;
            }
        };
        let thread = choice.thread;
        ran.schedule.steps.push(thread);
        ran.candidates.push(choice.candidates);
        ran.accesses.push(state.touches(toy, thread));
        if !std::mem::take(&mut state.waits[usize::from(thread)]) {
            state.step(toy, thread, &mut mechanism, &mut ran.found);
        }
        state.says_what_is_next(toy, thread, &mut mechanism);
    }
    ran.kept_waiting = state.kept_waiting(toy);
    ran
}

/// What the search learns of a run.
pub(crate) struct Steps {
    pub(crate) taken: Vec<Step>,
    pub(crate) kept_waiting: Vec<Step>,
}

/// The steps of a run along `steps`, and on without preemption.
pub(crate) fn steps(toy: &Toy, steps: &[ThreadId]) -> Steps {
    let ran = run(toy, replay(), steps);
    let taken = ran.schedule.steps.iter().zip(ran.candidates).zip(ran.accesses);
    let taken =
        taken.map(|((&thread, candidates), accesses)| Step { thread, able: candidates.all(), accesses });
    let kept_waiting = ran.kept_waiting.into_iter();
    let kept_waiting =
        kept_waiting.map(|(thread, access)| Step { thread, able: ThreadSet::EMPTY, accesses: vec![access] });
    Steps { taken: taken.collect(), kept_waiting: kept_waiting.collect() }
}

/// Who has the locks of the other kind.
struct Taken([Option<ThreadId>; WORDS]);

/// By which word the mechanism knows a lock of the other kind.
const LOCK: u64 = 200;

impl World for Taken {
    fn is_free(&mut self, word: u64) -> bool {
        self.0[(word - LOCK) as usize].is_none()
    }
}

struct State {
    next: Vec<usize>,
    words: [u64; WORDS],
    locked: [bool; WORDS],
    taken: Taken,
    waits: Vec<bool>,
}

impl State {
    fn kept_waiting(&self, toy: &Toy) -> Vec<(ThreadId, Access)> {
        let waits = |thread: usize| match toy[thread].get(self.next[thread])? {
            Op::Take(lock) if self.taken.0[usize::from(*lock)].is_some() => {
                Some((thread as ThreadId, Access { object: LOCK + u64::from(*lock), touch: Touch::Takes }))
            }
            _ => None,
        };
        (0..toy.len()).filter_map(waits).collect()
    }

    fn is_over(&self, toy: &Toy) -> bool {
        self.next.iter().zip(toy).all(|(&next, ops)| next == ops.len()) && !self.waits.contains(&true)
    }

    fn says_what_is_next(&self, toy: &Toy, thread: ThreadId, mechanism: &mut Mechanism<'_>) {
        let thread = usize::from(thread);
        match toy[thread].get(self.next[thread]) {
            _ if self.waits[thread] => {}
            Some(Op::Take(lock)) => {
                let is_free = self.taken.0[usize::from(*lock)].is_none();
                mechanism.locks(LOCK + u64::from(*lock), is_free);
            }
            Some(op) => mechanism.intends(pending(*op)),
            None => mechanism.end(),
        }
    }

    /// What the next step of `thread` touches. Who waits for a lock is woken by what is done to it.
    fn touches(&self, toy: &Toy, thread: ThreadId) -> Vec<Access> {
        let thread = usize::from(thread);
        // Who sleeps last of all only wakes up.
        let op = toy[thread].get(self.next[thread]);
        let Pending { object, writes } = op.map_or_else(Pending::default, |op| pending(*op));
        let touch = match op {
            Some(Op::Take(_)) => Touch::Takes,
            Some(Op::Give(lock)) if self.taken.0[usize::from(*lock)] != Some(thread as ThreadId) => {
                return Vec::new();
            }
            Some(Op::Give(_)) => Touch::Gives,
            Some(Op::Try(lock)) if self.taken.0[usize::from(*lock)].is_some() => Touch::Reads,
            _ if writes => Touch::Writes,
            _ => Touch::Reads,
        };
        if object == 0 { Vec::new() } else { vec![Access { object, touch }] }
    }

    /// Does the next operation of `thread`.
    fn step(
        &mut self,
        toy: &Toy,
        thread: ThreadId,
        mechanism: &mut Mechanism<'_>,
        found: &mut Vec<(ThreadId, u64)>,
    ) {
        let next = &mut self.next[usize::from(thread)];
        let op = toy[usize::from(thread)][*next];
        *next += 1;
        let waits = &mut self.waits[usize::from(thread)];
        match op {
            Op::Load(word) => {
                let value = self.words[usize::from(word)];
                found.push((thread, value));
                mechanism.reads(Read { object: word.into(), site: 0, value });
            }
            Op::Add(word) => {
                self.words[usize::from(word)] += 1;
                mechanism.changed();
            }
            Op::Lock(lock) if self.locked[usize::from(lock)] => {
                *next -= 1;
                mechanism.block(Wait::Futex { word: lock.into(), bits: 1, deadline: None });
                *waits = true;
            }
            Op::Lock(lock) => {
                self.locked[usize::from(lock)] = true;
                mechanism.changed();
            }
            Op::Unlock(lock) => {
                self.locked[usize::from(lock)] = false;
                mechanism.changed();
                mechanism.waiters(lock.into(), 1).iter().for_each(|waiter| mechanism.wake(waiter));
            }
            Op::Take(lock) => {
                let holder = self.taken.0[usize::from(lock)].replace(thread);
                assert_eq!(holder, None, "who goes on has found it free");
                mechanism.changed();
            }
            Op::Try(lock) => {
                self.taken.0[usize::from(lock)].get_or_insert(thread);
                mechanism.changed();
            }
            Op::Give(lock) => {
                self.taken.0[usize::from(lock)].take_if(|holder| *holder == thread);
                mechanism.changed();
            }
            Op::Yield => mechanism.yields(),
            Op::Sleep(milliseconds) => {
                let deadline = mechanism.read_clock() + u64::from(milliseconds) * 1_000_000;
                mechanism.block(Wait::Sleep { deadline });
                *waits = true;
            }
        }
    }
}

fn pending(op: Op) -> Pending {
    match op {
        Op::Load(word) => Pending { object: 1 + u64::from(word), writes: false },
        Op::Add(word) => Pending { object: 1 + u64::from(word), writes: true },
        Op::Lock(lock) | Op::Unlock(lock) => Pending { object: 100 + u64::from(lock), writes: true },
        Op::Take(lock) | Op::Try(lock) | Op::Give(lock) => {
            Pending { object: LOCK + u64::from(lock), writes: true }
        }
        Op::Yield | Op::Sleep(_) => Pending::default(),
    }
}

/// What a thread can do in the count, which knows no mechanism: go on with its next operation, or wake up first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Goes,
    Wakes,
    WaitsFor(u8),
}

#[derive(Clone)]
struct Count {
    next: Vec<usize>,
    standing: Vec<Standing>,
    locked: [bool; WORDS],
    taken: [Option<usize>; WORDS],
    steps: Vec<ThreadId>,
    preemptions: u32,
}

/// All schedules of `toy` with at most so many preemptions, each to the end of all threads or to a deadlock. Giving way
/// and sleeping do nothing here, as in real life they need not.
pub(crate) fn all_schedules(toy: &Toy, preemptions: u32) -> BTreeSet<Vec<ThreadId>> {
    let start = Count {
        next: vec![0; toy.len()],
        standing: vec![Standing::Goes; toy.len()],
        locked: [false; WORDS],
        taken: [None; WORDS],
        steps: Vec::new(),
        preemptions: 0,
    };
    let mut all = BTreeSet::new();
    let mut open = vec![start];
    while let Some(count) = open.pop() {
        let able: Vec<usize> = (0..toy.len()).filter(|&thread| count.is_able(toy, thread)).collect();
        if able.is_empty() {
            all.insert(count.steps.clone());
        }
        let last = count.steps.last().map(|&last| usize::from(last));
        for &thread in &able {
            let takes_it_away = last.is_some_and(|last| last != thread && able.contains(&last));
            let preemptions_then = count.preemptions + u32::from(takes_it_away);
            if preemptions_then <= preemptions {
                let mut then = Count { preemptions: preemptions_then, ..count.clone() };
                then.step(toy, thread);
                open.push(then);
            }
        }
    }
    all
}

impl Count {
    fn is_able(&self, toy: &Toy, thread: usize) -> bool {
        let goes = match toy[thread].get(self.next[thread]) {
            Some(Op::Take(lock)) => self.taken[usize::from(*lock)].is_none(),
            op => op.is_some(),
        };
        self.standing[thread] == Standing::Wakes || self.standing[thread] == Standing::Goes && goes
    }

    fn step(&mut self, toy: &Toy, thread: usize) {
        self.steps.push(thread as ThreadId);
        if self.standing[thread] == Standing::Wakes {
            self.standing[thread] = Standing::Goes;
            return;
        }
        let op = toy[thread][self.next[thread]];
        self.next[thread] += 1;
        match op {
            Op::Lock(lock) if self.locked[usize::from(lock)] => {
                self.next[thread] -= 1;
                self.standing[thread] = Standing::WaitsFor(lock);
            }
            Op::Lock(lock) => self.locked[usize::from(lock)] = true,
            Op::Unlock(lock) => {
                self.locked[usize::from(lock)] = false;
                let waits =
                    self.standing.iter_mut().filter(|standing| **standing == Standing::WaitsFor(lock));
                waits.for_each(|standing| *standing = Standing::Wakes);
            }
            Op::Take(lock) | Op::Try(lock) => {
                self.taken[usize::from(lock)].get_or_insert(thread);
            }
            Op::Give(lock) => _ = self.taken[usize::from(lock)].take_if(|holder| *holder == thread),
            Op::Sleep(_) => self.standing[thread] = Standing::Wakes,
            Op::Load(_) | Op::Add(_) | Op::Yield => {}
        }
    }
}

/// A thread of up to `most` operations of `op`. Each lock is given back at the end.
fn thread(op: impl Strategy<Value = Op>, most: usize) -> impl Strategy<Value = Vec<Op>> {
    let ops = proptest::collection::vec(op, 1..=most);
    (ops, any::<bool>()).prop_map(|(mut ops, locks)| {
        if locks {
            ops.insert(0, Op::Lock(0));
            ops.push(Op::Unlock(0));
        }
        ops
    })
}

fn memory() -> impl Strategy<Value = Op> {
    prop_oneof![(0u8..2).prop_map(Op::Load), (0u8..2).prop_map(Op::Add)]
}

/// Programs whose threads never are reluctant.
pub(crate) fn plain_toys() -> impl Strategy<Value = Toy> {
    proptest::collection::vec(thread(memory(), 2), 2..=3)
}

/// Programs of threads that take locks of the other kind one after the other, and give them back in the end. One lock is
/// taken once: what is given back was taken.
pub(crate) fn locking_toys() -> impl Strategy<Value = Toy> {
    let thread = |most| {
        let locks = prop::sample::select(vec![vec![], vec![0u8], vec![1], vec![0, 1], vec![1, 0]]);
        let waits = (locks, if most == 1 { Just([true; 2]).boxed() } else { any::<[bool; 2]>().boxed() });
        let locks = waits.prop_map(|(locks, waits)| locks.into_iter().zip(waits).collect::<Vec<_>>());
        (locks, prop::collection::vec(memory(), 1..=most)).prop_map(|(locks, ops)| {
            let gives = locks.iter().rev().map(|&(lock, _)| Op::Give(lock));
            let takes = locks.iter().map(|&(lock, waits)| if waits { Op::Take(lock) } else { Op::Try(lock) });
            iter::once(STARTS).chain(takes).chain(ops).chain(gives).collect()
        })
    };
    prop_oneof![3 => prop::collection::vec(thread(2), 2), 1 => prop::collection::vec(thread(1), 3)]
}

/// Programs of two threads that also give way, sleep, and read the same again and again.
pub(crate) fn toys() -> impl Strategy<Value = Toy> {
    let op = || prop_oneof![3 => memory(), 1 => Just(Op::Yield), 1 => (0u8..3).prop_map(Op::Sleep)];
    let reads = (11usize..15).prop_map(|count| vec![Op::Load(0); count]);
    prop_oneof![
        3 => (thread(op(), 3), thread(op(), 3)).prop_map(|(one, other)| vec![one, other]),
        1 => (reads, thread(op(), 2)).prop_map(|(one, other)| vec![one, other]),
    ]
}
