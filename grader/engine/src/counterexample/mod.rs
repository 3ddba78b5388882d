//! From a trace to a picture: what each thread did in the words of the student's own calls, and for a
//! deadlock who waits for whom.

mod descriptions;
mod kinds;
mod locks;
mod objects;
mod shards;
mod stale;
mod waits;

use std::ops::Range;

use schedule::ThreadId;
use schedule::protocol::{Event, Finish, Operation, ThreadRecord};

use crate::controlled::RunRecord;
use crate::explore::Remedy;
use crate::picture::{Lane, Picture, Row, SourceLine};
use crate::symbols::{Place, Symbols};
use descriptions::{Said, describe};
use locks::Held;
use objects::Objects;

/// The most rows of a picture: those up to the failure.
const MOST_ROWS: usize = 48;

/// How many of them may come after the line of output at which a failure shows.
const ROWS_AFTER: usize = 6;

/// One row in the making: consecutive operations of one thread that tell one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    thread: ThreadId,
    said: Said,
    place: Option<SourceLine>,
    /// Whether the failure shows here.
    broken: bool,
}

/// The picture of a run. `fault` is the line of standard output (from 0) at which the failure shows;
/// `remedy` is what keeps it away.
pub fn picture(
    record: &RunRecord,
    symbols: &Symbols,
    fault: Option<usize>,
    remedy: Option<&Remedy>,
) -> Picture {
    let place = |event: &Event| (*event, symbols.place(event, record.header.base));
    let operations: Vec<(Event, Place)> = record.events.iter().map(place).collect();
    let mut objects = Objects::of(&operations);
    let mut held = Held::default();
    let fault = fault.and_then(|line| write_of_line(record, line));
    let steps = steps(record, symbols, &operations, &mut objects, &mut held, fault);
    let has_ended = record.header.finish == Finish::Process;
    let waits = if has_ended { Vec::new() } else { waits::waits(record, symbols, &mut objects, &held) };
    let left = (1..).zip(record.threads.iter().skip(1)).filter(|(_, state)| has_ended && !state.ended);
    let shown = shown(&steps);
    let panic = steps.iter().find(|step| step.said.is_panic());
    let mut picture = Picture {
        lanes: (0..).zip(&record.threads).map(|(thread, state)| lane(thread, state)).collect(),
        rows_before: shown.start,
        rows_after: steps.len() - shown.end,
        rows: rows(&steps, shown),
        cycle: waits::cycle(&waits).unwrap_or_default(),
        waits,
        panicked: panic.and_then(|step| step.place.clone()),
        left: left.map(|(thread, _)| thread).collect(),
        orders: stale::stale_loads(&operations, &mut objects),
        objects: Vec::new(),
    };
    picture.orders.extend(remedy.map(|remedy| stale::remedy_line(remedy, record, symbols)));
    picture.objects = objects.all().into_iter().filter(|object| picture.names(&object.name)).collect();
    picture
}

fn steps(
    record: &RunRecord,
    symbols: &Symbols,
    operations: &[(Event, Place)],
    objects: &mut Objects,
    held: &mut Held,
    fault: Option<(ThreadId, u32)>,
) -> Vec<Step> {
    // Without a line at fault it is the first panic, of which others are mostly the consequence; but who waits for ever
    // does so at the end.
    let mut panics = fault.is_none() && record.header.finish == Finish::Process;
    let is_stale = record.schedule.is_stale();
    let mut steps: Vec<Step> = Vec::new();
    for (event, place) in operations {
        objects.follow(event, place);
        held.follow(event, place);
        let Some(said) = describe(event, place, record, symbols, objects) else { continue };
        let said = if is_stale { said.with_order(event, place) } else { said };
        let broken = fault == Some((event.thread, event.step)) || panics && said.is_panic();
        panics &= !broken;
        let place = said.place().or_else(|| place.source_line());
        let continues = |last: &&mut Step| last.thread == event.thread && last.place == place && !last.broken;
        let last = steps.last_mut().filter(continues).filter(|_| !broken);
        if !last.is_some_and(|last| last.said.takes(&said)) {
            steps.push(Step { thread: event.thread, said, place, broken });
        }
    }
    steps
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
        operation: steps[index].said.text(),
        place: steps[index].place.clone(),
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

/// The thread and step of the write that ended a line of standard output.
fn write_of_line(record: &RunRecord, line: usize) -> Option<(ThreadId, u32)> {
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
