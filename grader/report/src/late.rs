//! What handing in late costs: a pure function of when it was due and when it came.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::value::{Datetime, Offset};

/// A moment, the same everywhere: date, time and offset as in RFC 3339, `2026-03-01T23:59:00+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    written: Datetime,
    /// Seconds since 1970-01-01T00:00:00Z; leap seconds are not counted.
    seconds: i64,
}

const NEEDED: &str = "a moment has date, time and offset, as 2026-03-01T23:59:00+01:00";

/// What the course takes off: `[late]` in `rubric.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateRule {
    /// When the exercise is due, where the rubric says so.
    pub due: Option<Moment>,
    /// Percent of the points reached, for each day that has begun: a day of the clock on the wall.
    pub per_day: f64,
    /// The most percent that are taken off.
    #[serde(default = "everything")]
    pub at_most: f64,
}

/// What was taken off one exercise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// When it was due.
    pub due: String,
    /// When it came.
    pub handed_in: String,
    /// Days late that had begun.
    pub days: u32,
    /// Percent taken off the points reached.
    pub percent: f64,
    /// The points reached, before anything was taken off.
    pub score_in_time: f64,
}

fn everything() -> f64 {
    100.0
}

impl LateRule {
    /// Whether its numbers mean something.
    pub fn is_sound(&self) -> bool {
        [self.per_day, self.at_most].iter().all(|percent| (0.0..=100.0).contains(percent))
    }

    /// What is taken off `score` for what was due at `due` and handed in at `handed_in`; `None` in time.
    ///
    /// A day is one of the clock on the wall, from a time of day to the same time of the next day: where clocks were
    /// put back meanwhile, the hour more is nobody's fault.
    pub fn apply(&self, due: Moment, handed_in: Moment, score: f64) -> Option<Late> {
        const DAY: i64 = 24 * 60 * 60;
        let seconds = handed_in.seconds.saturating_sub(due.seconds);
        if seconds <= 0 {
            return None;
        }
        let on_the_wall = (seconds - due.put_back_until(handed_in)).max(1);
        let days = u32::try_from(on_the_wall.saturating_add(DAY - 1) / DAY).unwrap_or(u32::MAX);
        let percent = (self.per_day * f64::from(days)).min(self.at_most);
        Some(Late {
            due: due.to_string(),
            handed_in: handed_in.to_string(),
            days,
            percent,
            score_in_time: score,
        })
    }
}

impl Late {
    /// What is left of `score`, to a hundredth of a point.
    pub fn left_of(&self, score: f64) -> f64 {
        ((score * (100.0 - self.percent)).round() / 100.0).max(0.0)
    }

    /// The points that were lost.
    pub fn lost(&self) -> f64 {
        ((self.score_in_time - self.left_of(self.score_in_time)) * 100.0).round() / 100.0
    }
}

impl Moment {
    /// Seconds since 1970-01-01T00:00:00Z; leap seconds are not counted.
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Seconds by which the clocks of the place may have been put back from here to `later`. Offsets that differ by
    /// an hour tell it. UTC beside an offset tells no place: then it is an hour, in favour of who hands in.
    fn put_back_until(self, later: Self) -> i64 {
        const HOUR: i16 = 60;
        let minutes = match (self.written.offset, later.written.offset) {
            (Some(Offset::Custom { minutes: before }), Some(Offset::Custom { minutes: after })) => {
                let back = before.saturating_sub(after);
                if (0..=HOUR).contains(&back) { back } else { 0 }
            }
            (Some(Offset::Z), Some(Offset::Z)) => 0,
            _ => HOUR,
        };
        i64::from(minutes) * 60
    }
}

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = if self.days == 1 { "day" } else { "days" };
        let (lost, percent) = (self.lost(), self.percent);
        write!(f, "{} {days} late: {lost} points ({percent} %) taken off", self.days)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

