//! From return addresses to the student's lines.

mod debug_information;
mod own_code;
mod sections;
mod unseen;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

pub(crate) use debug_information::DebugInformation;
pub use own_code::OwnCode;
use schedule::protocol::Event;
pub(crate) use unseen::unseen_function;

use crate::picture::SourceLine;
use crate::solution_region;
use crate::source::Source;

/// Where in the student's source an operation was asked for, and by the call of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file below `src/`; empty where no frame lies in the student's source.
    pub file: String,
    /// The line, from 1; 0 where the compiler knows of none (DWARF 5, 6.2.2).
    pub line: u32,
    /// The function that the student's line called, `Mutex::lock`; empty if it is not known.
    pub called: String,
    /// The full path of that function.
    pub path: String,
    /// The full paths of all functions between the operation and the student's line.
    pub chain: String,
    /// The full path of the function that did the operation: of a library's, for most.
    pub owner: String,
}

/// The debug information of one program.
pub struct Symbols {
    debug: Option<DebugInformation>,
    own: OwnCode,
    /// The lines of each file that the student was to write; empty where the source does not say.
    written: BTreeMap<String, Vec<RangeInclusive<u32>>>,
}

impl Symbols {
    /// Reads the program's line tables. Without them every place is unknown.
    pub fn read(program: &Path, exercise: &str, source: &Source) -> Self {
        let lines = |(path, content): (&PathBuf, &Vec<u8>)| {
            (path.display().to_string(), solution_region::lines(&String::from_utf8_lossy(content)))
        };
        let written = source.files.iter().map(lines).filter(|(_, lines)| !lines.is_empty()).collect();
        let own = OwnCode::of_exercise(exercise);
        Self { debug: DebugInformation::read(program), written, own }
    }

    /// Reads the line tables of a program of which this code is the user's.
    pub fn of(program: &Path, own: OwnCode) -> Self {
        Self { debug: DebugInformation::read(program), written: BTreeMap::new(), own }
    }

    /// Those of a program that has none.
    #[cfg(test)]
    pub(crate) fn none(exercise: &str) -> Self {
        Self { debug: None, own: OwnCode::of_exercise(exercise), written: BTreeMap::new() }
    }

    /// The line of the student's at which a panic began that was written at `place` with this message: the one that it
    /// names, but for a given function, which is not at fault for how it is called.
    pub(crate) fn panic_line(&self, said: &str, place: &Place) -> Option<SourceLine> {
        let lines: Vec<String> = said.lines().map(str::to_owned).collect();
        let named = panic_line(&lines, &self.own);
        let is_written = |line: &SourceLine| self.is_written(line);
        named.clone().filter(is_written).or_else(|| place.source_line().filter(is_written)).or(named)
    }

    /// The place of an event in a program that was loaded at `base`.
    ///
    /// What was called is told of the innermost line in the student's source. The line itself is the innermost one
    /// that the student was to write, where there is one: a given function that it calls is not at fault.
    pub fn place(&self, event: &Event, base: u64) -> Place {
        let mut place = Place::default();
        let mut lines: Vec<SourceLine> = Vec::new();
        for &address in event.frames.iter().take_while(|address| **address != 0) {
            // The call is before the address that it returns to.
            self.look_at(address.wrapping_sub(base).wrapping_sub(1), &mut place, &mut lines);
        }
        let known = || lines.iter().find(|line| line.line > 0);
        let line = lines.iter().find(|line| self.is_written(line)).or_else(known).or(lines.first());
        if let Some(SourceLine { file, line }) = line {
            (place.file, place.line) = (file.clone(), *line);
        }
        place.called = short_name(&place.path);
        place
    }

    fn is_written(&self, line: &SourceLine) -> bool {
        let regions = self.written.get(&line.file);
        regions.is_some_and(|regions| regions.iter().any(|region| region.contains(&line.line)))
    }

