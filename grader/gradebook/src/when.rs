//! Times as people and platforms write them.
//!
//! What has no offset is a time of some place. Which place that is, the user says, or the system's settings do; it is
//! never taken for UTC without a word.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use report::late::Moment;

use crate::attempt::Timestamp;

/// A place, by how its clocks go.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

/// What a text without an offset may look like, after its spaces are plain.
const LOCAL: [&str; 16] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
    // Moodle, in English and as Americans write it.
    "%A, %d %B %Y, %I:%M %p",
    "%A, %d %B %Y, %I:%M:%S %p",
    "%A, %d %B %Y, %H:%M",
    "%A, %B %d, %Y, %I:%M %p",
    "%d %B %Y, %I:%M %p",
    "%d %B %Y, %H:%M",
    "%d %B %Y %I:%M %p",
    "%B %d, %Y, %I:%M %p",
    "%B %d, %Y %I:%M %p",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M",
];

/// The same with an offset.
const WITH_OFFSET: [&str; 4] =
    ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M%z"];

impl Zone {
    /// That of this machine's settings.
    pub fn of_system() -> Self {
        Self(TimeZone::system())
    }

    /// The moment of what is written, and whether that depended on the place.
    ///
    /// # Errors
    /// When it is no time, or not one only.
    pub fn moment(&self, text: &str) -> Result<(Moment, bool), String> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Ok(moment) = text.parse() {
            return Ok((moment, false));
        }
        let (bare, zone) = match text.strip_suffix(" UTC").or(text.strip_suffix(" GMT")) {
            Some(bare) => (bare, &Self(TimeZone::UTC)),
            None => (text.as_str(), self),
        };
        for format in WITH_OFFSET {
            let Ok(broken) = strtime::parse(format, bare) else { continue };
            let moment = broken.to_timestamp().ok().and_then(|time| self.at(time));
            return Ok((moment.ok_or_else(|| not_understood(&text))?, false));
        }
        let local = LOCAL.iter().find_map(|format| strtime::parse(format, bare).ok()?.to_datetime().ok());
        let local: DateTime = local.ok_or_else(|| not_understood(&text))?;
        // Of two moments with one time of day, when clocks are put back, it is the first.
        let time = zone.0.to_ambiguous_timestamp(local).compatible().map_err(|error| error.to_string())?;
        let moment = zone.at(time).ok_or_else(|| not_understood(&text))?;
        Ok((moment, bare == text))
    }

    /// A moment that a machine noted, with the offset of this place then.
    pub fn of_timestamp(&self, time: Timestamp) -> Option<Moment> {
        self.at(jiff::Timestamp::from_millisecond(time.0).ok()?)
    }

    fn at(&self, time: jiff::Timestamp) -> Option<Moment> {
        let format = if self.is_utc() { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
        time.to_zoned_datetime(self.0.clone()).strftime(format).to_string().parse().ok()
    }

    /// Machines without a place have UTC.
    fn is_utc(&self) -> bool {
        self.0.iana_name().is_some_and(|name| ["UTC", "Etc/UTC", "Etc/Unknown"].contains(&name))
    }
}

fn not_understood(text: &str) -> String {
    const FORMS: &str =
        "write 2026-03-04 20:00, or with the offset 2026-03-04T20:00:00+01:00; days need a time of day";
    format!("`{text}` is no time that is understood: {FORMS}")
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let unknown =
            |_| format!("no time zone is called `{name}`: they are called like Europe/Berlin or UTC");
        TimeZone::get(name).map(Self).map_err(unknown)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unnamed = "this machine's place";
        f.write_str(if self.is_utc() { "UTC" } else { self.0.iana_name().unwrap_or(unnamed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    fn read(text: &str) -> (String, bool) {
        let (moment, is_local) = berlin().moment(text).unwrap();
        (moment.to_string(), is_local)
    }

    #[test]
    fn times_of_the_place_are_read_in_every_form() {
        for text in [
            "2026-03-04 20:00",
            "2026-03-04 20:00:00",
            "2026-03-04T20:00",
            " 2026-03-04  20:00 ",
            "Wednesday, 4 March 2026, 8:00 PM",
            "Wednesday, 4 March 2026, 8:00\u{202f}PM",
            "Wednesday, 04 March 2026, 08:00 pm",
            "Wednesday, 4 March 2026, 20:00",
            "Wednesday, March 4, 2026, 8:00 PM",
            "4 March 2026, 8:00 PM",
            "04.03.2026 20:00",
            "4.3.2026, 20:00",
        ] {
            assert_eq!(read(text), ("2026-03-04T20:00:00+01:00".to_owned(), true), "{text}");
        }
    }

    #[test]
    fn times_with_an_offset_depend_on_no_place() {
        for text in ["2026-03-04T20:00:00+01:00", "2026-03-04 20:00:00 +0100", "2026-03-04 19:00:00 UTC"] {
            let (moment, is_local) = berlin().moment(text).unwrap();
            assert_eq!(moment.unix_seconds(), 1_772_650_800, "{text}");
            assert!(!is_local, "{text}");
        }
    }

    #[test]
    fn clocks_that_are_put_back_have_their_offsets() {
        assert_eq!(read("2026-10-24 23:59").0, "2026-10-24T23:59:00+02:00");
        assert_eq!(read("2026-10-25 02:30").0, "2026-10-25T02:30:00+02:00");
        assert_eq!(read("2026-10-25 23:59").0, "2026-10-25T23:59:00+01:00");
    }

    #[test]
    fn what_could_be_two_times_is_none() {
        for text in [
            "2026-03-04",
            "3/4/2026 20:00",
            "Monday, 4 March 2026, 8:00 PM",
            "yesterday",
            "",
            "2026-02-30 20:00",
        ] {
            assert!(berlin().moment(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_machine_without_a_place_tells_none() {
        let utc: Zone = "UTC".parse().unwrap();
        assert_eq!(utc.of_timestamp(Timestamp(0)).unwrap().to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(berlin().of_timestamp(Timestamp(0)).unwrap().to_string(), "1970-01-01T01:00:00+01:00");
        assert!("Middle/Earth".parse::<Zone>().is_err());
    }
}
