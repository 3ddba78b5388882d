//! What a judge says of a run.
//!
//! Judges are pure functions over observations: they do no I/O, so the same observation always gets the same judgement.

use crate::observation::Observation;

/// Holds observations against one promise.
pub struct Judge {
    judgement: Box<dyn Fn(&Observation) -> Judgement + Send + Sync>,
    is_of_ending: bool,
}

impl Judge {
    /// One of what a program does.
    pub fn new(judgement: impl Fn(&Observation) -> Judgement + Send + Sync + 'static) -> Self {
        Self { judgement: Box::new(judgement), is_of_ending: false }
    }

    /// One of whether and how a program ends.
    pub fn of_ending(judgement: impl Fn(&Observation) -> Judgement + Send + Sync + 'static) -> Self {
        Self { is_of_ending: true, ..Self::new(judgement) }
    }

    /// Whether it is about how the program ends.
    pub fn is_of_ending(&self) -> bool {
        self.is_of_ending
    }

    /// What it says of a run; `None` where the run says nothing of its promise: one that did not end by itself says only
    /// how the program ends, if what was seen beside does not stand alone.
    pub fn judge(&self, seen: &Observation) -> Option<Judgement> {
        if seen.ending().proves_nothing() {
            return Some(Judgement::Unproven(seen.ending().to_string()));
        }
        let is_heard = seen.code().is_some() || seen.stands_alone() || self.is_of_ending;
        is_heard.then(|| self.judge_unasked(seen))
    }

    /// What it says of an observation, also where the run says nothing of its promise.
    pub fn judge_unasked(&self, seen: &Observation) -> Judgement {
        (self.judgement)(seen)
    }
}

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
    /// The id of the sentence of the contract that is broken, where the judge knows better than the case.
    pub sentence: Option<&'static str>,
}

impl Fault {
    /// A fault that no single line shows.
    pub fn new(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { expected: expected.into(), seen: seen.into(), line: None, sentence: None }
    }

    /// The same fault, shown at a line of standard output (from 0).
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same fault, which breaks this sentence.
    pub fn of(mut self, sentence: &'static str) -> Self {
        self.sentence = Some(sentence);
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

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;
    use crate::observation::Evidence;

    #[derive(Debug)]
    struct Standing;

    impl Evidence for Standing {
        fn stands_alone(&self) -> bool {
            true
        }
    }

    #[test]
    fn a_run_without_an_end_says_only_how_the_program_ends() {
        let (of_work, of_ending) = (Judge::new(|_| Judgement::Kept), Judge::of_ending(|_| Judgement::Kept));
        let ended = |ending| Observation { ending: Some(ending), ..Observation::default() };
        assert_eq!(of_work.judge(&ended(Ending::Exited(1))), Some(Judgement::Kept));
        assert_eq!(of_work.judge(&ended(Ending::Stopped)), None);
        assert_eq!(of_ending.judge(&ended(Ending::Stopped)), Some(Judgement::Kept));
        assert_eq!(of_work.judge(&ended(Ending::Stopped).with(Standing)), Some(Judgement::Kept));
        let lost = ended(Ending::ToolError("gone".into()));
        assert!(matches!(of_ending.judge(&lost), Some(Judgement::Unproven(_))));
    }
}
