//! Operations in the words of the calls that the student wrote.

use schedule::protocol::{Event, MemoryOrder, Operation};

use super::kinds::{is_inner, value};
use super::locks::{Effect, effect};
use super::objects::Objects;
use super::shards;
use super::stale::word;
use crate::controlled::RunRecord;
use crate::picture::SourceLine;
use crate::symbols::{Place, Symbols};

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// This.
    Text(String),
    /// It writes these to standard output: the first, the last, how many.
    Output(String, String, usize),
    /// It writes this to standard error: in pieces, mostly.
    Error(String),
    /// It panics with this message, at this line.
    Panic(String, Option<SourceLine>),
}

/// What an operation was; `None` for what does not help: reference counts, and the inside of libraries.
pub(super) fn describe(
    event: &Event,
    place: &Place,
    record: &RunRecord,
    symbols: &Symbols,
    objects: &mut Objects,
) -> Option<Said> {
    let text = match event.operation {
        Operation::Write if event.object == 1 && (event.value as i64) < 0 => {
            "writes to a standard output that nobody reads".to_owned()
        }
        Operation::Write if event.object == 1 => {
            let said = quoted(&written(event, record)?, MOST_WRITTEN);
            return Some(Said::Output(said.clone(), said, 1));
        }
        Operation::Write if event.object == 2 => return to_error(written(event, record)?, place, symbols),
        Operation::Lends | Operation::FutexPass => return None,
        Operation::TakesAgain => format!("locks {} again", objects.name(event, place)),
        Operation::Spawn => format!("starts T{}", event.object),
        Operation::Join => format!("joins T{}", event.object),
        Operation::End => "ends".to_owned(),
        Operation::Sleep => "sleeps".to_owned(),
        Operation::Yield => (!is_inner(place)).then(|| "yields".to_owned())?,
        Operation::Write | Operation::Read | Operation::Poll | Operation::WaitChild => {
            (!place.file.is_empty()).then(|| format!("{} (fd {})", place.called, event.object))?
        }
        Operation::FutexWake if !is_meeting(place) => {
            let (name, tells) = objects.told(event, place)?;
            woken(&name, tells, event.value)
        }
        _ if !is_meeting(place) => return None,
        Operation::Fence => "fence".to_owned(),
        _ => of_object(event, place, objects)?,
    };
    Some(Said::Text(text))
}

/// Whether an operation is one by which threads meet, and the student's own: not a count of references, the
/// poison flag of a lock, or the start of a thread.
fn is_meeting(place: &Place) -> bool {
    const MEET: [&str; 6] =
        ["std::sync::", "core::sync::atomic", "std::thread::", "crossbeam", "parking_lot", "lock_api"];
    const HIDDEN: [&str; 8] = [
        "poison::Flag",
        "panic_count",
        "thread::spawn",
        "Builder",
        "scoped",
        "Arc<",
        "sync::once",
        "thread::current",
    ];
    let has = |words: &[&str], path: &str| words.iter().any(|word| path.contains(word));
    // What a line called may be an iterator that calls them in turn, or the end of a guard's life.
    let calls_them = has(&["core::iter::", "core::mem::drop"], &place.path);
    let meets = has(&MEET, &place.path) || calls_them && has(&MEET, &place.chain);
    !place.file.is_empty() && meets && !has(&HIDDEN, &place.chain)
}

/// An operation on what threads share.
fn of_object(event: &Event, place: &Place, objects: &mut Objects) -> Option<String> {
    let waits = matches!(
        event.operation,
        Operation::FutexWait | Operation::LockWait | Operation::WakesUnasked | Operation::TimesOut
    );
    let notifies = place.called.contains("::notify");
    if is_inner(place) && !waits && !notifies {
        return None;
    }
    let name = objects.name(event, place);
    let call = match place.called.rsplit("::").next().unwrap_or_default() {
        _ if name.starts_with("channel") && place.chain.contains("recv") => "recv",
        call => call,
    };
    if waits {
        return of_wait(event, &name, call);
    }
    let kind = name.split('#').next().unwrap_or_default();
    match kind {
        "Mutex" | "RwLock" => of_lock(event, place, &name, call),
        "ShardedLock" => {
            let is_whole = shards::is_whole(effect(event, place)?, event, place, objects.word(event, place));
            is_whole.then(|| of_lock(event, place, &name, call))?
        }
        "Condvar" => of_condition(event, &name, call),
        _ if is_own_atomic(place) => Some(of_atomic(event, kind, &name, call)),
        _ if matches!(call, "drop" | "drop_in_place") => Some(format!("drops {name}")),
        _ if place.chain.contains("Guard>") => Some(format!("unlocks {name}")),
        _ => Some(format!("{name} {call}")),
    }
}

fn of_wait(event: &Event, name: &str, call: &str) -> Option<String> {
    match event.operation {
        Operation::FutexWait | Operation::LockWait if name.starts_with("channel") => {
            Some(format!("waits in {name} {call}"))
        }
        Operation::FutexWait | Operation::LockWait => Some(format!("waits for {name}")),
        Operation::TimesOut => Some(format!("{name} {call} times out")),
        // A lock looks again by itself: only of a condition does the program hear of it.
        _ if name.starts_with("Condvar") => Some(format!("wakes by itself: a spurious wakeup of {name}")),
        _ => None,
    }
}

