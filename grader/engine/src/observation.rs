//! What one run of a program leaves behind.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use schedule::ThreadId;
use schedule::protocol::CHILD;

use confine::run::{Ending, Outcome, Write, Writes};

/// What one run left behind.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// How the program ended. `None` only before it ran.
    pub ending: Option<Ending>,
    /// Standard output.
    pub stdout: Text,
    /// Standard error.
    pub stderr: Text,
    /// How long the run took; for ratios to other runs, never judged by itself.
    pub wall: Duration,
    /// Threads of the program that had not ended when it had; known under control alone.
    pub threads_left: usize,
    /// Processes of the program that were alive when it had ended; 0 under control.
    pub survivors: usize,
    /// Whether bytes came to standard output in a way that an audit could not follow.
    pub has_evaded: bool,
    /// What was seen beside that.
    pub evidence: Option<Arc<dyn Evidence>>,
}

impl Observation {
    /// An observation of a plain run.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            ending: Some(outcome.ending),
            has_evaded: outcome.writes == Writes::Evaded,
            stdout: match outcome.writes {
                Writes::Known(writes) => Text::written(split(&outcome.stdout, &writes)),
                _ => Text::new(outcome.stdout),
            },
            stderr: Text::new(outcome.stderr),
            wall: outcome.wall,
            survivors: outcome.survivors,
            threads_left: 0,
            evidence: None,
        }
    }

    /// The same observation with what was seen beside.
    pub fn with(mut self, evidence: impl Evidence) -> Self {
        self.evidence = Some(Arc::new(evidence));
        self
    }

    /// What was seen beside, if it is of this type.
    pub fn evidence<T: Evidence>(&self) -> Option<&T> {
        let evidence: &dyn Any = &**self.evidence.as_ref()?;
        evidence.downcast_ref()
    }

    /// Whether it says something though the program did not come to its end.
    pub fn stands_alone(&self) -> bool {
        self.evidence.as_ref().is_some_and(|evidence| evidence.stands_alone())
    }

    /// How the program ended.
    pub fn ending(&self) -> &Ending {
        static NOT_RUN: Ending = Ending::ToolError(String::new());
        self.ending.as_ref().unwrap_or(&NOT_RUN)
    }

    /// Where a `todo!` was reached, in a program that is still a stub.
    pub fn reached_stub(&self) -> Option<String> {
        let lines = &self.stderr.lines;
        let line = lines.iter().position(|line| line.starts_with("not yet implemented"))?;
        let place = lines.get(line.checked_sub(1)?)?.split_once(" panicked at ")?.1;
        Some(format!("the stub at {} is still to be written", place.trim_end_matches(':')))
    }

    /// Whether somebody waited for the program to do something, and gave up.
    pub fn was_waited_for(&self) -> bool {
        let in_vain = self.evidence.as_ref().is_some_and(|evidence| evidence.was_waited_for());
        in_vain || matches!(self.ending(), Ending::Idle { .. })
    }

    /// The exit code, where the program ended by itself.
    pub fn code(&self) -> Option<i32> {
        self.ending().code()
    }
}

/// Bytes as they were written.
fn split<'a>(mut bytes: &'a [u8], writes: &'a [Write]) -> impl Iterator<Item = (ThreadId, &'a [u8])> {
    writes.iter().map(move |write| {
        let (one, rest) = bytes.split_at(write.bytes.min(bytes.len()));
        bytes = rest;
        (write.thread, one)
    })
}

/// What was seen of a run beside the program's own output: by servers and clients that it talked to, or of its processes.
/// Each scenario has a type of its own for it.
pub trait Evidence: Any + fmt::Debug + Send + Sync {
    /// Whether it says something also of a run that did not come to its end.
    fn stands_alone(&self) -> bool {
        false
    }

    /// Whether somebody waited for the program to do something, and gave up.
    fn was_waited_for(&self) -> bool {
        false
    }
}

/// Who wrote a line, in words: a child's lines are written by no thread of the program.
pub fn writer(thread: ThreadId) -> String {
    match thread {
        CHILD => "a child process".into(),
        0 => "the main thread".into(),
        thread => format!("thread {thread}"),
    }
}

/// What a program wrote, as bytes and as lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The bytes as written.
    pub bytes: Vec<u8>,
    /// The lines without their ends; bytes that are not UTF-8 are shown as U+FFFD.
    pub lines: Vec<String>,
    /// The thread that ended each line, [`CHILD`] where a child process wrote it; `None` for all lines where that is
    /// not known.
    pub threads: Option<Vec<ThreadId>>,
    /// The first line (from 0) that came in the same write as the line before it; `None` where there is
    /// no such line, or where writes are not known.
    pub shares_a_write: Option<usize>,
    /// The first line (from 0) that came in several writes; `None` where there is no such line, or where writes are not
    /// known.
    pub is_torn: Option<usize>,
    /// What the main thread alone wrote; `None` where writers are not known.
    pub of_main: Option<Vec<u8>>,
}