impl TryFrom<Datetime> for Moment {
    type Error = &'static str;

    fn try_from(written: Datetime) -> Result<Self, Self::Error> {
        let Datetime { date: Some(date), time: Some(time), offset: Some(offset) } = written else {
            return Err(NEEDED);
        };
        let minutes = match offset {
            Offset::Z => 0,
            Offset::Custom { minutes } => i64::from(minutes),
        };
        let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day));
        let of_day = (i64::from(time.hour) * 60 + i64::from(time.minute) - minutes) * 60;
        let seconds = days * 86_400 + of_day + i64::from(time.second.unwrap_or(0));
        Ok(Self { written, seconds })
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let written: Datetime = text.parse().map_err(|_| NEEDED.to_owned())?;
        Self::try_from(written).map_err(str::to_owned)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Datetime::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Days of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `days_from_civil`): years begin in March, so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn late(due: &str, handed_in: &str) -> Option<Late> {
        let rule = LateRule { due: None, per_day: 10.0, at_most: 50.0 };
        rule.apply(moment(due), moment(handed_in), 8.1)
    }

    #[test]
    fn dates_are_days_of_one_count() {
        assert_eq!(moment("1970-01-01T00:00:00Z").seconds, 0);
        assert_eq!(moment("2000-02-29T12:00:00Z").seconds, 951_825_600);
        assert_eq!(moment("2026-03-01T00:30:00+01:00").seconds, moment("2026-02-28T23:30:00Z").seconds);
    }

    #[test]
    fn what_comes_in_time_loses_nothing() {
        assert_eq!(late("2026-03-01T23:59:00+01:00", "2026-03-01T22:59:00Z"), None);
    }

    #[test]
    fn each_day_that_has_begun_costs_up_to_a_limit() {
        let after = |handed_in| late("2026-03-01T12:00:00Z", handed_in).map(|late| (late.days, late.percent));
        assert_eq!(after("2026-03-01T12:00:01Z"), Some((1, 10.0)));
        assert_eq!(after("2026-03-02T12:00:00Z"), Some((1, 10.0)));
        assert_eq!(after("2026-03-02T12:00:01Z"), Some((2, 20.0)));
        assert_eq!(after("2027-03-02T12:00:00Z"), Some((366, 50.0)));
    }

    #[test]
    fn a_day_in_which_clocks_are_put_back_is_one_day() {
        let days = |due, handed_in| late(due, handed_in).map(|late| late.days);
        let due = "2026-10-24T23:59:00+02:00";
        assert_eq!(days(due, "2026-10-25T23:59:00+01:00"), Some(1));
        assert_eq!(days(due, "2026-10-25T23:59:01+01:00"), Some(2));
        // A file's time is in UTC: nobody knows what the clocks there said.
        assert_eq!(days(due, "2026-10-25T22:59:00Z"), Some(1));
        // In spring a day has 23 hours: what is less than 24 is one day anyway.
        assert_eq!(days("2026-03-28T23:59:00+01:00", "2026-03-29T23:59:00+02:00"), Some(1));
        assert_eq!(days("2026-03-28T23:59:00+01:00", "2026-03-30T00:59:01+02:00"), Some(2));
        // Places further apart than clocks are ever put back.
        assert_eq!(days("2026-03-01T12:00:00+05:00", "2026-03-02T07:00:01-00:00"), Some(2));
        assert_eq!(days("2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00+01:00"), Some(1));
    }

    #[test]
    fn points_are_rounded_to_hundredths() {
        let late = late("2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z").unwrap();
        assert_eq!((late.left_of(8.1), late.lost()), (6.48, 1.62));
    }

    #[test]
    fn a_time_that_depends_on_the_place_is_refused() {
        assert!("2026-03-01T12:00:00".parse::<Moment>().unwrap_err().contains("offset"));
        assert!("tomorrow".parse::<Moment>().unwrap_err().contains("offset"));
    }
}