/// Only what it comes to: attempts are told by the wait that they end in.
fn of_lock(event: &Event, place: &Place, name: &str, call: &str) -> Option<String> {
    let for_condition = place.called.starts_with("Condvar");
    match effect(event, place)? {
        Effect::Takes if for_condition => Some(format!("locks {name} again")),
        Effect::Takes if call.contains("upgradable") => Some(format!("locks {name} to read, and upgrade")),
        Effect::Takes if call.contains("read") => Some(format!("locks {name} to read")),
        Effect::Takes if call.contains("write") => Some(format!("locks {name} to write")),
        Effect::Takes => Some(format!("locks {name}")),
        Effect::Frees if for_condition => Some(format!("unlocks {name} to wait")),
        Effect::Frees => Some(format!("unlocks {name}")),
        Effect::Tries if call.starts_with("try_") => Some(format!("{name} {call}: is locked")),
        Effect::Tries | Effect::Looks => None,
    }
}

/// Of a call that notifies is told whom it wakes. std always asks the kernel to; parking_lot looks first.
fn of_condition(event: &Event, name: &str, call: &str) -> Option<String> {
    if !call.starts_with("notify") {
        return None;
    }
    match (event.operation, event.value) {
        (Operation::FutexWake, count) | (Operation::Load, count @ 0) => Some(woken(name, call, count)),
        _ => None,
    }
}

fn woken(name: &str, call: &str, count: u64) -> String {
    match count {
        0 => format!("{name} {call}: nobody waits"),
        1 => format!("{name} {call} wakes one"),
        _ => format!("{name} {call} wakes {count}"),
    }
}

/// Whether it is one of the student's own atomic operations.
fn is_own_atomic(place: &Place) -> bool {
    place.path.contains("core::sync::atomic")
}

fn of_atomic(event: &Event, kind: &str, name: &str, call: &str) -> String {
    let value = value(kind, event.value);
    match event.operation {
        Operation::Load => format!("{name} reads {value}"),
        Operation::Store => format!("{name} := {value}"),
        Operation::CompareFail => format!("{name} {call} fails: finds {value}"),
        _ => format!("{name} {call}, was {value}"),
    }
}

/// So many characters of what is written to standard output stand in a row.
const MOST_WRITTEN: usize = 40;

/// And so many of what is written to standard error, or a panic says.
const MOST_SAID: usize = 120;

/// `text` in quotes, as far as it fits.
fn quoted(text: &str, most: usize) -> String {
    format!("\"{}\"", shortened(text, most))
}

fn shortened(text: &str, most: usize) -> String {
    let text = text.trim_end().escape_debug().to_string();
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most).chain(['…']).collect()
}

/// What a write wrote.
fn written(event: &Event, record: &RunRecord) -> Option<String> {
    let is_it = |head: &schedule::protocol::OutputHead| {
        head.thread == event.thread && u64::from(head.descriptor) == event.object && head.step <= event.step
    };
    let (_, bytes) = record.output.iter().rfind(|(head, _)| is_it(head))?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// std writes all of a panic at once: where, on a line of its own, and then why.
fn to_error(text: String, place: &Place, symbols: &Symbols) -> Option<Said> {
    let message = text.split_once(" panicked at ").and_then(|(_, rest)| rest.split_once('\n'));
    match message {
        Some((_, why)) => {
            let why = why.lines().next().unwrap_or_default().to_owned();
            Some(Said::Panic(why, symbols.panic_line(&text, place)))
        }
        None if text.starts_with("note: run with `RUST_BACKTRACE=1`") => None,
        None => Some(Said::Error(text)),
    }
}

impl Said {
    /// Where memory orders matter, they are told.
    pub(super) fn with_order(self, event: &Event, place: &Place) -> Self {
        match self {
            Self::Text(text) if event.order != MemoryOrder::None && is_own_atomic(place) => {
                let old = if event.age > 0 { ", an old value" } else { "" };
                Self::Text(format!("{text}{old} ({})", word(event.order)))
            }
            other => other,
        }
    }

    /// Whether the two are one row: pieces of a line, one line after another, or the same again.
    pub(super) fn takes(&mut self, next: &Self) -> bool {
        match (self, next) {
            (Self::Error(said), Self::Error(more)) if !said.ends_with('\n') => {
                said.push_str(more);
                true
            }
            (Self::Output(_, last, count), Self::Output(next, ..)) => {
                last.clone_from(next);
                *count += 1;
                true
            }
            (Self::Text(said), Self::Text(next)) => said == next,
            _ => false,
        }
    }

    /// The line that it tells itself.
    pub(super) fn place(&self) -> Option<SourceLine> {
        if let Self::Panic(_, place) = self { place.clone() } else { None }
    }

    pub(super) fn is_panic(&self) -> bool {
        matches!(self, Self::Panic(..))
    }

    /// The row's text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Output(only, _, 1) => format!("writes {only}"),
            Self::Output(first, last, 2) => format!("writes {first} and {last}"),
            Self::Output(first, last, count) => format!("writes {first} to {last} ({count} times)"),
            Self::Error(said) => format!("writes to stderr {}", quoted(said, MOST_SAID)),
            Self::Panic(why, _) => format!("panics: {}", shortened(why, MOST_SAID)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_why() {
        let text = "\nthread 'main' (7) panicked at crates/a/src/main.rs:9:5:\nindex out of bounds\nnote: run with\n";
        let said = to_error(text.into(), &Place::default(), &Symbols::none("a")).unwrap();
        assert_eq!(said.text(), "panics: index out of bounds");
        assert_eq!(said.place().unwrap().to_string(), "main.rs:9");
    }

    #[test]
    fn pieces_of_a_line_are_one_row() {
        let mut said = Said::Error("mine = ".into());
        assert!(said.takes(&Said::Error("3\n".into())));
        assert_eq!(said.text(), "writes to stderr \"mine = 3\"");
        assert!(!said.takes(&Said::Error("next".into())));
        let line = |text: &str| Said::Output(text.into(), text.into(), 1);
        let mut lines = line("1");
        assert!(lines.takes(&line("2")) && lines.takes(&line("3")));
        assert_eq!(lines.text(), "writes 1 to 3 (3 times)");
    }
}
