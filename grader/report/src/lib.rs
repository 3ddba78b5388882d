//! What grading came to, as one plain value. Every output format is rendered from it, so no two
//! formats can disagree.
//!
//! Nothing here builds or runs anything: of the engine it knows the picture of a run, sources, and how text is escaped.

// Elsewhere there is nothing here, and the grader's command says so in one sentence.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod audience;
mod base64;
mod classroom;
mod columns;
mod compiler_text;
mod diagnostics;
mod entries;
mod exercism;
mod format;
mod github;
mod gradescope;
mod html;
mod human;
mod json;
mod junit;
pub mod late;
mod next_step;
mod points;
#[cfg(test)]
mod sample;
mod source;
mod summary;
#[cfg(test)]
mod tests;
pub mod verdict;

use std::fmt;

use confine::sandbox::{self, Tier};
use engine::picture::{Picture, SourceLine};
use serde::{Deserialize, Serialize};

use crate::late::Late;
use crate::verdict::Verdict;

pub use audience::{Audience, Visibility};
pub use base64::base64;
pub use format::Format;
pub use points::{Points, rounded, sum};
pub use source::SourceFile;
pub use source::listing;

/// The version of the JSON form. Fields are added without changing it, never removed or renamed.
pub const SCHEMA_VERSION: u32 = 1;

/// What a report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The course's exercises: each has a contract, hints and points.
    #[default]
    Exercises,
    /// Targets of any package: each check is a test, or something that must hold of any program.
    Targets,
}

impl Subject {
    fn is_exercises(&self) -> bool {
        *self == Self::Exercises
    }
}

/// The result of one call of the grader.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Subject::is_exercises")]
    pub subject: Subject,
    /// The seed that everything drawn by chance came from.
    pub seed: u64,
    /// How strong the sandbox was that the programs ran in.
    pub sandbox: Tier,
    /// The worst verdict of all exercises.
    pub verdict: Verdict,
    /// The sum of all exercises.
    pub score: f64,
    /// The most that could be reached.
    pub max_score: f64,
    /// The exercises, in the order of the course.
    pub exercises: Vec<ExerciseReport>,
    /// Whether the grader was stopped before it had graded everything; then nothing is a pass.
    #[serde(default, skip_serializing_if = "is_false")]
    pub incomplete: bool,
    /// What stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// The exercises that it did not come to the end of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_graded: Vec<String>,
}

/// The result of one exercise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExerciseReport {
    /// Its name.
    pub exercise: String,
    /// The worst verdict of its checks, or why there are none.
    pub verdict: Verdict,
    /// The points of the checks that passed, less those lost for being late.
    pub score: f64,
    /// The points of all checks.
    pub max_score: f64,
    /// What was lost for being late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
    /// The points of checks that are kept from the reader; they are in the sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Points>,
    /// Why nothing was judged: the compiler's errors, the stub that was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What was run under control.
    pub explored: Explored,
    /// What was run without control.
    pub stressed: Stressed,
    /// The checks, in the order of the contract.
    pub checks: Vec<CheckReport>,
    /// How long grading took, without the build.
    pub seconds: f64,
    /// What was graded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<SourceFile>,
}

/// Runs under controlled schedules.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Explored {
    /// Schedules run.
    pub schedules: u64,
    /// Different ones among them, without those of cases in which sockets or child processes have a part: what
    /// happens there is not the schedule's alone.
    pub distinct: u64,
    /// Schedules a second; a time, so it differs from run to run.
    pub per_second: f64,
    /// What a bounded search came to, by case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounded: Vec<BoundedReport>,
    /// The cases of which fewer schedules were run than were asked for, as their runs take too long.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fewer: Vec<FewerReport>,
    /// The cases of which all orders were tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofs: Vec<ProofReport>,
}

/// A case in which no order of what its threads do with each other breaks a promise: all were tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProofReport {
    /// The case.
    pub case: String,
    /// The most operations on shared data in a run.
    pub operations: usize,
    /// The orders of them that differ.
    pub classes: usize,
    /// Runs that it took to try them all.
    pub runs: u64,
}

impl ProofReport {
    /// What is proved.
    fn claim(&self) -> String {
        let Self { operations, classes, .. } = self;
        match classes {
            1 => {
                format!("proved: its {operations} operations on shared data have one order, and it is right")
            }
            _ => {
                format!("proved: right in all {classes} orders of its {operations} operations on shared data")
            }
        }
    }
}

/// A case whose runs take too long for all schedules that were asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FewerReport {
    /// The case.
    pub case: String,
    /// Schedules run.
    pub schedules: u64,
    /// Schedules asked for.
    pub asked: u64,
    /// About so much time a run takes: of the processor's, or an eighth of what it waits; the next power of two.
    pub milliseconds: u64,
}

impl fmt::Display for FewerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, schedules, asked, milliseconds } = self;
        write!(
            f,
            "{case}: only {schedules} of {asked} schedules were run, as a run takes about {milliseconds} ms"
        )
    }
}

/// How far a search of all schedules with few preemptions came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BoundedReport {
    /// The case.
    pub case: String,
    /// Schedules run.
    pub schedules: u64,
    /// All schedules with at most so many preemptions were run; `null` for not even those without.
    pub complete_preemptions: Option<u32>,
    /// How many those were.
    pub complete_schedules: u64,
    /// Whether that is all that was asked for.
    pub complete: bool,
}

