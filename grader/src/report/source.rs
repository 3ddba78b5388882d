//! The student's source in a report: to show lines, and to know files by the paths that users know.

use serde::{Deserialize, Serialize};

use super::picture::SourceLine;
use crate::escape::in_line;
use crate::source::Source;

/// One file of the program that was graded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its path below `src/`, by which pictures name it.
    pub file: String,
    /// Its path as the user knows it.
    pub path: String,
    /// What it says. Only for formats that show it; a report that was stored has it no more.
    #[serde(skip)]
    pub text: String,
}

/// The files of `source` that are Rust, with the text of each; not those that tools leave beside them.
pub(crate) fn listing(source: &Source, exercise: &str) -> Vec<SourceFile> {
    let of = |(file, content): (&std::path::PathBuf, &Vec<u8>)| SourceFile {
        file: in_line(&file.display().to_string()),
        path: in_line(&source.display_path(exercise, file).display().to_string()),
        text: String::from_utf8_lossy(content).into_owned(),
    };
    let is_shown = |(file, _): &(&std::path::PathBuf, &Vec<u8>)| {
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && file.extension().is_some_and(|extension| extension == "rs")
    };
    source.files.iter().filter(is_shown).map(of).collect()
}

/// The line at which the first panic began, from what the program wrote to standard error:
/// `thread 'NAME' (ID) panicked at FILE:LINE:COLUMN:`. `None` where it is not in the exercise's own source.
pub(crate) fn panic_line(stderr: &[String], exercise: &str) -> Option<SourceLine> {
    let folder = format!("crates/{exercise}/src/");
    let place = stderr.iter().find_map(|line| line.split_once(" panicked at "))?.1;
    let below = place.split_once(folder.as_str()).map(|(_, below)| below);
    let mut parts = below.or_else(|| place.strip_prefix("src/"))?.split(':');
    Some(SourceLine { file: parts.next()?.to_owned(), line: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_students_source_has_a_line() {
        let line = |text: &str| panic_line(&["noise".into(), text.into()], "even-odd");
        let found = line("thread 'main' (7) panicked at crates/even-odd/src/turn.rs:12:5:").unwrap();
        assert_eq!(found, SourceLine { file: "turn.rs".into(), line: 12 });
        assert_eq!(line("thread 'main' panicked at src/main.rs:7:5:").unwrap().to_string(), "main.rs:7");
        assert_eq!(line("thread 'main' panicked at /rustc/library/std/src/thread.rs:1:1:"), None);
        assert_eq!(line("thread 'x' panicked at src/main.rs:nonsense"), None);
    }
}
