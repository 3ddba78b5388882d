//! When submissions were handed in, where the course knows it better than the files do.
//!
//! A file's time changes when it is copied or cloned; the course's platform knows when it came.

use std::collections::BTreeMap;
use std::path::Path;

use grader::late::Moment;
use serde::Deserialize;

use crate::attempt::Timestamp;
use crate::error::Error;

/// When each submission came, by its name.
pub type Times = BTreeMap<String, Timestamp>;

#[derive(Deserialize)]
struct Row {
    folder: String,
    submitted_at: String,
}

/// Reads the times: CSV with the columns `folder` and `submitted_at`, the latter as in RFC 3339.
///
/// # Errors
/// When the file cannot be read, a time is none, or a folder is named twice.
pub fn read(path: &Path) -> Result<Times, Error> {
    let text = std::fs::read(path).map_err(grader::error::Error::file(path))?;
    parse(&text).map_err(|reason| Error::content(path, reason))
}

fn parse(text: &[u8]) -> Result<Times, String> {
    let mut times = Times::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    for row in reader.deserialize() {
        let Row { folder, submitted_at } = row.map_err(|error| error.to_string())?;
        let moment: Moment = submitted_at.parse().map_err(|reason| format!("{folder}: {reason}"))?;
        if times.insert(folder.clone(), Timestamp(moment.unix_seconds() * 1000)).is_some() {
            return Err(format!("the folder `{folder}` is named twice"));
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_offset() {
        let times =
            parse(b"folder,submitted_at\nada,1970-01-01T01:00:10+01:00\nbob,1970-01-01T00:00:00Z\n").unwrap();
        assert_eq!((times["ada"], times["bob"]), (Timestamp(10_000), Timestamp(0)));
    }

    #[test]
    fn what_is_no_time_says_whose_it_is() {
        let reason = |text: &str| parse(text.as_bytes()).unwrap_err();
        assert!(reason("folder,submitted_at\nada,yesterday\n").starts_with("ada: "));
        let twice = "folder,submitted_at\nada,1970-01-01T00:00:00Z\nada,1970-01-01T00:00:00Z\n";
        assert_eq!(reason(twice), "the folder `ada` is named twice");
        assert!(reason("folder\nada\n").contains("submitted_at"));
    }
}
