//! Some things are done at once, and taken in their order: much of a grading waits.

use std::collections::BTreeMap;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// So many gradings at once: while one waits, another one runs.
pub(super) const AT_ONCE: usize = 2;

/// Tasks that are begun one after the other, some at once.
pub(super) struct Queue<'a, I> {
    /// Each with its number in the order of all queues together.
    pub(super) tasks: Box<dyn Iterator<Item = (usize, I)> + Send + 'a>,
    /// So many.
    pub(super) at_once: usize,
}

/// Does `work` with each task of these queues, side by side, and gives what came of each to `take`, in the order of their
/// numbers, which are all from 0 on.
///
/// # Errors
/// The first of either, in that order; once there is one, nothing more is begun.
pub(super) fn in_order<I: Send, T: Send, E: Send>(
    queues: Vec<Queue<'_, I>>,
    work: impl Fn(I) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let is_over = AtomicBool::new(false);
    let queues: Vec<_> = queues.into_iter().map(|queue| (Mutex::new(queue.tasks), queue.at_once)).collect();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let places = queues.iter().flat_map(|(tasks, at_once)| iter::repeat_n(tasks, *at_once));
        for (tasks, sender) in places.zip(iter::repeat(sender)) {
            let (is_over, work) = (&is_over, &work);
            scope.spawn(move || {
                while let Some((number, task)) = next(tasks, is_over) {
                    if sender.send((number, work(task))).is_err() {
                        return;
                    }
                }
            });
        }
        let mut waiting = BTreeMap::new();
        let mut taken = 0;
        for (number, done) in &receiver {
            is_over.fetch_or(done.is_err(), Ordering::Relaxed);
            waiting.insert(number, done);
            while let Some(done) = waiting.remove(&taken) {
                let end = |_: &E| is_over.store(true, Ordering::Relaxed);
                done.and_then(&mut take).inspect_err(end)?;
                taken += 1;
            }
        }
        // Behind what was not begun for an error there is that error.
        waiting.into_values().try_for_each(|done| done.map(drop))
    })
}

/// The next task, which may have to be waited for.
fn next<I>(tasks: &Mutex<impl Iterator<Item = I>>, is_over: &AtomicBool) -> Option<I> {
    let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
    let goes_on = || !is_over.load(Ordering::Relaxed);
    if goes_on() { tasks.next().filter(|_| goes_on()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(
        queues: Vec<Queue<'_, usize>>,
        work: impl Fn(usize) -> Result<usize, usize> + Sync,
    ) -> (Vec<usize>, Result<(), usize>) {
        let mut taken = Vec::new();
        let ended = in_order(queues, work, |number| {
            taken.push(number);
            Ok(())
        });
        (taken, ended)
    }

    /// Those of which the number has this remainder by three.
    fn every_third(count: usize, remainders: &'static [usize], at_once: usize) -> Queue<'static, usize> {
        let tasks = (0..count).filter(|number| remainders.contains(&(number % 3)));
        Queue { tasks: Box::new(tasks.map(|number| (number, number))), at_once }
    }

    fn queues(count: usize) -> Vec<Queue<'static, usize>> {
        vec![every_third(count, &[0, 2], 2), every_third(count, &[1], 1)]
    }

    #[test]
    fn what_is_done_is_taken_in_order() {
        assert_eq!(done(queues(50), Ok), ((0..50).collect(), Ok(())));
        assert_eq!(done(queues(0), Ok), (Vec::new(), Ok(())));
        assert_eq!(done(Vec::new(), Ok), (Vec::new(), Ok(())));
    }

    #[test]
    fn nothing_is_begun_after_an_error_and_what_came_before_is_taken() {
        let one = vec![every_third(1000, &[0, 1, 2], 2)];
        let (taken, ended) = done(one, |number| if number < 7 { Ok(number) } else { Err(number) });
        assert_eq!(taken, (0..7).collect::<Vec<_>>());
        assert_eq!(ended, Err(7));
    }

    #[test]
    fn an_error_is_not_lost_behind_what_was_not_begun_for_it() {
        for _ in 0..100 {
            let (taken, ended) =
                done(queues(1000), |number| if number % 3 == 1 { Ok(number) } else { Err(number) });
            assert!(taken.is_empty() && [Err(0), Err(2)].contains(&ended), "{taken:?} {ended:?}");
        }
    }
}
