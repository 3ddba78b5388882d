//! What is at work now, and for how long: for the line that a person looks at while nothing comes to an end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is at work, the longest first.
#[derive(Default)]
pub struct Running {
    tasks: Mutex<Vec<(u64, String, Instant)>>,
}

/// Something that is at work until it is dropped.
pub struct AtWork<'a> {
    running: &'a Running,
    number: u64,
}

impl Running {
    /// Something begins that people know as `name`.
    pub fn begin(&self, name: String) -> AtWork<'_> {
        let mut tasks = self.tasks();
        let number = tasks.last().map_or(0, |(number, ..)| number + 1);
        tasks.push((number, name, Instant::now()));
        AtWork { running: self, number }
    }

    /// A line about it.
    pub fn line(&self) -> String {
        let now = Instant::now();
        let tasks = self.tasks();
        let tasks: Vec<(&str, Duration)> =
            tasks.iter().map(|(_, name, since)| (name.as_str(), now.duration_since(*since))).collect();
        line(&tasks)
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<(u64, String, Instant)>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.running.tasks().retain(|(number, ..)| *number != self.number);
    }
}

fn line(tasks: &[(&str, Duration)]) -> String {
    let one = |(name, time): &(&str, Duration)| match time.as_secs() {
        0 => (*name).to_owned(),
        seconds @ ..60 => format!("{name} {seconds} s"),
        seconds => format!("{name} {} min {} s", seconds / 60, seconds % 60),
    };
    tasks.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_at_work_and_for_how_long() {
        let tasks = [("turing even-odd", Duration::from_secs(75)), ("bob primes", Duration::from_secs(3))];
        assert_eq!(line(&tasks), "turing even-odd 1 min 15 s, bob primes 3 s");
        assert_eq!(line(&[("eve primes", Duration::from_millis(900))]), "eve primes");
    }

    #[test]
    fn what_has_ended_is_no_longer_there() {
        let running = Running::default();
        let one = running.begin("one".into());
        let two = running.begin("two".into());
        assert_eq!(running.line(), "one, two");
        drop(one);
        assert_eq!(running.line(), "two");
        let three = running.begin("three".into());
        assert_eq!(running.line(), "two, three");
        drop((two, three));
        assert_eq!(running.line(), "");
    }
}
