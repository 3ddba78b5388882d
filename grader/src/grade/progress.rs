//! A line on the terminal that says what the grader is doing. Never in a file or a pipe.

mod line;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use line::{Count, Line, Shown};

/// The line, and above it what was found so far. On anything but a terminal it shows nothing.
pub struct Progress {
    line: Option<Line>,
    /// What was found so far, until the report says it.
    found: Mutex<Found>,
}

/// Lines of what is known already.
#[derive(Default)]
struct Found {
    /// One for each exercise that is graded.
    graded: Vec<String>,
    /// Of those that are being graded.
    failures: Vec<String>,
}

impl Found {
    /// The last of them, so that the line itself stays on the screen.
    fn text(&self) -> String {
        const MOST: usize = 16;
        let lines: Vec<&String> = self.graded.iter().chain(&self.failures).collect();
        lines[lines.len().saturating_sub(MOST)..].iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Says on a terminal what is being done, before there can be a line: that has a thread of its own.
pub fn announce(what: String) {
    if io::stderr().is_terminal() {
        // Nobody to tell is no reason to stop.
        let _ = writeln!(io::stderr(), "cargo grade: {what}");
    }
}

impl Progress {
    /// A line on standard error.
    pub fn on_terminal() -> Self {
        Self { line: io::stderr().is_terminal().then(Line::new), found: Mutex::default() }
    }

    /// No line at all.
    pub fn hidden() -> Self {
        Self { line: None, found: Mutex::default() }
    }

    /// Shows something that was found, for as long as the work goes on: nobody has to wait for the report to see it.
    pub fn found(&self, what: &str) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).failures.push(what.trim_end().to_owned());
    }

    /// Shows what an exercise came to, whose name comes first, in place of what was found in it.
    pub fn graded(&self, what: &str) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.failures.retain(|failure| failure.split(' ').next() != what.split(' ').next());
        found.graded.push(what.trim_end().to_owned());
    }

    /// Says what is being done now, of which nobody knows how much it is.
    pub fn say(&self, what: String) {
        self.show(what, None);
    }

    /// Says what is being done now: `total` of something, called `unit`.
    pub fn begin(&self, what: String, unit: &str, total: u64) {
        self.show(what, Some(Count { done: 0, total, unit: unit.to_owned() }));
    }

    /// Says how much of it is done.
    pub fn done(&self, count: u64) {
        let Some(line) = &self.line else { return };
        // Two gradings at once have one line, and what it counts may be the other one's.
        line.change(|shown| shown.count.iter_mut().for_each(|shown| shown.done = count.min(shown.total)));
    }

    fn show(&self, what: String, count: Option<Count>) {
        let Some(line) = &self.line else { return };
        let above = self.found.lock().unwrap_or_else(PoisonError::into_inner).text();
        line.change(|shown| *shown = Shown { above, what, count });
    }
}
