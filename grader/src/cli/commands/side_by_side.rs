//! Some things are done at once, and taken in their order: much of a grading waits.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// So many gradings at once: while one waits, another one runs.
const AT_ONCE: usize = 2;

/// Does `work` with each of `items`, [`AT_ONCE`] of them at once, and gives what came of each to `take`, in their order.
///
/// # Errors
/// The first of either, in that order; then nothing more is begun.
pub(super) fn in_order<I: Send, T: Send, E: Send>(
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> Result<T, E> + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (items, is_over) = (Mutex::new(items.enumerate()), AtomicBool::new(false));
    let next = || {
        let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = || !is_over.load(Ordering::Relaxed);
        // The next one may have to be waited for.
        if goes_on() { items.next().filter(|_| goes_on()) } else { None }
    };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for sender in std::iter::repeat_n(sender, AT_ONCE) {
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                while let Some((index, item)) = next() {
                    if sender.send((index, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        let mut waiting = BTreeMap::new();
        let mut taken = 0;
        for (index, done) in &receiver {
            is_over.fetch_or(done.is_err(), Ordering::Relaxed);
            waiting.insert(index, done);
            while let Some(done) = waiting.remove(&taken) {
                let end = |_: &E| is_over.store(true, Ordering::Relaxed);
                done.and_then(&mut take).inspect_err(end)?;
                taken += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(
        count: usize,
        work: impl Fn(usize) -> Result<usize, usize> + Sync,
    ) -> (Vec<usize>, Result<(), usize>) {
        let mut taken = Vec::new();
        let ended = in_order(0..count, work, |number| {
            taken.push(number);
            Ok(())
        });
        (taken, ended)
    }

    #[test]
    fn what_is_done_is_taken_in_order() {
        assert_eq!(done(50, Ok), ((0..50).collect(), Ok(())));
        assert_eq!(done(0, Ok), (Vec::new(), Ok(())));
    }

    #[test]
    fn nothing_is_begun_after_an_error_and_what_came_before_is_taken() {
        let (taken, ended) = done(1000, |number| if number < 7 { Ok(number) } else { Err(number) });
        assert_eq!(taken, (0..7).collect::<Vec<_>>());
        assert_eq!(ended, Err(7));
    }
}
