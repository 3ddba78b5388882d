//! A picture as text: columns, a thread each, the student's lines before them.

use super::picture::{Object, Picture, Row, SourceLine};

/// The lines of text: the rows, then what the threads wait for, then the objects' names.
pub(crate) fn lines(picture: &Picture) -> Vec<String> {
    let width = (96 / picture.lanes.len().max(1)).clamp(14, 34);
    let titles: String = picture.lanes.iter().map(|lane| cell(&lane.to_string(), width)).collect();
    let mut lines = vec![format!("{:<14}{}", "", titles.trim_end())];
    if picture.rows_before > 0 {
        lines.push(format!("{:<14}… {} rows before", "", picture.rows_before));
    }
    lines.extend(picture.rows.iter().map(|row| row_line(row, picture, width)));
    if picture.rows_after > 0 {
        lines.push(format!("{:<14}… {} rows after", "", picture.rows_after));
    }
    lines.extend(picture.waits.iter().map(ToString::to_string));
    lines.extend(cycle_line(picture));
    lines.extend(picture.objects.iter().filter_map(object_line));
    lines
}

/// The cycle of a deadlock in one line: `the cycle: T1 → T2 → T1`.
pub(crate) fn cycle_line(picture: &Picture) -> Option<String> {
    let first = picture.cycle.first()?;
    let chain: Vec<String> = picture.cycle.iter().map(|thread| format!("T{thread}")).collect();
    Some(format!("the cycle: {} → T{first}", chain.join(" → ")))
}

/// Where an object comes from.
pub(crate) fn object_line(object: &Object) -> Option<String> {
    let first = object.first_used.as_ref()?;
    Some(format!("{} is the one first used at {first}", object.name))
}

fn row_line(row: &Row, picture: &Picture, width: usize) -> String {
    let place = row.place.as_ref().map(SourceLine::to_string).unwrap_or_default();
    let of = |thread| if thread == row.thread { row.operation.as_str() } else { "·" };
    let cells: String = picture.lanes.iter().map(|lane| cell(of(lane.thread), width)).collect();
    let mark = if row.fails { "◀ here" } else { "" };
    format!("{place:<14}{cells}{mark}").trim_end().to_owned()
}

fn cell(text: &str, width: usize) -> String {
    let short: String = text.chars().take(width - 1).collect();
    format!("{short:<width$}")
}
