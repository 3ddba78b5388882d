//! A line on the terminal that says what the grader is doing. Never in a file or a pipe.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The line. On anything but a terminal it shows nothing.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line on standard error.
    pub fn on_terminal() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        let progress = Self { bar };
        progress.say(String::new());
        progress
    }

    /// No line at all.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Says what is being done now, of which nobody knows how much it is.
    pub fn say(&self, what: String) {
        self.show("{spinner} {msg} {elapsed:.dim}", what);
    }

    /// Says what is being done now: `total` of something, called `unit`.
    pub fn begin(&self, what: String, unit: &str, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(0);
        self.show(&format!("{{spinner}} {{msg}} {{bar:20}} {{pos}}/{{len}} {unit} {{elapsed:.dim}}"), what);
    }

    /// Says how much of it is done.
    pub fn done(&self, count: u64) {
        self.bar.set_position(count);
    }

    fn show(&self, template: &str, what: String) {
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        self.bar.set_style(style);
        self.bar.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
