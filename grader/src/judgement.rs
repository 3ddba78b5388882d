//! What a judge says of a run.
//!
//! Judges are pure functions over observations: they do no I/O, so the same observation always gets the same judgement.

use crate::observation::Observation;

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
