//! Work that several threads share, and results that are taken in the order of the work.
//!
//! Whether a task is begun is decided when all results but those of a fixed number of tasks before it are taken. So what is
//! done depends neither on the number of threads nor on how fast they are.

use std::collections::BTreeMap;
use std::iter;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What is to be done, and what becomes of it.
pub(super) trait Plan {
    /// One thing to do.
    type Task: Send;
    /// What came of it.
    type Done: Send;
    /// Why nothing more can be done.
    type Error;

    /// The task with this number, if it is to be done.
    fn task(&mut self, number: usize) -> Option<Self::Task>;

    /// Takes what came of it, or that it was not to be done; gives back whether to go on.
    ///
    /// # Errors
    /// Ends everything.
    fn take(&mut self, number: usize, done: Option<Self::Done>) -> Result<bool, Self::Error>;
}

/// How the work is shared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared {
    /// So many threads work.
    pub(super) threads: usize,
    /// A task is decided about when all but the last so many before it were taken; 1 is one after another.
    pub(super) ahead: usize,
}

/// Does tasks 0 to `count` with `work`, as `plan` says. Nothing that was begun is going on when this returns.
///
/// # Errors
/// The first of `plan`.
pub(super) fn in_order<P: Plan>(
    plan: &mut P,
    count: usize,
    shared: Shared,
    work: impl Fn(P::Task) -> P::Done + Sync,
) -> Result<(), P::Error> {
    let (tasks, wanted) = mpsc::channel::<(usize, P::Task)>();
    let (sender, done) = mpsc::channel();
    let wanted = Mutex::new(wanted);
    let next = || wanted.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    thread::scope(|scope| {
        for sender in iter::repeat_n(sender, shared.threads.clamp(1, shared.ahead)) {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                while let Some((number, task)) = next() {
                    let done = panic::catch_unwind(AssertUnwindSafe(|| work(task)));
                    if sender.send((number, done)).is_err() {
                        return;
                    }
                }
            });
        }
        let result = direct(plan, count, shared.ahead, tasks, &done);
        // Nobody begins what was not begun.
        while next().is_some() {}
        result
    })
}

/// Hands out tasks and takes what comes of them, until all are taken or the plan is over.
fn direct<P: Plan>(
    plan: &mut P,
    count: usize,
    ahead: usize,
    tasks: mpsc::Sender<(usize, P::Task)>,
    done: &mpsc::Receiver<(usize, thread::Result<P::Done>)>,
) -> Result<(), P::Error> {
    // What came of those that are begun and not taken, as far as it is known; tasks that are not to be done stand for
    // themselves.
    let mut known: BTreeMap<usize, Option<P::Done>> = BTreeMap::new();
    let mut begun = 0;
    for number in 0..count {
        while begun < count.min(number + ahead) {
            match plan.task(begun) {
                Some(task) => _ = tasks.send((begun, task)),
                None => _ = known.insert(begun, None),
            }
            begun += 1;
        }
        while !known.contains_key(&number) {
            // Threads are there as long as there are tasks.
            let Ok((number, done)) = done.recv() else { return Ok(()) };
            known.insert(number, Some(done.unwrap_or_else(|panic| panic::resume_unwind(panic))));
        }
        if !plan.take(number, known.remove(&number).flatten())? {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use proptest::prelude::*;

    use super::*;

    /// Does the tasks that its rule allows, by the sum of what was taken.
    #[derive(Default)]
    struct Sums {
        taken: Vec<Option<u64>>,
        /// How many were taken when each task was decided about.
        seen: Vec<usize>,
        last: Option<usize>,
        error: Option<usize>,
    }

    impl Plan for Sums {
        type Task = u64;
        type Done = u64;
        type Error = usize;

        fn task(&mut self, number: usize) -> Option<u64> {
            self.seen.push(self.taken.len());
            let sum: u64 = self.taken.iter().flatten().sum();
            ((sum + number as u64) % 3 != 1).then_some(number as u64)
        }

        fn take(&mut self, number: usize, done: Option<u64>) -> Result<bool, usize> {
            self.taken.push(done);
            if self.error == Some(number) { Err(number) } else { Ok(self.last != Some(number)) }
        }
    }

    fn twice(task: u64) -> u64 {
        2 * task
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_done_depends_on_no_number_of_threads(count in 0..40_usize, ahead in 1..9_usize) {
            let of = |threads| {
                let mut sums = Sums::default();
                in_order(&mut sums, count, Shared { threads, ahead }, twice).unwrap();
                (sums.taken, sums.seen)
            };
            let alone = of(1);
            prop_assert_eq!(alone.0.len(), count);
            for (number, seen) in alone.1.iter().enumerate() {
                prop_assert_eq!(*seen, (number + 1).saturating_sub(ahead));
            }
            prop_assert_eq!(of(3), alone);
        }
    }

    #[test]
    fn nothing_is_taken_after_the_last() {
        let mut sums = Sums { last: Some(4), ..Sums::default() };
        in_order(&mut sums, 40, Shared { threads: 2, ahead: 4 }, twice).unwrap();
        assert_eq!(sums.taken.len(), 5);
        let mut sums = Sums { error: Some(2), ..Sums::default() };
        assert_eq!(in_order(&mut sums, 40, Shared { threads: 2, ahead: 4 }, twice), Err(2));
    }

    #[test]
    fn tasks_are_done_at_once() {
        struct All;
        impl Plan for All {
            type Task = ();
            type Done = ();
            type Error = ();

            fn task(&mut self, _: usize) -> Option<()> {
                Some(())
            }

            fn take(&mut self, _: usize, _: Option<()>) -> Result<bool, ()> {
                Ok(true)
            }
        }
        let both = Barrier::new(2);
        in_order(&mut All, 4, Shared { threads: 2, ahead: 2 }, |()| _ = both.wait()).unwrap();
    }
}