impl Text {
    /// Splits `bytes` into lines.
    pub fn new(bytes: Vec<u8>) -> Self {
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        Self { bytes, lines, threads: None, shares_a_write: None, is_torn: None, of_main: None }
    }

    /// What threads wrote, in the order of their writes.
    pub fn written<'a>(writes: impl IntoIterator<Item = (ThreadId, &'a [u8])>) -> Self {
        let mut bytes = Vec::new();
        let mut threads = Vec::new();
        let mut last = None;
        let mut of_main = Vec::new();
        let (mut shares_a_write, mut is_torn) = (None, None);
        for (thread, text) in writes {
            let before = threads.len();
            if thread != CHILD && !text.is_empty() && bytes.last().is_some_and(|&byte| byte != b'\n') {
                is_torn = is_torn.or(Some(before));
            }
            threads.extend(text.iter().filter(|&&byte| byte == b'\n').map(|_| thread));
            // Of a child's writes is known what came, not how.
            if thread != CHILD && text.trim_ascii_end().contains(&b'\n') {
                shares_a_write = shares_a_write.or(Some(before + 1));
            }
            bytes.extend_from_slice(text);
            if thread == 0 {
                of_main.extend_from_slice(text);
            }
            last = Some(thread);
        }
        let written = Self::new(bytes);
        if !written.ends_with_newline() {
            threads.extend(last);
        }
        Self { threads: Some(threads), shares_a_write, is_torn, of_main: Some(of_main), ..written }
    }

    /// What threads wrote, each thread's bytes put together: a line that comes in several writes
    /// is not torn by the writes of others. Lines stand in the order in which they were ended.
    pub fn put_together<'a>(writes: impl IntoIterator<Item = (ThreadId, &'a [u8])>) -> Self {
        let mut open: Vec<(ThreadId, Vec<u8>)> = Vec::new();
        let mut whole: Vec<(ThreadId, Vec<u8>)> = Vec::new();
        for (thread, text) in writes {
            for piece in text.split_inclusive(|&byte| byte == b'\n') {
                let place = open.iter().position(|(owner, _)| *owner == thread).unwrap_or_else(|| {
                    open.push((thread, Vec::new()));
                    open.len() - 1
                });
                open[place].1.extend_from_slice(piece);
                if piece.ends_with(b"\n") {
                    whole.push((thread, std::mem::take(&mut open[place].1)));
                }
            }
        }
        whole.extend(open.into_iter().filter(|(_, rest)| !rest.is_empty()));
        Self::written(whole.iter().map(|(thread, line)| (*thread, line.as_slice())))
    }

    /// Whether the last line has its end, or there is no line at all.
    pub fn ends_with_newline(&self) -> bool {
        self.bytes.last().is_none_or(|&byte| byte == b'\n')
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stub_is_known_by_its_panic() {
        let seen = Observation {
            stderr: "\nthread 'main' (1) panicked at src/main.rs:7:5:\nnot yet implemented\n".into(),
            ..Observation::default()
        };
        assert_eq!(seen.reached_stub().unwrap(), "the stub at src/main.rs:7:5 is still to be written");
    }

    #[test]
    fn a_line_belongs_to_the_thread_that_wrote_it() {
        let text = Text::written([(1, "one\ntwo\n".as_bytes()), (2, b"three")]);
        assert_eq!((text.lines.len(), text.threads), (3, Some(vec![1, 1, 2])));
    }

    #[test]
    fn how_a_child_wrote_its_lines_is_not_known() {
        let text = Text::written([(CHILD, "one\ntwo\n".as_bytes()), (1, b"three\n")]);
        assert_eq!((text.shares_a_write, text.threads), (None, Some(vec![CHILD, CHILD, 1])));
        assert_eq!([CHILD, 0, 3].map(writer), ["a child process", "the main thread", "thread 3"]);
    }

    #[test]
    fn lines_that_share_a_write_are_known() {
        let shared =
            |writes: &[&str]| Text::written(writes.iter().map(|write| (1, write.as_bytes()))).shares_a_write;
        assert_eq!(shared(&["one\n", "two\n", "three", "\n"]), None);
        assert_eq!(shared(&["one\n", "two\nthree\n", "four\nfive\n"]), Some(2));
        assert_eq!(shared(&["one\ntwo"]), Some(1));
    }

    #[test]
    fn lines_in_several_writes_are_known() {
        let torn = |writes: &[&str]| Text::written(writes.iter().map(|write| (1, write.as_bytes()))).is_torn;
        assert_eq!(torn(&["one\n", "two\nthree\n", ""]), None);
        assert_eq!(torn(&["one\n", "two", "\n"]), Some(1));
        assert_eq!(torn(&["one", "\ntwo", "\n"]), Some(0));
    }

    #[test]
    fn lines_in_pieces_are_put_together_by_thread() {
        let text = Text::put_together([(1, "a".as_bytes()), (2, b"x\n"), (1, b"b\n"), (2, b"end")]);
        assert_eq!(text.lines, ["x", "ab", "end"]);
        assert_eq!(text.threads, Some(vec![2, 1, 2]));
    }
}
