//! When submissions were handed in, where the course knows it better than the files do.
//!
//! A file's time changes when it is copied or cloned; the course's platform knows when it came.

use std::collections::BTreeMap;
use std::path::Path;

use report::late::Moment;

use crate::error::Error;
use crate::name;
use crate::platform;
use crate::sheet::{self, Column, Sheet};
use crate::when::Zone;

/// When each submission came, by its name.
#[derive(Clone, Debug, Default)]
pub struct Times {
    of: BTreeMap<String, (Moment, u64)>,
    /// What a person should know about how they were read.
    pub notes: Vec<String>,
}

/// The columns, with what Moodle calls them.
const COLUMNS: [Column; 2] = [
    Column { name: "folder", also: &["submission", "fullname", "student"] },
    Column { name: "submitted_at", also: &["handedin", "lastmodifiedsubmission", "submitted", "time"] },
];

/// Reads the times: CSV with the columns `folder` and `submitted_at`. A time without an offset is one of `zone`.
///
/// # Errors
/// When the file cannot be read, a time is none, or a folder is named twice.
pub fn read(path: &Path, zone: &Zone) -> Result<Times, Error> {
    let mut sheet = sheet::read(path, &COLUMNS)?;
    let notes = std::mem::take(&mut sheet.notes);
    let mut times = times(&sheet, zone).map_err(|reason| Error::content(path, reason))?;
    times.notes.splice(0..0, notes);
    Ok(times)
}

fn times(sheet: &Sheet, zone: &Zone) -> Result<Times, String> {
    if let Some(column) = COLUMNS.iter().find(|column| !sheet.has(column.name)) {
        return Err(format!("its header has no column `{}`", column.name));
    }
    let mut times = Times::default();
    let mut of_place = 0;
    for row in &sheet.rows {
        let line = row.line;
        let folder = platform::student_of(sheet.cell(row, "folder"));
        if folder.is_empty() {
            return Err(format!("line {line}: it names no folder"));
        }
        let text = sheet.cell(row, "submitted_at");
        // Moodle's word for nothing.
        if ["", "-"].contains(&text) {
            times.notes.push(format!("line {line}: no time for `{folder}`"));
            continue;
        }
        let (moment, is_of_place) =
            zone.moment(text).map_err(|reason| format!("line {line}: {folder}: {reason}"))?;
        of_place += usize::from(is_of_place);
        if let Some((_, first)) = times.of.insert(folder.clone(), (moment, line)) {
            return Err(format!("line {line}: the folder `{folder}` is named twice, in line {first} before"));
        }
    }
    if of_place > 0 {
        times.notes.push(format!(
            "{of_place} times without an offset are taken as those of {zone} (--time-zone ZONE)"
        ));
    }
    Ok(times)
}

impl Times {
    /// When the submission of `student` came.
    pub fn of(&self, student: &str) -> Option<Moment> {
        self.of.get(student).map(|(moment, _)| *moment)
    }

    /// Whose names are those of none of `students`, and for whom of them there is no time.
    pub fn differences(&self, students: &[&str]) -> Vec<String> {
        let of_nobody = self.of.iter().filter(|(name, _)| !students.contains(&name.as_str()));
        let of_nobody = of_nobody.map(|(name, (_, line))| {
            let others = students.iter().copied().filter(|student| !self.of.contains_key(*student));
            let hint = name::nearest(name, others);
            let hint =
                hint.map_or_else(String::new, |near| format!("; is it `{near}`, for whom there is no time?"));
            format!("line {line}: no submission is called {name}{hint}")
        });
        let without = students.iter().filter(|student| !self.of.contains_key(**student));
        let without =
            without.map(|student| format!("no time for `{student}`: that of its newest file is taken"));
        of_nobody.chain(without).collect()
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Times {
    fn from(times: [(&str, &str); N]) -> Self {
        let of = |(student, time): (&str, &str)| (student.to_owned(), (time.parse().unwrap(), 0));
        Self { of: times.into_iter().map(of).collect(), notes: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Times, String> {
        times(&sheet::parse(text.as_bytes(), &COLUMNS)?, &"Europe/Berlin".parse().unwrap())
    }

    #[test]
    fn times_are_read_with_their_offset() {
        let times =
            parse("folder,submitted_at\nada,1970-01-01T01:00:10+01:00\nbob,1970-01-01T00:00:00Z\n").unwrap();
        let seconds = |student| times.of(student).unwrap().unix_seconds();
        assert_eq!((seconds("ada"), seconds("bob")), (10, 0));
        assert!(times.notes.is_empty());
    }

    #[test]
    fn what_moodle_writes_is_read_and_the_place_is_said() {
        let text = "Full name,Last modified (submission)\n\
                    Ada Lovelace,\"Wednesday, 4 March 2026, 8:00 PM\"\nBob,-\n";
        let times = parse(text).unwrap();
        assert_eq!(times.of("Ada Lovelace").unwrap().to_string(), "2026-03-04T20:00:00+01:00");
        assert_eq!(
            times.notes,
            [
                "line 3: no time for `Bob`",
                "1 times without an offset are taken as those of Europe/Berlin (--time-zone ZONE)",
            ]
        );
    }

    #[test]
    fn what_is_no_time_says_whose_it_is() {
        let reason = |text: &str| parse(text).unwrap_err();
        assert!(reason("folder,submitted_at\nada,yesterday\n").starts_with("line 2: ada: "));
        let twice = "folder,submitted_at\nada,1970-01-01T00:00:00Z\nada,1970-01-01T00:00:00Z\n";
        assert_eq!(reason(twice), "line 3: the folder `ada` is named twice, in line 2 before");
        assert_eq!(reason("folder\nada\n"), "its header has no column `submitted_at`");
    }

    #[test]
    fn names_of_nobody_and_those_without_a_time_are_said() {
        let times = parse("folder,submitted_at\nanne,1970-01-01T00:00:00Z\n").unwrap();
        assert_eq!(
            times.differences(&["anna", "bob"]),
            [
                "line 2: no submission is called anne; is it `anna`, for whom there is no time?",
                "no time for `anna`: that of its newest file is taken",
                "no time for `bob`: that of its newest file is taken",
            ]
        );
    }
}
