//! The student's source in a report: to show lines, and to know files by the paths that users know.

use serde::{Deserialize, Serialize};

use engine::escape::in_line;
use engine::source::Source;

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

/// The files of `source` that are Rust, with the text of each; not those that tools leave beside them. Of the course's tests
/// the text is there where all of them may be seen.
pub fn listing(source: &Source, exercise: &str, are_tests_shown: bool) -> Vec<SourceFile> {
    let of = |(file, content): (&std::path::PathBuf, &Vec<u8>)| SourceFile {
        file: in_line(&file.display().to_string()),
        path: in_line(&source.display_path(exercise, file).display().to_string()),
        text: String::from_utf8_lossy(content).into_owned(),
    };
    let is_shown = |(file, _): &(&std::path::PathBuf, &Vec<u8>)| {
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        !is_hidden && file.extension().is_some_and(|extension| extension == "rs")
    };
    let tests = source.checks.as_ref().map(|tests| SourceFile {
        file: "checks.rs".to_owned(),
        path: format!("fixtures/{exercise}/checks.rs"),
        text: String::from_utf8_lossy(if are_tests_shown { tests } else { &[] }).into_owned(),
    });
    source.files.iter().filter(is_shown).map(of).chain(tests).collect()
}