/// Runs under the operating system's own schedule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stressed {
    /// Runs of the program.
    pub runs: u64,
}

/// The result of one check.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckReport {
    /// Its id.
    pub id: String,
    /// What it came to.
    pub verdict: Verdict,
    /// Points reached.
    pub score: f64,
    /// Points for passing.
    pub max_score: f64,
    /// When students see it.
    #[serde(default, skip_serializing_if = "Visibility::is_visible")]
    pub visibility: Visibility,
    /// One sentence: what was found.
    pub message: String,
    /// Where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The run that shows it, for a check that asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<Failure>,
    /// Whether people should see that run.
    #[serde(skip)]
    pub lesson: Lesson,
}

/// How much people see of a run that shows what some run must show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// Nothing: that it was shown is enough.
    #[default]
    None,
    /// That it was, and how to see it.
    Named,
    /// The picture.
    Drawn,
}

/// One run that broke a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The sentence of the contract that is broken, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentence: Option<Sentence>,
    /// What the contract asks for.
    pub expected: String,
    /// What happened.
    pub seen: String,
    /// How the run ended, one word.
    pub ending: String,
    /// How the run ended, in a sentence.
    pub ended: String,
    /// The case.
    pub case: String,
    /// The call of the program, as a person would type it.
    pub call: String,
    /// The schedule that shows it; `null` for a run without control.
    pub schedule: Option<String>,
    /// How many schedules were tried until it was found, this one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_after: Option<u64>,
    /// A command that shows it again.
    pub replay: String,
    /// The output around the failure, numbered from 1, the line itself marked with `>`.
    pub lines: Vec<String>,
    /// The student's line at which it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<SourceLine>,
    /// The end of what the program wrote to standard error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stderr: Vec<String>,
    /// The picture as columns of text, a thread each; empty for a run without control.
    pub trace: Vec<String>,
    /// What the threads did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<Picture>,
}

/// A sentence of an exercise's contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Unique in its exercise.
    pub id: String,
    /// As it stands in the README, in one line.
    pub text: String,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Report {
    /// Sums up `exercises`.
    pub fn new(seed: u64, exercises: Vec<ExerciseReport>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            subject: Subject::Exercises,
            seed,
            sandbox: sandbox::tier(),
            verdict: Verdict::worst(exercises.iter().map(|exercise| exercise.verdict)),
            score: sum(exercises.iter().map(|exercise| exercise.score)),
            max_score: sum(exercises.iter().map(|exercise| exercise.max_score)),
            exercises,
            incomplete: false,
            stopped_by: None,
            not_graded: Vec::new(),
        }
    }

    /// The same report, of targets of any package.
    pub fn of_targets(self) -> Self {
        Self { subject: Subject::Targets, ..self }
    }

    /// The same report of a grader that was stopped by `reason` before it had graded `not_graded`.
    pub fn stopped(self, reason: String, not_graded: Vec<String>) -> Self {
        let verdict = self.verdict.max(Verdict::Inconclusive);
        Self { verdict, incomplete: true, stopped_by: Some(reason), not_graded, ..self }
    }

    /// What is missing, in a line; `None` for a complete report.
    pub(crate) fn incomplete_line(&self) -> Option<String> {
        let reason = self.stopped_by.as_deref().unwrap_or("stopped");
        self.incomplete.then(|| format!("incomplete: {reason}; not graded: {}", self.not_graded.join(", ")))
    }

    /// The summary of a job on GitHub, as Markdown of at most `most` bytes, for `audience`.
    pub fn summary(&self, audience: Audience, most: usize) -> String {
        summary::render(&self.seen_by(audience), most)
    }
}

impl Failure {
    /// The same failure with what the threads did. Once.
    pub fn with_picture(self, picture: Picture) -> Self {
        // Where the program says that it panicked may be a given function, which is not at fault.
        let place = picture.panicked.clone().or(self.place).or_else(|| picture.place().cloned());
        let old = if picture.orders.is_empty() { "" } else { ", where a load returns an old value" };
        let (seen, trace) = (self.seen + old, columns::lines(&picture, columns::WIDTH));
        Self { place, seen, trace, picture: Some(picture), ..self }
    }
}

impl CheckReport {
    /// Whether it is worth no points: then it is advice, and never decides about the exercise.
    pub fn is_advice(&self) -> bool {
        self.max_score == 0.0
    }
}

impl ExerciseReport {
    /// Derives verdict and points from the checks again, after some were left out.
    pub fn recount(&mut self) {
        if self.message.is_none() {
            let counted = self.checks.iter().filter(|check| !check.is_advice());
            self.verdict = Verdict::worst(counted.map(|check| check.verdict));
            self.score = sum(self.checks.iter().map(|check| check.score));
            self.max_score = sum(self.checks.iter().map(|check| check.max_score));
        }
    }

    /// What it came to, in a line for people.
    pub fn line(&self) -> String {
        human::summary_line(self, usize::MAX)
    }

    /// Takes off what `late` costs.
    pub fn hand_in_late(&mut self, late: Late) {
        self.score = late.left_of(self.score);
        self.late = Some(late);
    }

    /// The path by which users know a file of the program.
    pub fn path_of(&self, file: &str) -> String {
        let known = self.source.iter().find(|source| source.file == file);
        known.map_or_else(|| format!("crates/{}/src/{file}", self.exercise), |source| source.path.clone())
    }
}
