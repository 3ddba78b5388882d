//! From a trace to a picture: what each thread did in the words of the student's own calls, and for a
//! deadlock who waits for whom.

use std::collections::BTreeMap;
use std::ops::Range;

use schedule::ThreadId;
use schedule::protocol::{Event, Finish, Operation, ThreadRecord};

use crate::controlled::Record;
use crate::report::picture::{Holder, Lane, Object, Picture, Row, SourceLine, Wait, WaitReason};
use crate::symbols::{Place, Symbols};

/// The most rows of a picture: those up to the failure.
const MOST_ROWS: usize = 48;

/// How many of them may come after the line of output at which a failure shows.
const ROWS_AFTER: usize = 6;

/// How the text of a wait ends, where it begins, and where it is over without a wake.
const WAITS: &str = ", waits";
const WAKES_UNASKED: &str = ", woken by nobody";
const TIMES_OUT: &str = ", times out";

/// One row in the making: consecutive operations of one thread, in one call, on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    thread: ThreadId,
    text: String,
    place: Place,
    /// Whether the failure shows here.
    broken: bool,
}

impl Step {
    /// Whether this step and the one before it tell one thing: a call that touches several words, again and again.
    fn continues(&self, before: &Self) -> bool {
        let same_call = (&self.place.called, &self.place.line, &self.place.file)
            == (&before.place.called, &before.place.line, &before.place.file);
        let inner = !self.text.starts_with("Atomic")
            && ![WAITS, WAKES_UNASKED, TIMES_OUT].iter().any(|end| self.text.ends_with(end));
        let same = self.text == before.text || same_call && inner && !self.place.called.is_empty();
        self.thread == before.thread && same && !self.text.starts_with("writes")
    }
}

/// The picture of a run. `fault` is the line of standard output (from 0) at which the failure shows.
pub fn picture(record: &Record, symbols: &Symbols, fault: Option<usize>) -> Picture {
    let mut names = Names::default();
    let mut held = Held::default();
    let mut steps: Vec<Step> = Vec::new();
    let fault = fault.and_then(|line| write_of_line(record, line));
    for event in &record.events {
        let place = symbols.place(event, record.header.base);
        held.follow(event, &place);
        let Some(text) = describe(event, &place, record, &mut names) else { continue };
        let broken = fault == Some((event.thread, event.step));
        let step = Step { thread: event.thread, text, place, broken };
        if !steps.last().is_some_and(|before| step.continues(before)) {
            steps.push(step);
        }
    }
    let has_ended = record.header.finish == Finish::Process;
    let waits = if has_ended { Vec::new() } else { waits(record, symbols, &mut names, &held) };
    let shown = shown(&steps);
    Picture {
        lanes: (0..).zip(&record.threads).map(|(thread, state)| lane(thread, state)).collect(),
        rows_before: shown.start,
        rows_after: steps.len() - shown.end,
        rows: rows(&steps, shown),
        cycle: cycle(&waits).unwrap_or_default(),
        waits,
        objects: names.objects(),
    }
}

/// The steps up to the failure and a few after it, as many as one may show.
fn shown(steps: &[Step]) -> Range<usize> {
    let after = steps.iter().position(|step| step.broken).map(|broken| broken + 1 + ROWS_AFTER);
    let end = after.map_or(steps.len(), |after| after.min(steps.len()));
    end.saturating_sub(MOST_ROWS)..end
}

fn rows(steps: &[Step], shown: Range<usize>) -> Vec<Row> {
    let is_switch = |index: usize| index > 0 && steps[index - 1].thread != steps[index].thread;
    let row = |index: usize| Row {
        thread: steps[index].thread,
        operation: steps[index].text.clone(),
        place: source_line(&steps[index].place),
        after_switch: is_switch(index),
        fails: steps[index].broken,
    };
    shown.map(row).collect()
}

/// A thread as the program named it.
fn lane(thread: ThreadId, state: &ThreadRecord) -> Lane {
    let length = state.name.iter().position(|&byte| byte == 0).unwrap_or(state.name.len());
    Lane { thread, name: String::from_utf8_lossy(&state.name[..length]).escape_debug().to_string() }
}

fn source_line(place: &Place) -> Option<SourceLine> {
    (!place.file.is_empty()).then(|| SourceLine { file: place.file.clone(), line: place.line })
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
    let waits = match event.operation {
        Operation::FutexWait => WAITS,
        Operation::WakesUnasked => WAKES_UNASKED,
        Operation::TimesOut => TIMES_OUT,
        _ => "",
    };
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
    known: BTreeMap<u64, Object>,
    counts: BTreeMap<String, usize>,
}

impl Names {
    fn name(&mut self, object: u64, place: &Place) -> String {
        if let Some(known) = self.known.get(&object) {
            return known.name.clone();
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
        self.known.insert(object, Object { name: name.clone(), first_used: source_line(place) });
        name
    }

    fn objects(self) -> Vec<Object> {
        let mut objects: Vec<Object> = self.known.into_values().collect();
        objects.sort_by(|one, other| one.name.cmp(&other.name));
        objects
    }
}

/// Who holds which lock, as the trace tells.
#[derive(Default)]
struct Held {
    by: BTreeMap<u64, Holder>,
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
            self.by.insert(event.object, Holder { thread: event.thread, since: source_line(place) });
        }
    }
}

/// What each thread that has not ended waits for.
fn waits(record: &Record, symbols: &Symbols, names: &mut Names, held: &Held) -> Vec<Wait> {
    let stuck = (0..).zip(&record.threads).filter(|(_, state)| !state.ended && !state.runnable);
    let wait = |(thread, state): (ThreadId, &ThreadRecord)| {
        let place = symbols.place(&state.last, record.header.base);
        let reason = match state.last.operation {
            Operation::FutexWait => WaitReason::Object {
                object: names.name(state.last.object, &place),
                holder: held.by.get(&state.last.object).cloned(),
            },
            Operation::Join => WaitReason::ThreadEnd { ends: state.last.object as ThreadId },
            _ => WaitReason::Call { call: place.called.clone() },
        };
        Wait { thread, place: source_line(&place), reason }
    };
    stuck.map(wait).collect()
}

/// Threads of which each waits for the next and the last for the first.
fn cycle(waits: &[Wait]) -> Option<Vec<ThreadId>> {
    let waits_for: BTreeMap<ThreadId, ThreadId> =
        waits.iter().filter_map(|wait| Some((wait.thread, wait.for_thread()?))).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn joins(pairs: &[(ThreadId, ThreadId)]) -> Vec<Wait> {
        let wait = |&(thread, ends)| Wait { thread, place: None, reason: WaitReason::ThreadEnd { ends } };
        pairs.iter().map(wait).collect()
    }

    #[test]
    fn a_cycle_is_found_behind_those_that_only_wait_for_it() {
        assert_eq!(cycle(&joins(&[(0, 1), (1, 2), (2, 1)])), Some(vec![1, 2]));
        assert_eq!(cycle(&joins(&[(0, 1), (1, 2)])), None);
    }
}
