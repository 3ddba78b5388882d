//! A schedule as a grid: a lane a thread, time downwards, an arrow for each context switch.

use std::fmt::Write;

use engine::escape::markup;
use engine::picture::{Lane, Picture, Row, Wait, WaitReason};
use schedule::ThreadId;

use super::super::{SourceLine, columns};
use super::program::Program;

/// Lanes have so many colours.
const COLOURS: usize = 8;

/// The grid while it is written, downwards.
struct Grid<'a> {
    picture: &'a Picture,
    program: &'a Program<'a>,
    html: String,
    /// The row that is written next, from 1.
    row: usize,
}

pub(super) fn figure(picture: &Picture, program: &Program<'_>) -> String {
    let mut grid = Grid { picture, program, html: String::new(), row: 1 };
    grid.titles();
    grid.gap(picture.rows_before, "before");
    let mut before = None;
    for row in &picture.rows {
        grid.switch(before.filter(|_| row.after_switch), row.thread);
        grid.operation(row);
        before = Some(row.thread);
    }
    grid.gap(picture.rows_after, "after");
    grid.waits();
    grid.lanes();
    let objects: Vec<String> = picture.objects.iter().filter_map(columns::object_line).collect();
    format!(
        "<figure class=\"schedule\">\n<div class=\"scroll\"><div class=\"grid\" \
         style=\"--lanes:{}\">\n{}</div></div>\n\
         <figcaption>{}</figcaption>\n</figure>\n",
        picture.lanes.len(),
        grid.html,
        markup(&objects.join("; ")),
    )
}

/// The class that gives a thread its colour.
pub(super) fn colour(thread: ThreadId) -> String {
    format!("t{}", usize::from(thread) % COLOURS)
}

impl Grid<'_> {
    /// The column of a thread; the first one has the places.
    fn column(&self, thread: ThreadId) -> usize {
        2 + usize::from(thread)
    }

    fn titles(&mut self) {
        for Lane { thread, name } in &self.picture.lanes {
            let column = self.column(*thread);
            let name = if name.is_empty() && *thread == 0 { "main" } else { name };
            let _ = writeln!(
                self.html,
                "<b class=\"title {}\" style=\"grid-row:1;grid-column:{column}\">T{thread} <small>{}</small></b>",
                colour(*thread),
                markup(name)
            );
        }
        self.row += 1;
    }

    fn gap(&mut self, rows: usize, word: &str) {
        if rows > 0 {
            let row = self.row;
            let _ = writeln!(
                self.html,
                "<span class=\"gap\" style=\"grid-row:{row};grid-column:2/-1\">… {rows} rows {word}</span>"
            );
            self.row += 1;
        }
    }

    /// An arrow from the lane that ran to the one that runs.
    fn switch(&mut self, from: Option<ThreadId>, to: ThreadId) {
        let Some(from) = from else { return };
        let (from, to, row) = (self.column(from), self.column(to), self.row);
        let (left, right, word) = if from < to { (from, to, "right") } else { (to, from, "left") };
        let span = right - left + 1;
        let _ = writeln!(
            self.html,
            "<i class=\"switch {word}\" title=\"context switch\" \
             style=\"grid-row:{row};grid-column:{left}/span {span};margin-inline:calc(50%/{span})\"></i>"
        );
        self.row += 1;
    }

    fn operation(&mut self, row: &Row) {
        let text = markup(&row.operation);
        if row.fails {
            self.band();
            let here = format!("{text} <em>◀ here</em>");
            self.cell(row.thread, row.place.as_ref(), "op fails", &here);
        } else {
            self.cell(row.thread, row.place.as_ref(), "op", &text);
        }
        let place = row.place.as_ref().map(SourceLine::to_string).unwrap_or_default();
        let line = self.row;
        let _ = writeln!(
            self.html,
            "<small class=\"place\" style=\"grid-row:{line}\">{}</small>",
            markup(&place)
        );
        self.row += 1;
    }

    /// All threads that wait for ever, side by side: no order is between them.
    fn waits(&mut self) {
        if self.picture.waits.is_empty() {
            return;
        }
        self.band();
        for wait in &self.picture.waits {
            self.cell(wait.thread, wait.place.as_ref(), "op waits", &markup(&reason(wait)));
        }
        let row = self.row;
        let _ = writeln!(self.html, "<small class=\"place\" style=\"grid-row:{row}\">at the end</small>");
        self.row += 1;
    }

    fn cell(&mut self, thread: ThreadId, place: Option<&SourceLine>, class: &str, content: &str) {
        let style = format!(" style=\"grid-row:{};grid-column:{}\"", self.row, self.column(thread));
        let class = format!("{class} {}", colour(thread));
        let cell = match place {
            // The place once more: narrow screens have no column for it.
            Some(place) => {
                let content = format!("{content}<small class=\"at\">{}</small>", markup(&place.to_string()));
                self.program.link(place, &class, &content, &style)
            }
            None => format!("<span class=\"{class}\"{style}>{content}</span>"),
        };
        self.html += &cell;
        self.html.push('\n');
    }

    /// What stands out behind the row in which the run fails.
    fn band(&mut self) {
        let row = self.row;
        let _ = writeln!(self.html, "<i class=\"band\" style=\"grid-row:{row};grid-column:1/-1\"></i>");
    }

    /// The lines of the lanes, behind everything.
    fn lanes(&mut self) {
        let rows = self.row - 2;
        for lane in &self.picture.lanes {
            let (column, colour) = (self.column(lane.thread), colour(lane.thread));
            let style = format!("grid-row:2/span {rows};grid-column:{column}");
            let _ = writeln!(self.html, "<i class=\"lane {colour}\" style=\"{style}\"></i>");
        }
    }
}

fn reason(wait: &Wait) -> String {
    match &wait.reason {
        WaitReason::Object { object, .. } => format!("waits for {object}"),
        WaitReason::ThreadEnd { ends } => format!("waits for the end of T{ends}"),
        WaitReason::Call { call } => format!("waits in {}", if call.is_empty() { "a call" } else { call }),
    }
}
