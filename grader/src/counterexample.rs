//! A failing run as people read it: columns, a thread each, the student's lines, and for a
//! deadlock who waits for whom.

use std::collections::BTreeMap;

use schedule::ThreadId;
use schedule::protocol::{Event, Finish, Operation};

use crate::controlled::Record;
use crate::symbols::{Place, Symbols};

/// The most rows of a picture: those up to the failure.
const MOST_ROWS: usize = 48;

/// How many of them may come after the line of output at which a failure shows.
const ROWS_AFTER: usize = 6;

/// One row: consecutive operations of one thread, in one call, on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    thread: ThreadId,
    text: String,
    place: Place,
    /// Whether the failure shows here.
    broken: bool,
}

impl Row {
    /// Whether this row and the one before it tell one thing: a call that touches several words, again and again.
    fn continues(&self, before: &Self) -> bool {
        let same_call = (&self.place.called, &self.place.line, &self.place.file)
            == (&before.place.called, &before.place.line, &before.place.file);
        let inner = !self.text.starts_with("Atomic") && !self.text.ends_with("waits");
        let same = self.text == before.text || same_call && inner && !self.place.called.is_empty();
        self.thread == before.thread && same && !self.text.starts_with("writes")
    }
}

/// The picture of a run: its rows, then what the threads wait for, then the objects' names. `fault` is
/// the line of standard output (from 0) at which the failure shows.
pub fn picture(record: &Record, symbols: &Symbols, fault: Option<usize>) -> Vec<String> {
    let mut names = Names::default();
    let mut held = Held::default();
    let mut rows: Vec<Row> = Vec::new();
    let fault = fault.and_then(|line| write_of_line(record, line));
    for event in &record.events {
        let place = symbols.place(event, record.header.base);
        held.follow(event, &place);
        let Some(text) = describe(event, &place, record, &mut names) else { continue };
        let broken = fault == Some((event.thread, event.step));
        let row = Row { thread: event.thread, text, place, broken };
        if !rows.last().is_some_and(|before| row.continues(before)) {
            rows.push(row);
        }
    }
    let mut lines = columns(&rows, record);
    if record.header.finish != Finish::Process {
        lines.extend(waits(record, symbols, &mut names, &held));
    }
    lines.extend(names.legend());
    lines
}

/// The thread and step of the write that ended a line of standard output.
fn write_of_line(record: &Record, line: usize) -> Option<(ThreadId, u32)> {
    let mut ends = 0;
    let head = record.output.iter().find_map(|(head, text)| {
        ends += if head.descriptor == 1 { text.iter().filter(|&&byte| byte == b'\n').count() } else { 0 };
        (ends > line).then_some(head)
    })?;
    let is_it = |event: &&Event| {
        event.operation == Operation::Write
            && event.object == 1
            && event.thread == head.thread
            && event.step >= head.step
    };
    record.events.iter().find(is_it).map(|event| (event.thread, event.step))
}

/// What an operation was, in the words of the call that the student wrote; `None` for what does not
/// help: reference counts, and the inside of the runtime.
fn describe(event: &Event, place: &Place, record: &Record, names: &mut Names) -> Option<String> {
    match event.operation {
        Operation::Write if event.object == 1 => Some(format!("writes {}", written(event, record))),
        Operation::Spawn => Some(format!("starts T{}", event.object)),
        Operation::Join => Some(format!("joins T{}", event.object)),
        Operation::End => Some("ends".to_owned()),
        Operation::Sleep => Some("sleeps".to_owned()),
        Operation::Yield => Some("yields".to_owned()),
        Operation::Write | Operation::Read | Operation::Poll | Operation::WaitChild => {
            (!place.file.is_empty()).then(|| format!("{} (fd {})", place.called, event.object))
        }
        _ if !is_meeting(place) => None,
        _ => Some(atomic_text(event, place, names)),
    }
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
    !place.file.is_empty() && has(&MEET, &place.path) && !has(&HIDDEN, &place.chain)
}

/// An operation on a word that threads share.
fn atomic_text(event: &Event, place: &Place, names: &mut Names) -> String {
    let name = names.name(event.object, place);
    let value = event.value;
    let waits = if event.operation == Operation::FutexWait { ", waits" } else { "" };
    let call = place.called.rsplit("::").next().unwrap_or_default();
    let is_lock = ["Mutex", "RwLock"].iter().any(|kind| name.starts_with(kind));
    match (place.chain.contains("Guard>"), name.starts_with("Atomic"), event.operation) {
        (true, _, _) => format!("unlocks {name}"),
        _ if is_lock && call == "drop_in_place" => format!("unlocks {name}"),
        _ if call == "drop_in_place" => format!("drops {name}"),
        _ if is_lock && call == "lock" => format!("locks {name}{waits}"),
        (_, true, Operation::Load) => format!("{name} reads {value}"),
        (_, true, Operation::Store) => format!("{name} := {value}"),
        (_, true, Operation::CompareFail) => format!("{name} {call}: finds {value}"),
        (_, true, _) => format!("{name} {call}, was {value}"),
        _ => format!("{name} {call}{waits}"),
    }
}

/// The text of a write to standard output, as far as it fits.
fn written(event: &Event, record: &Record) -> String {
    const MOST: usize = 18;
    let text = record
        .output
        .iter()
        .rfind(|(head, _)| head.thread == event.thread && head.descriptor == 1 && head.step <= event.step)
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).trim_end().escape_debug().to_string())
        .unwrap_or_default();
    if text.chars().count() > MOST {
        format!("\"{}…\"", text.chars().take(MOST).collect::<String>())
    } else {
        format!("\"{text}\"")
    }
}

