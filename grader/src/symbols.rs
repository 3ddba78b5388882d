//! From return addresses to the student's lines.

use std::path::Path;

use addr2line::Loader;
use schedule::protocol::Event;

/// Where in the student's source an operation was asked for, and by the call of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file below `src/`; empty where no frame lies in the student's source.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The function that the student's line called, `Mutex::lock`; empty if it is not known.
    pub called: String,
    /// The full path of that function.
    pub path: String,
    /// The full paths of all functions between the operation and the student's line.
    pub chain: String,
}

/// The debug information of one program.
pub struct Symbols {
    loader: Option<Loader>,
    /// What the paths of the student's files contain.
    marker: String,
}

impl Symbols {
    /// Reads the program's line tables. Without them every place is unknown.
    pub fn read(program: &Path, exercise: &str) -> Self {
        Self { loader: Loader::new(program).ok(), marker: format!("crates/{exercise}/src/") }
    }

    /// The place of an event in a program that was loaded at `base`.
    pub fn place(&self, event: &Event, base: u64) -> Place {
        let mut place = Place::default();
        for &address in event.frames.iter().take_while(|address| **address != 0) {
            // The call is before the address that it returns to.
            if self.look_at(address.wrapping_sub(base).wrapping_sub(1), &mut place) {
                break;
            }
        }
        place.called = short_name(&place.path);
        place
    }

    /// Looks through the inlined frames at one address, the innermost first. Whether one of them is
    /// the student's.
    fn look_at(&self, probe: u64, place: &mut Place) -> bool {
        let Some(Ok(mut frames)) = self.loader.as_ref().map(|loader| loader.find_frames(probe)) else {
            return false;
        };
        while let Ok(Some(frame)) = frames.next() {
            if let Some(location) = &frame.location
                && let Some((_, file)) = location.file.and_then(|path| path.split_once(&self.marker))
            {
                place.file = file.to_owned();
                place.line = location.line.unwrap_or(0);
                return true;
            }
            let Some(name) = frame.function.and_then(|function| Some(function.demangle().ok()?.into_owned()))
            else {
                continue;
            };
            place.chain += &name;
            place.chain.push(' ');
            place.path = name;
        }
        false
    }
}

/// The last two parts of a path without generic arguments and hash: `Mutex::lock`.
fn short_name(demangled: &str) -> String {
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
    let parts: Vec<&str> = plain.split("::").filter(|part| !part.is_empty() && !is_hash(part)).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

#[cfg(test)]
mod tests {
    use super::short_name;

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
    }
}
