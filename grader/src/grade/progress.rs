//! A line on the terminal that says what the grader is doing. Never in a file or a pipe.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The line, and above it what was found so far. On anything but a terminal it shows nothing.
pub struct Progress {
    bar: ProgressBar,
    /// What was found so far, until the report says it.
    found: Mutex<Found>,
}

/// Lines of what is known already.
#[derive(Default)]
struct Found {
    /// One for each exercise that is graded.
    graded: Vec<String>,
    /// Of the one that is being graded.
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
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = Self { bar, found: Mutex::default() };
        progress.say(String::new());
        progress
    }

    /// No line at all.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), found: Mutex::default() }
    }

    /// Shows something that was found, for as long as the work goes on: nobody has to wait for the report to see it.
    pub fn found(&self, what: &str) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).failures.push(what.trim_end().to_owned());
    }

    /// Shows what an exercise came to, in place of what was found in it.
    pub fn graded(&self, what: &str) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.failures.clear();
        found.graded.push(what.trim_end().to_owned());
    }

    /// Says what is being done now, of which nobody knows how much it is.
    pub fn say(&self, what: String) {
        self.show("{prefix}{spinner} {msg} {elapsed:.dim}", what);
    }

    /// Says what is being done now: `total` of something, called `unit`.
    pub fn begin(&self, what: String, unit: &str, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(0);
        self.show(
            &format!("{{prefix}}{{spinner}} {{msg}} {{bar:20}} {{pos}}/{{len}} {unit} {{elapsed:.dim}}"),
            what,
        );
    }

    /// Says how much of it is done.
    pub fn done(&self, count: u64) {
        self.bar.set_position(count);
    }

    fn show(&self, template: &str, what: String) {
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        self.bar.set_style(style);
        self.bar.set_prefix(self.found.lock().unwrap_or_else(PoisonError::into_inner).text());
        self.bar.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