/// Objects by the order in which the picture meets them: `Mutex#1`.
#[derive(Default)]
struct Names {
    known: BTreeMap<u64, (String, String)>,
    counts: BTreeMap<String, usize>,
}

impl Names {
    fn name(&mut self, object: u64, place: &Place) -> String {
        if let Some((name, _)) = self.known.get(&object) {
            return name.clone();
        }
        let kind = place.called.split("::").next().unwrap_or_default();
        let kind = match kind {
            "" => "Word",
            "MutexGuard" => "Mutex",
            "functions" | "Thread" => "Parker",
            other => other,
        };
        let count = self.counts.entry(kind.to_owned()).or_default();
        *count += 1;
        let name = format!("{kind}#{count}");
        self.known.insert(object, (name.clone(), format!("{}:{}", place.file, place.line)));
        name
    }

    fn legend(&self) -> Vec<String> {
        let mut names: Vec<&(String, String)> = self.known.values().collect();
        names.sort();
        names.iter().map(|(name, first)| format!("{name} is the one first used at {first}")).collect()
    }
}

/// Who holds which lock, as the trace tells.
#[derive(Default)]
struct Held {
    by: BTreeMap<u64, (ThreadId, String)>,
}

impl Held {
    fn follow(&mut self, event: &Event, place: &Place) {
        let changed = matches!(event.operation, Operation::CompareSwap | Operation::Swap | Operation::Update);
        if !changed {
            return;
        }
        if place.chain.contains("Guard>")
            || place.called.ends_with("::wait")
            || place.called.contains("unlock")
        {
            self.by.remove(&event.object);
        } else if place.called.contains("lock") && event.value == 0 {
            self.by.insert(event.object, (event.thread, format!("{}:{}", place.file, place.line)));
        }
    }
}

/// What each thread that has not ended waits for, and the cycle if there is one.
fn waits(record: &Record, symbols: &Symbols, names: &mut Names, held: &Held) -> Vec<String> {
    let mut lines = Vec::new();
    let mut waits_for: BTreeMap<ThreadId, ThreadId> = BTreeMap::new();
    for (thread, state) in (0..).zip(&record.threads) {
        if state.ended || state.runnable {
            continue;
        }
        let place = symbols.place(&state.last, record.header.base);
        let at =
            if place.file.is_empty() { String::new() } else { format!(" at {}:{}", place.file, place.line) };
        match state.last.operation {
            Operation::FutexWait => {
                let name = names.name(state.last.object, &place);
                let holder = held.by.get(&state.last.object);
                if let Some((owner, since)) = holder {
                    waits_for.insert(thread, *owner);
                    lines.push(format!("T{thread} waits for {name}{at}; T{owner} holds it since {since}"));
                } else {
                    lines.push(format!("T{thread} waits for {name}{at}; nobody is left to wake it"));
                }
            }
            Operation::Join => {
                waits_for.insert(thread, state.last.object as ThreadId);
                lines.push(format!("T{thread} waits for the end of T{}{at}", state.last.object));
            }
            _ => lines.push(format!(
                "T{thread} waits in {}{at}",
                if place.called.is_empty() { "a call" } else { &place.called }
            )),
        }
    }
    lines.extend(cycle(&waits_for).map(|cycle| {
        let chain: Vec<String> = cycle.iter().map(|thread| format!("T{thread}")).collect();
        format!("the cycle: {} → T{}", chain.join(" → "), cycle[0])
    }));
    lines
}

/// Threads of which each waits for the next and the last for the first.
fn cycle(waits_for: &BTreeMap<ThreadId, ThreadId>) -> Option<Vec<ThreadId>> {
    waits_for.keys().find_map(|&start| {
        let mut chain = vec![start];
        let mut next = *waits_for.get(&start)?;
        while !chain.contains(&next) {
            chain.push(next);
            next = *waits_for.get(&next)?;
        }
        (next == start).then_some(chain)
    })
}

/// The rows side by side, a column for each thread, with the student's line before them.
fn columns(rows: &[Row], record: &Record) -> Vec<String> {
    let threads = record.threads.len();
    let width = (96 / threads.max(1)).clamp(14, 34);
    let end = rows.iter().position(|row| row.broken).map_or(rows.len(), |broken| broken + 1 + ROWS_AFTER);
    let end = end.min(rows.len());
    let left_out = end.saturating_sub(MOST_ROWS);
    let title = |thread: usize| match thread {
        0 => "T0 main".to_owned(),
        other => format!("T{other}"),
    };
    let cell = |text: &str| {
        let short: String = text.chars().take(width - 1).collect();
        format!("{short:<width$}")
    };
    let titles: String = (0..threads).map(|thread| cell(&title(thread))).collect();
    let mut lines = vec![format!("{:<14}{}", "", titles.trim_end())];
    if left_out > 0 {
        lines.push(format!("{:<14}… {left_out} rows before", ""));
    }
    for row in &rows[left_out..end] {
        let place = if row.place.file.is_empty() {
            String::new()
        } else {
            format!("{}:{}", row.place.file, row.place.line)
        };
        let cells =
            (0..threads).map(|thread| cell(if thread == usize::from(row.thread) { &row.text } else { "·" }));
        let mark = if row.broken { "◀ here" } else { "" };
        lines.push(format!("{place:<14}{}{mark}", cells.collect::<String>()).trim_end().to_owned());
    }
    if end < rows.len() {
        lines.push(format!("{:<14}… {} rows after", "", rows.len() - end));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_found_behind_those_that_only_wait_for_it() {
        let waits = BTreeMap::from([(0, 1), (1, 2), (2, 1)]);
        assert_eq!(cycle(&waits), Some(vec![1, 2]));
        assert_eq!(cycle(&BTreeMap::from([(0, 1), (1, 2)])), None);
    }
}