    /// Looks through the inlined frames at one address, the innermost first: what lies inside of the student's source
    /// goes to `place`, lines of that source to `lines`.
    fn look_at(&self, probe: u64, place: &mut Place, lines: &mut Vec<SourceLine>) {
        let Some(mut frames) = self.debug.as_ref().and_then(|debug| debug.frames(probe)) else {
            return;
        };
        while let Ok(Some(frame)) = frames.next() {
            if let Some(location) = &frame.location
                && let Some(file) = location.file.and_then(|path| self.own.file_of(path))
            {
                lines.push(SourceLine { file: file.to_owned(), line: location.line.unwrap_or(0) });
            }
            let name = frame.function.and_then(|function| Some(function.demangle().ok()?.into_owned()));
            if let Some(name) = name.filter(|_| lines.is_empty()) {
                place.enter(name);
            }
        }
    }
}

impl Place {
    /// The line, where it is known.
    pub(crate) fn source_line(&self) -> Option<SourceLine> {
        (!self.file.is_empty() && self.line > 0)
            .then(|| SourceLine { file: self.file.clone(), line: self.line })
    }

    /// Adds the next function outwards.
    fn enter(&mut self, name: String) {
        if self.owner.is_empty() && !is_operation(&name) {
            self.owner.clone_from(&name);
        }
        self.chain += &name;
        self.chain.push(' ');
        self.path = name;
    }
}

/// Whether a function is the operation itself, whoever does it.
fn is_operation(name: &str) -> bool {
    ["core::sync::atomic::", "std::sys::pal::", "futex_wait", "futex_wake"]
        .iter()
        .any(|path| name.contains(path))
}

/// The last two parts of a path without generic arguments and hash: `Mutex::lock`. A module that only std sees is none.
fn short_name(demangled: &str) -> String {
    const INNER: &str = "functions";
    let mut depth = 0u32;
    let mut plain = String::new();
    // `<A as B>::f` is named by A: what stands in the outermost brackets at the start is kept.
    let qualified = demangled.starts_with('<');
    let text = demangled.strip_prefix('<').unwrap_or(demangled);
    let text = if qualified { text.replacen(" as ", "<", 1) } else { text.to_owned() };
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let is_hash = |part: &str| {
        part.len() == 17 && part.starts_with('h') && part[1..].chars().all(|c| c.is_ascii_hexdigit())
    };
    let parts: Vec<&str> =
        plain.split("::").filter(|part| !part.is_empty() && !is_hash(part) && *part != INNER).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// The line at which the first panic began, from what the program wrote to standard error:
/// `thread 'NAME' (ID) panicked at FILE:LINE:COLUMN:`. `None` where it is not in the user's own source.
pub fn panic_line(stderr: &[String], own: &OwnCode) -> Option<SourceLine> {
    let place = stderr.iter().find_map(|line| line.split_once(" panicked at "))?.1;
    let mut parts = own.file_as_named(place)?.split(':');
    Some(SourceLine { file: parts.next()?.to_owned(), line: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_students_source_has_a_line() {
        let line = |text: &str| panic_line(&["noise".into(), text.into()], &OwnCode::of_exercise("even-odd"));
        let found = line("thread 'main' (7) panicked at crates/even-odd/src/turn.rs:12:5:").unwrap();
        assert_eq!(found, SourceLine { file: "turn.rs".into(), line: 12 });
        assert_eq!(line("thread 'main' panicked at src/main.rs:7:5:").unwrap().to_string(), "main.rs:7");
        assert_eq!(line("thread 'main' panicked at /rustc/library/std/src/thread.rs:1:1:"), None);
        assert_eq!(line("thread 'x' panicked at src/main.rs:nonsense"), None);
    }

    #[test]
    fn names_are_cut_to_what_a_student_calls() {
        assert_eq!(short_name("std::sync::poison::mutex::Mutex<T>::lock"), "Mutex::lock");
        assert_eq!(
            short_name("<std::sync::poison::mutex::MutexGuard<T> as core::ops::drop::Drop>::drop"),
            "MutexGuard::drop"
        );
        assert_eq!(
            short_name("core::sync::atomic::AtomicU64::fetch_add::h0123456789abcdef"),
            "AtomicU64::fetch_add"
        );
        assert_eq!(short_name("std::thread::functions::park"), "thread::park");
    }
}
