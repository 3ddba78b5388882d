//! The files that the compiler read for a program, by its own list (`--emit=dep-info`): these are the program.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use confine::left_behind;

use crate::rules::{self, Refusal};
use crate::source::Source;

/// A list is not longer, in bytes: a source has not that many files.
const MOST_BYTES: u64 = 16 << 20;

/// The files of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Below `src/`.
    pub(super) files: BTreeSet<PathBuf>,
    /// One that is not of the source, as the compiler names it.
    pub(super) outside: Option<String>,
}

impl Parts {
    /// Adds what the compiler lists in `file`. Where the compiler could not even read the source there is no list.
    pub(super) fn add_list(&mut self, file: &Path, source: &Source, src: &Path, tests: &Path) {
        let mut list = Vec::new();
        if let Ok(file) = left_behind::file(file)
            && file.take(MOST_BYTES).read_to_end(&mut list).is_ok()
        {
            self.add(&list, source, src, tests);
        }
    }

    /// A list has a line a file, with a colon at its end, and comments.
    fn add(&mut self, list: &[u8], source: &Source, src: &Path, tests: &Path) {
        let lines = list.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
        for line in lines.filter_map(|line| line.strip_suffix(b":")) {
            let path = unescaped(line);
            // The course's own tests of a library are no part of it.
            if source.checks.is_some() && path == tests {
                continue;
            }
            match below(src, &path).filter(|file| source.files.contains_key(file)) {
                Some(file) => _ = self.files.insert(file),
                None => {
                    self.outside.get_or_insert(path.display().to_string());
                }
            }
        }
    }

    /// The rules that the program breaks.
    pub(super) fn refusals(&self, source: &Source) -> Vec<Refusal> {
        let files = self.files.iter().filter_map(|file| source.files.get_key_value(file));
        rules::refusals(&files.map(|(file, content)| (file.as_path(), content.as_slice())).collect())
    }

    /// The list as it is kept beside the program.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let files: Vec<&[u8]> = self.files.iter().map(|file| file.as_os_str().as_bytes()).collect();
        files.join(&0)
    }

    /// The list of a program that is kept: nothing of it came from outside.
    pub(super) fn from_bytes(kept: &[u8]) -> Self {
        let files = kept.split(|byte| *byte == 0).map(|file| PathBuf::from(OsStr::from_bytes(file)));
        Self { files: files.collect(), outside: None }
    }
}

/// Spaces have a backslash before them, as make wants it.
fn unescaped(line: &[u8]) -> PathBuf {
    let text =
        line.iter().enumerate().filter(|(at, byte)| **byte != b'\\' || line.get(at + 1) != Some(&b' '));
    PathBuf::from(OsStr::from_bytes(&text.map(|(_, byte)| *byte).collect::<Vec<_>>()))
}

/// `path` below `src`, if it is there and never goes up.
fn below(src: &Path, path: &Path) -> Option<PathBuf> {
    let mut parts = path.components().filter(|part| *part != Component::CurDir);
    let is_below = src.components().all(|part| parts.next() == Some(part));
    let parts: Vec<Component> = parts.collect();
    let is_plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
    (is_below && is_plain).then(|| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(list: &str) -> Parts {
        let files = ["main.rs", "a b.rs", "help.txt"].map(|file| (file.into(), Vec::new()));
        let source = Source { files: files.into(), origin: None, refused: Vec::new(), checks: None };
        let mut parts = Parts::default();
        parts.add(list.as_bytes(), &source, Path::new("crates/x/src"), Path::new("fixtures/x/checks.rs"));
        parts
    }

    #[test]
    fn the_files_of_a_program_are_those_that_the_compiler_names() {
        let list = "out/x.d: crates/x/src/main.rs crates/x/src/a\\ b.rs\n\n\
            crates/x/src/main.rs:\ncrates/x/src/./a\\ b.rs:\n\n# env-dep:A=/x\n#:\n";
        let found = parts(list);
        assert_eq!(found.files, BTreeSet::from(["main.rs".into(), "a b.rs".into()]));
        assert_eq!(found.outside, None);
        assert_eq!(Parts::from_bytes(&found.to_bytes()), found);
    }

    #[test]
    fn files_of_others_are_seen() {
        for outside in
            ["/etc/passwd", "crates/x/src/../../secret.rs", "../x", "crates/x/src/made.rs", "out/x"]
        {
            assert_eq!(parts(&format!("{outside}:\n")).outside.as_deref(), Some(outside));
        }
    }
}
