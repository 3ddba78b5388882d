//! What is run, what a run leaves behind, and how it is judged.
//!
//! A *case* is one way of calling the program, with everything around it that the program talks
//! to. Running a case once gives an [`Observation`]. Judges are pure functions over observations:
//! they do no I/O, so the same observation always gets the same judgement.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use schedule::ThreadId;
use schedule::protocol::CHILD;

use crate::run::{Ending, Outcome, RunError, Write};
use crate::sandbox::Network;
pub use crate::stage::Stage;

/// One way of calling the program.
pub struct Case {
    /// Unique in its exercise; letters, digits and `-`. Users name it in `replay`.
    pub id: String,
    /// What is done with the program.
    pub scenario: Box<dyn Scenario>,
    /// How many times stress runs it, when nothing fails before.
    pub runs: u32,
    /// How many percent of the exercise's schedules explore gives to it; 0 for a case that is not
    /// explored. They add up to 100 at most, less where single runs are slow.
    pub share: u32,
    /// Whom the program can talk to.
    pub network: Network,
    /// What has a part in it that answers when it likes.
    pub talks: Talks,
    /// The promises that each run is held against.
    pub judges: Vec<(&'static str, Judge)>,
    /// The promises about who wrote which line: runs under control and audited ones know.
    pub writer_judges: Vec<(&'static str, Judge)>,
    /// The promises about runs in which one thread is kept from running.
    pub starved_judges: Vec<(&'static str, Judge)>,
    /// What at least one of the explored schedules must show.
    pub witnesses: Vec<Witness>,
    /// The threads that must work together in at least one schedule.
    pub sharing: Option<Sharing>,
    /// Whether it asks for nothing or next to nothing: what is kept here shows nothing done.
    pub is_idle: bool,
}

/// Whom a program talks to beside what is under control. When an answer comes is not up to the schedule then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talks {
    /// To nobody.
    Not,
    /// Its threads talk to each other, through sockets of the kernel.
    Within,
    /// To others: child processes, servers, clients.
    Out,
}

/// A promise that the work is that of several threads: each of them operates on what they share.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    /// The checks that it belongs to.
    pub checks: &'static [&'static str],
    /// What some schedule must show.
    pub expected: &'static str,
    /// So many threads at least.
    pub threads: usize,
    /// So many operations of each of them, on one and the same object.
    pub operations: usize,
}

/// A promise that some schedule shows something: that threads overlap, that a race loses an update.
pub struct Witness {
    /// The check.
    pub check: &'static str,
    /// What some schedule must show.
    pub expected: &'static str,
    /// Whether reports for people show the schedule that does, also when all is well.
    pub is_lesson: bool,
    /// [`Judgement::Broken`], with what shows, for a run that shows it.
    pub shows: Judge,
}

impl Case {
    /// A case that only calls the program with `args` and waits for its end.
    pub fn of_args<A: Into<String>>(id: impl Into<String>, args: impl IntoIterator<Item = A>) -> Self {
        Self::new(id, Call { args: args.into_iter().map(Into::into).collect(), files: Vec::new() })
    }

    /// A case for any scenario.
    pub fn new(id: impl Into<String>, scenario: impl Scenario + 'static) -> Self {
        Self {
            id: id.into(),
            scenario: Box::new(scenario),
            runs: 10,
            share: 0,
            network: Network::Own,
            talks: Talks::Not,
            judges: Vec::new(),
            writer_judges: Vec::new(),
            starved_judges: Vec::new(),
            witnesses: Vec::new(),
            sharing: None,
            is_idle: false,
        }
    }

    /// Says that it asks for nothing or next to nothing: a promise that is kept here alone is none that was kept.
    pub fn idle(mut self) -> Self {
        self.is_idle = true;
        self
    }

    /// Asks for threads that share something: who only prints what is due does not keep these checks.
    pub fn shared(mut self, sharing: Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    /// Sets how many times stress runs the case.
    pub fn runs(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
    }

    /// Lets the program talk to the grader's scripted servers and clients.
    pub fn networked(mut self) -> Self {
        self.network = Network::Shared;
        self.talking(Talks::Out)
    }

    /// Says that sockets or child processes have a part in it, so that its schedules are not told apart.
    pub fn talking(mut self, talks: Talks) -> Self {
        self.talks = talks;
        self
    }

    /// Has the case explored, with so many percent of the exercise's schedules.
    pub fn explored(mut self, share: u32) -> Self {
        self.share = share;
        self
    }

    /// Adds a judge that needs to know which thread wrote a line.
    pub fn judge_writers(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.writer_judges.push((check, Box::new(judge)));
        self
    }

    /// Adds a judge of runs in which one thread is kept from running while others can go on.
    pub fn judge_starved(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.starved_judges.push((check, Box::new(judge)));
        self
    }

    /// Asks for at least one explored schedule in which `shows` finds something, and says what and where.
    pub fn witness(
        mut self,
        check: &'static str,
        expected: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Self {
        let shows = Box::new(move |seen: &Observation| {
            shows(seen)
                .map_or(Judgement::Kept, |(what, line)| Fault { line, ..Fault::new(expected, what) }.into())
        });
        self.witnesses.push(Witness { check, expected, is_lesson: false, shows });
        self
    }

    /// As [`Case::witness`]; reports for people show the schedule.
    pub fn lesson(
        self,
        check: &'static str,
        expected: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Self {
        let mut case = self.witness(check, expected, shows);
        case.witnesses
            .iter_mut()
            .filter(|witness| witness.check == check)
            .for_each(|one| one.is_lesson = true);
        case
    }

    /// Adds a judge for the check `check`.
    pub fn judge(
        mut self,
        check: &'static str,
        judge: impl Fn(&Observation) -> Judgement + Send + Sync + 'static,
    ) -> Self {
        self.judges.push((check, Box::new(judge)));
        self
    }
}

/// Holds one observation against one promise.
pub type Judge = Box<dyn Fn(&Observation) -> Judgement + Send + Sync>;

/// What a judge says of one observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The promise was kept.
    Kept,
    /// The promise was broken.
    Broken(Fault),
    /// The observation shows neither; the reason is for people.
    Unproven(String),
    /// There was nothing that could keep or break it: no line of which to ask who wrote it.
    Nothing,
}

/// How a promise was broken, in words for the student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the contract asks for here.
    pub expected: String,
    /// What the program did instead.
    pub seen: String,
    /// The line of standard output (from 0) at which it shows, if there is one.
    pub line: Option<usize>,
}

impl Fault {
    /// A fault that no single line shows.
    pub fn new(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { expected: expected.into(), seen: seen.into(), line: None }
    }

