//! A few threads that share a list of tasks. A task that panics spoils only itself.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// What a task left: its result, or the words of its panic.
pub(crate) type Done<R> = Result<R, String>;

/// How long nothing may happen before `receive` hears of that.
const TICK: Duration = Duration::from_secs(1);

/// Does `work` on each of `items` in `jobs` threads, and hands each result to `receive`, here, as
/// it comes; `None` when there was none for a [`TICK`]. A thread begins its next task when its result was taken. After an error of `receive`, or
/// once `stop` says so, no further task is begun.
pub(crate) fn for_each<T: Sync, R: Send, E>(
    items: &[T],
    jobs: usize,
    stop: impl Fn() -> bool + Sync,
    work: impl Fn(&T) -> R + Sync,
    mut receive: impl FnMut(Option<(&T, Done<R>)>) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(0);
    thread::scope(|scope| {
        for sender in std::iter::repeat_n(sender, jobs.clamp(1, items.len().max(1))) {
            let (next, work, stop) = (&next, &work, &stop);
            scope.spawn(move || {
                while !stop() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let done = panic::catch_unwind(AssertUnwindSafe(|| work(item)));
                    if sender.send((index, done.map_err(|panic| words(panic.as_ref())))).is_err() {
                        return;
                    }
                }
            });
        }
        // Its end, at the end of this, is the end of threads that wait for their results to be taken.
        let receiver = receiver;
        loop {
            let event = match receiver.recv_timeout(TICK) {
                Ok((index, done)) => Some((&items[index], done)),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            receive(event).inspect_err(|_| next.store(items.len(), Ordering::Relaxed))?;
        }
    })
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without words").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn results<R: Send>(items: &[u32], work: impl Fn(&u32) -> R + Sync) -> Vec<(u32, Done<R>)> {
        let mut results = Vec::new();
        let receive = |event: Option<(&u32, Done<R>)>| {
            results.extend(event.map(|(item, done)| (*item, done)));
            Ok::<(), ()>(())
        };
        for_each(items, 2, || false, work, receive).unwrap();
        results.sort_by_key(|(item, _)| *item);
        results
    }

    #[test]
    fn a_task_that_panics_spoils_no_other() {
        let work = |item: &u32| if *item == 1 { panic!("number {item}") } else { *item * 10 };
        assert_eq!(results(&[0, 1, 2], work), [(0, Ok(0)), (1, Err("number 1".to_owned())), (2, Ok(20))]);
    }

    #[test]
    fn tasks_run_at_the_same_time() {
        let both = Barrier::new(2);
        assert_eq!(results(&[0, 1], |_| _ = both.wait()), [(0, Ok(())), (1, Ok(()))]);
    }

    #[test]
    fn after_an_error_nothing_more_is_begun() {
        let begun = AtomicUsize::new(0);
        let work = |_: &u32| begun.fetch_add(1, Ordering::Relaxed);
        let result = for_each(&[1; 1000], 1, || false, work, |_| Err("the disk is full"));
        assert_eq!(result, Err("the disk is full"));
        assert!(begun.into_inner() <= 2);
    }

    #[test]
    fn nothing_is_begun_once_it_is_stopped() {
        let received = for_each(&[1, 2], 2, || true, |_| (), |_| Err("a result"));
        assert_eq!(received, Ok(()));
    }
}
