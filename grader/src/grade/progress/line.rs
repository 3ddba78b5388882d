//! The last line of a terminal, written anew ten times a second, and what stands above it.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use textwrap::core::display_width;

const TICK: Duration = Duration::from_millis(100);
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// How many characters a bar has.
const BAR: u64 = 20;

/// It is there until this is dropped, and then nothing of it is left.
pub(super) struct Line {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    shown: Shown,
    has_ended: bool,
}

/// What a line says.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// Whole lines, which stand above it.
    pub(super) above: String,
    /// What is being done.
    pub(super) what: String,
    /// How much of it is done, where that is known.
    pub(super) count: Option<Count>,
}

/// So many of so many.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) done: u64,
    pub(super) total: u64,
    /// What is counted.
    pub(super) unit: String,
}

impl Line {
    /// One on standard error, which is a terminal. Without a thread to write it there is none.
    pub(super) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let writer = thread::Builder::new().name("progress".into()).spawn(move || told.write());
        Self { shared, writer: writer.ok() }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shared.state().shown);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.state().has_ended = true;
        self.shared.ended.notify_all();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the line until it ends.
    fn write(&self) {
        let began = Instant::now();
        let mut rows = 1;
        for spinner in SPINNER.iter().cycle() {
            let text = self.state().shown.text(*spinner, began.elapsed());
            put(&(erase(rows) + &text));
            rows = rows_of(&text, columns());
            let waited = self.ended.wait_timeout_while(self.state(), TICK, |state| !state.has_ended);
            if waited.unwrap_or_else(PoisonError::into_inner).0.has_ended {
                break;
            }
        }
        put(&erase(rows));
    }
}

impl Shown {
    fn text(&self, spinner: char, elapsed: Duration) -> String {
        let Self { above, what, count } = self;
        let count = count.as_ref().map(|count| format!("{count} ")).unwrap_or_default();
        format!("{above}{spinner} {what} {count}\u{1b}[2m{}\u{1b}[0m", short(elapsed))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, total, unit } = self;
        let full = (BAR * done).checked_div(*total).unwrap_or(BAR).min(BAR);
        (0..BAR).try_for_each(|place| f.write_str(if place < full { "█" } else { "░" }))?;
        write!(f, " {done}/{total} {unit}")
    }
}

/// In seconds, or where these would be many, in minutes.
fn short(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        seconds @ ..90 => format!("{seconds}s"),
        seconds => format!("{}m", (seconds + 30) / 60),
    }
}

/// Nobody to tell is no reason to stop.
fn put(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What takes away so many rows, of which the last is the one that was written last.
fn erase(rows: usize) -> String {
    match rows {
        0 | 1 => "\r\u{1b}[J".to_owned(),
        _ => format!("\r\u{1b}[{}A\u{1b}[J", rows - 1),
    }
}

/// How many rows of a terminal a text takes.
fn rows_of(text: &str, columns: usize) -> usize {
    text.lines().map(|line| display_width(line).div_ceil(columns).max(1)).sum()
}

fn columns() -> usize {
    const USUAL: usize = 80;
    let told = rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
    told.filter(|&columns| columns > 0).unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(done: u64, total: u64) -> String {
        Count { done, total, unit: "runs".to_owned() }.to_string()
    }

    #[test]
    fn a_bar_is_as_full_as_what_is_done() {
        assert_eq!(count(0, 150), "░░░░░░░░░░░░░░░░░░░░ 0/150 runs");
        assert_eq!(count(75, 150), "██████████░░░░░░░░░░ 75/150 runs");
        assert_eq!(count(151, 150), "████████████████████ 151/150 runs");
        assert_eq!(count(0, 0), "████████████████████ 0/0 runs");
    }

    #[test]
    fn a_line_says_what_is_done_and_for_how_long() {
        let shown = Shown { above: "one\n".into(), what: "building".into(), count: None };
        let text = |seconds| shown.text('*', Duration::from_secs(seconds));
        assert_eq!(text(89), "one\n* building \u{1b}[2m89s\u{1b}[0m");
        assert_eq!(text(90), "one\n* building \u{1b}[2m2m\u{1b}[0m");
    }

    #[test]
    fn rows_are_counted_as_a_terminal_breaks_lines() {
        assert_eq!(rows_of("12345\n\n12", 2), 5);
        assert_eq!(rows_of("\u{1b}[2m12\u{1b}[0m", 2), 1);
        assert_eq!(rows_of("漢字", 2), 2);
        assert_eq!(rows_of("", 2), 0);
    }

    #[test]
    fn what_was_written_is_taken_away() {
        assert_eq!(erase(1), "\r\u{1b}[J");
        assert_eq!(erase(3), "\r\u{1b}[2A\u{1b}[J");
    }
}