    /// The same fault, shown at a line of standard output (from 0).
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl From<Fault> for Judgement {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl From<Result<(), Fault>> for Judgement {
    fn from(result: Result<(), Fault>) -> Self {
        result.map_or_else(Self::Broken, |()| Self::Kept)
    }
}

/// What is done with the program in one case: calls it, plays the other side (a server, clients),
/// and collects what it left behind.
pub trait Scenario: Send + Sync {
    /// Runs the program once. Called many times for one case, never at once for the same `stage`.
    ///
    /// # Errors
    /// When the grader cannot set the stage (no socket, no folder) or was interrupted. What the
    /// *program* does wrong is never an error but part of the observation.
    fn perform(&self, stage: &Stage<'_>) -> Result<Observation, RunError>;

    /// A shell command for `program` that a person could type to see the same, for reports.
    fn shown(&self, program: &str) -> String;
}

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
    /// Processes of the program that were alive when it had ended; 0 under control.
    pub survivors: usize,
    /// What the other side of the conversation saw.
    pub evidence: Evidence,
}

impl Observation {
    /// An observation of a plain run.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            ending: Some(outcome.ending),
            stdout: match outcome.writes {
                Some(writes) => Text::written(split(&outcome.stdout, &writes)),
                None => Text::new(outcome.stdout),
            },
            stderr: Text::new(outcome.stderr),
            wall: outcome.wall,
            survivors: outcome.survivors,
            evidence: Evidence::None,
        }
    }

    /// The same observation with what the other side saw.
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
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
        let in_vain =
            matches!(&self.evidence, Evidence::Chat(transcripts) if transcripts.gave_up().is_some());
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

/// What the grader's side of a conversation saw, beside the program's own output.
#[derive(Clone, Debug, Default)]
pub enum Evidence {
    /// The program talked to nobody.
    #[default]
    None,
    /// What the scripted HTTP server answered, and the files that the program left.
    Http(Box<crate::fixture::http::Traffic>),
    /// The child processes that it had.
    Family(crate::fixture::family::Family),
    /// Which named pipes it opened, and what it took for memory.
    Reading(crate::fixture::pipes::Reading),
    /// What was seen of a run that was not to come to its end.
    Unfinished(crate::fixture::pipes::Reading),
    /// What each scripted chat client sent and received.
    Chat(Box<crate::fixture::chat::Transcripts>),
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
}

impl Text {
    /// Splits `bytes` into lines.
    pub fn new(bytes: Vec<u8>) -> Self {
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        Self { bytes, lines, threads: None, shares_a_write: None }
    }

    /// What threads wrote, in the order of their writes.
    pub fn written<'a>(writes: impl IntoIterator<Item = (ThreadId, &'a [u8])>) -> Self {
        let mut bytes = Vec::new();
        let mut threads = Vec::new();
        let mut last = None;
        let mut shares_a_write = None;
        for (thread, text) in writes {
            let before = threads.len();
            threads.extend(text.iter().filter(|&&byte| byte == b'\n').map(|_| thread));
            // Of a child's writes is known what came, not how.
            if thread != CHILD && text.trim_ascii_end().contains(&b'\n') {
                shares_a_write = shares_a_write.or(Some(before + 1));
            }
            bytes.extend_from_slice(text);
            last = Some(thread);
        }
        let written = Self::new(bytes);
        if !written.ends_with_newline() {
            threads.extend(last);
        }
        Self { threads: Some(threads), shares_a_write, ..written }
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

/// The plainest scenario: call the program with arguments and wait for its end.
pub struct Call {
    /// The program's arguments.
    pub args: Vec<String>,
    /// Files that are put into the working folder before the call: name and content.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Scenario for Call {
    fn perform(&self, stage: &Stage<'_>) -> Result<Observation, RunError> {
        for (name, content) in &self.files {
            put(&stage.folder.join(name), content)
                .map_err(|error| RunError::Stage(format!("{name}: {error}")))?;
        }
        stage.run(stage.call(self.args.clone()))
    }

    fn shown(&self, program: &str) -> String {
        std::iter::once(program).chain(self.args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}

/// Writes a file. Whatever stands in its place is neither followed nor opened, as the program may have put it there and
/// taken the right to remove it.
fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    match File::create_new(path) {
        Ok(mut file) => file.write_all(content),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dangling_link_in_the_place_of_a_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::os::unix::fs::symlink(&outside, folder.path().join("ledger.csv")).unwrap();
        put(&folder.path().join("ledger.csv"), b"teller").unwrap();
        assert!(!outside.exists());
    }

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
    fn lines_in_pieces_are_put_together_by_thread() {
        let text = Text::put_together([(1, "a".as_bytes()), (2, b"x\n"), (1, b"b\n"), (2, b"end")]);
        assert_eq!(text.lines, ["x", "ab", "end"]);
        assert_eq!(text.threads, Some(vec![2, 1, 2]));
    }
}
