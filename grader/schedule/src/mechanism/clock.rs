//! Virtual time: one clock for the whole run, which moves when it is read, and jumps when nobody can go on.

/// The date on which every run begins: 2036-01-01 00:00:00 UTC, in nanoseconds since 1970. It lies behind the date of
/// any file that a program can see, and before the end of a 32-bit `time_t`.
pub const EPOCH: u64 = 2_082_758_400_000_000_000;

/// What one reading of the clock takes, in nanoseconds.
const READING: u64 = 1_000;

/// For how long, over a whole run, threads that could go on may be held up while time passes, in nanoseconds: that is
/// how busy a machine can be. A program that trusts in more than these seconds is never let down.
pub const MOST_HELD_UP: u64 = 5_000_000_000;

/// The clock of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: u64,
    /// What is left of [`MOST_HELD_UP`].
    slack: u64,
}

impl Clock {
    /// The clock at the start of a run.
    pub const fn new() -> Self {
        Self { now: EPOCH, slack: MOST_HELD_UP }
    }

    /// The time, in nanoseconds since 1970.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Reads the clock, which takes a moment.
    pub fn read(&mut self) -> u64 {
        self.now = self.now.saturating_add(READING);
        self.now
    }

    /// Whether `deadline` is over.
    pub fn is_over(&self, deadline: u64) -> bool {
        deadline <= self.now
    }

    /// Whether threads that can go on since `since` may be held up until `deadline`.
    pub fn may_hold_up(&self, since: u64, deadline: u64) -> bool {
        deadline.saturating_sub(since.max(self.now)) <= self.slack
    }

    /// Moves on to `deadline`; from `since` on it holds up threads that could go on.
    pub fn pass(&mut self, since: u64, deadline: u64) {
        self.slack = self.slack.saturating_sub(deadline.saturating_sub(since.max(self.now)));
        self.now = self.now.max(deadline);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back_nor_over() {
        let mut clock = Clock::new();
        clock.pass(clock.now(), u64::MAX - 1);
        clock.pass(clock.now(), EPOCH);
        assert_eq!(clock.now(), u64::MAX - 1);
        assert_eq!((clock.read(), clock.read()), (u64::MAX, u64::MAX));
    }

    #[test]
    fn all_hold_ups_together_are_bounded() {
        let mut clock = Clock::new();
        let second = 1_000_000_000;
        for _ in 0..5 {
            let deadline = clock.now() + second;
            assert!(clock.may_hold_up(clock.now(), deadline));
            clock.pass(clock.now(), deadline);
        }
        assert!(!clock.may_hold_up(clock.now(), clock.now() + second));
    }

    #[test]
    fn what_passes_while_nobody_can_go_on_holds_nobody_up() {
        let mut clock = Clock::new();
        let hour = EPOCH + 3_600_000_000_000;
        assert!(!clock.may_hold_up(EPOCH, hour));
        assert!(clock.may_hold_up(hour, hour));
        clock.pass(hour, hour);
        assert!(clock.may_hold_up(hour, hour + MOST_HELD_UP));
    }
}
