//! The lines that a compiler's errors, or a stub that was reached, speak of.

use super::ExerciseReport;
use crate::verdict::Verdict;

/// A line of the student's source with something to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The file, as the user knows it.
    pub(crate) path: String,
    /// The line, from 1.
    pub(crate) line: u32,
    /// What is wrong there; empty where the check says it.
    pub(crate) title: String,
}

/// The lines that the message of an exercise names.
pub(crate) fn marks(exercise: &ExerciseReport) -> Vec<Mark> {
    let message = exercise.message.as_deref().unwrap_or_default();
    match exercise.verdict {
        Verdict::NotImplemented => stub(exercise, message).into_iter().collect(),
        _ => of_compiler(message),
    }
}

/// rustc's text: a line `error…: WHAT`, the first line `--> FILE:LINE:COLUMN` after it.
fn of_compiler(message: &str) -> Vec<Mark> {
    let mut title = None;
    let mut marks = Vec::new();
    for text in message.lines() {
        if text.starts_with("error") {
            title = Some(text.to_owned());
        } else if let Some(place) = text.trim_start().strip_prefix("--> ")
            && let Some((path, line)) = path_and_line(place)
        {
            marks.extend(title.take().map(|title| Mark { path, line, title }));
        }
    }
    marks
}

/// `the stub at FILE:LINE:COLUMN is still to be written`
fn stub(exercise: &ExerciseReport, message: &str) -> Option<Mark> {
    let place = message.strip_prefix("the stub at ")?.split(" is ").next()?;
    let (path, line) = path_and_line(place)?;
    let below = path.split_once(&format!("crates/{}/src/", exercise.exercise)).map(|(_, file)| file);
    let path = below.map_or_else(|| path.clone(), |file| exercise.path_of(file));
    Some(Mark { path, line, title: message.to_owned() })
}

fn path_and_line(place: &str) -> Option<(String, u32)> {
    let mut parts = place.trim().rsplitn(3, ':').skip(1);
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn lines(exercise: &str) -> Vec<(String, u32)> {
        let report = sample::report();
        let exercise = report.exercises.iter().find(|of| of.exercise == exercise).unwrap();
        marks(exercise).into_iter().map(|mark| (mark.path, mark.line)).collect()
    }

    #[test]
    fn every_error_of_the_compiler_has_its_line() {
        let found = lines("downloader");
        assert_eq!(found[0], ("crates/downloader/src/main.rs".into(), 12));
        assert_eq!(found[1], ("crates/downloader/src/plan.rs".into(), 3));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_stub_has_its_line() {
        assert_eq!(lines("primes"), [("crates/primes/src/main.rs".into(), 7)]);
    }
}
