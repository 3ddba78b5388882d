//! Which value a load returns, where memory orders allow more than the newest one.

use super::Mechanism;
use crate::MOST_AGE;
use crate::protocol::{Finish, Staleness};

/// One in so many loads returns an old value, where that is seldom.
const SELDOM: u32 = 6;

impl Mechanism<'_> {
    /// The current thread loads one of so many values, the newest first. Gives back how many stores are newer than the one
    /// that it is to return; where there are any, that is a step of the schedule.
    ///
    /// # Errors
    /// When the replayed schedule has one that is not there.
    pub fn choose_age(&mut self, values: u32) -> Result<u8, Finish> {
        let oldest = values.saturating_sub(1).min(MOST_AGE.into());
        while let Some(age) = self.replayed.peek_age() {
            if u32::from(age) <= oldest {
                self.replayed.take();
                self.steps += 1;
                return Ok(age);
            }
            if !self.request.lenient {
                return Err(Finish::Divergence);
            }
            self.replayed.take();
        }
        let age = if self.replayed.is_over() { self.drawn_age(oldest) } else { 0 };
        self.steps += u32::from(age > 0);
        Ok(age as u8)
    }

    /// However seldom it is the newest, it is at times: who waits for a value sees it.
    fn drawn_age(&mut self, oldest: u32) -> u32 {
        if oldest == 0 {
            return 0;
        }
        match self.request.staleness {
            Staleness::Never => 0,
            Staleness::Evenly => self.random.below(oldest + 1),
            Staleness::Oldest if self.random.one_in(2) => oldest,
            Staleness::Seldom if self.random.one_in(SELDOM) => 1 + self.random.below(oldest),
            Staleness::Oldest | Staleness::Seldom => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Request;
    use crate::search::{follow, replay};
    use crate::{Schedule, ThreadId, ThreadSet};

    fn ages(request: Request, steps: &[ThreadId], values: &[u32]) -> Result<Vec<u8>, Finish> {
        let mut mechanism = Mechanism::new(request, steps);
        values.iter().map(|&values| mechanism.choose_age(values)).collect()
    }

    fn steps(text: &str) -> Vec<ThreadId> {
        text.parse::<Schedule>().unwrap().steps
    }

    #[test]
    fn a_replay_returns_what_its_schedule_says() {
        assert_eq!(ages(replay(), &steps("~2 T0"), &[3, 3]), Ok(vec![2, 0]));
        assert_eq!(ages(replay(), &steps("~2"), &[2]), Err(Finish::Divergence));
        assert_eq!(ages(follow(), &steps("~2 ~1"), &[2, 2]), Ok(vec![1, 0]));
    }

    #[test]
    fn what_is_drawn_is_there_and_each_value_comes() {
        for staleness in [Staleness::Evenly, Staleness::Oldest, Staleness::Seldom] {
            let request = Request { staleness, ..Request::NONE };
            let drawn = ages(request, &[], &[3; 100]).unwrap();
            assert!(drawn.contains(&0) && drawn.contains(&2) && drawn.iter().all(|&age| age < 3));
            assert_eq!(ages(request, &[], &[1; 9]), Ok(vec![0; 9]));
        }
        assert_eq!(ages(Request::NONE, &[], &[3; 9]), Ok(vec![0; 9]));
    }

    #[test]
    fn an_old_value_is_nobody_who_could_be_woken() {
        let waiters = ThreadSet(0b11);
        let woken = |request, text: &str| {
            let steps = steps(text);
            let mut mechanism = Mechanism::new(request, &steps);
            mechanism.spawn().unwrap();
            mechanism.choose_woken(waiters).map(|choice| choice.thread)
        };
        assert_eq!(woken(replay(), "~1"), Err(Finish::Divergence));
        assert_eq!(woken(replay(), "~2"), Err(Finish::Divergence));
        assert_eq!(woken(follow(), "~1 T1"), Ok(1));
    }

    #[test]
    fn an_old_value_is_a_step_and_a_new_one_is_none() {
        let steps = [crate::stale(1)];
        let mut mechanism = Mechanism::new(replay(), &steps);
        assert_eq!((mechanism.choose_age(2), mechanism.steps()), (Ok(1), 1));
        assert_eq!((mechanism.choose_age(2), mechanism.steps()), (Ok(0), 1));
    }
}
