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
        let bar = ProgressBar::new_spinner().with_style(
            ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// No line at all.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Says what is being done now.
    pub fn say(&self, what: String) {
        self.bar.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
