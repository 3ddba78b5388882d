//! What is run, what a run leaves behind, and how it is judged.
//!
//! A *case* is one way of calling the program, with everything around it that the program talks
//! to. Running a case once gives an [`Observation`]. Judges are pure functions over observations:
//! they do no I/O, so the same observation always gets the same judgement.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::run::{Ending, Invocation, Outcome, RunError};

/// One way of calling the program.
pub struct Case {
    /// Unique in its exercise; letters, digits and `-`. Users name it in `replay`.
    pub id: String,
    /// What is done with the program.
    pub scenario: Box<dyn Scenario>,
    /// How many times stress runs it, when nothing fails before.
    pub runs: u32,
    /// The promises that each run is held against.
    pub judges: Vec<(&'static str, Judge)>,
}

impl Case {
    /// A case that only calls the program with `args` and waits for its end.
    pub fn of_args<A: Into<String>>(id: impl Into<String>, args: impl IntoIterator<Item = A>) -> Self {
        Self::new(id, Call { args: args.into_iter().map(Into::into).collect(), files: Vec::new() })
    }

    /// A case for any scenario.
    pub fn new(id: impl Into<String>, scenario: impl Scenario + 'static) -> Self {
        Self { id: id.into(), scenario: Box::new(scenario), runs: 10, judges: Vec::new() }
    }

    /// Sets how many times stress runs the case.
    pub fn runs(mut self, runs: u32) -> Self {
        self.runs = runs;
        self
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

/// Where and how a scenario runs the program.
pub struct Stage<'a> {
    /// The built program.
    pub program: &'a Path,
    /// An empty folder that is the program's working directory for this run and is removed after it.
    pub folder: &'a Path,
    /// Varies the inputs that a scenario draws by chance. The same seed gives the same inputs.
    pub seed: u64,
}

impl Stage<'_> {
    /// A call of the program in this stage's folder, with the default limits.
    pub fn call<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        Invocation::new(self.program, self.folder).args(args)
    }
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
    /// What the other side of the conversation saw.
    pub evidence: Evidence,
}

impl Observation {
    /// An observation of a plain run.
    pub fn of(outcome: Outcome) -> Self {
        Self {
            ending: Some(outcome.ending),
            stdout: Text::new(outcome.stdout),
            stderr: Text::new(outcome.stderr),
            wall: outcome.wall,
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

    /// The exit code, where the program ended by itself.
    pub fn code(&self) -> Option<i32> {
        self.ending().code()
    }
}

/// What the grader's side of a conversation saw, beside the program's own output.
#[derive(Clone, Debug, Default)]
pub enum Evidence {
    /// The program talked to nobody.
    #[default]
    None,
    /// What the scripted HTTP server answered, and the files that the program left.
    Http(Box<crate::fixture::http::Traffic>),
    /// What each scripted chat client sent and received.
    Chat(Box<crate::fixture::chat::Transcripts>),
}

/// What a program wrote, as bytes and as lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The bytes as written.
    pub bytes: Vec<u8>,
    /// The lines without their ends; bytes that are not UTF-8 are shown as U+FFFD.
    pub lines: Vec<String>,
}

impl Text {
    /// Splits `bytes` into lines.
    pub fn new(bytes: Vec<u8>) -> Self {
        let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
        Self { bytes, lines }
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
            std::fs::write(stage.folder.join(name), content)
                .map_err(|error| RunError::Stage(format!("{name}: {error}")))?;
        }
        Ok(Observation::of(stage.call(self.args.clone()).run()?))
    }

    fn shown(&self, program: &str) -> String {
        std::iter::once(program).chain(self.args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}
