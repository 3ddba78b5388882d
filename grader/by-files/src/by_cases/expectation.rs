//! One expectation of a case: the check that it belongs to, and the one thing that it says.

mod raw;

use std::collections::BTreeMap;

use engine::case::{Case, Sharing};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use serde::Deserialize;

use super::amount::Amount;
use super::call;
use super::lines::Lines;
use super::numbers::{Ascending, Where};
use super::output::{self, Among, Count};
use super::pattern::Pattern;
use super::shows::Shows;
use super::writers::Writers;
use exercise::judges::{ends, kept_back, one_write_a_line, rests, terminates};
use exercise::outputs::{ends_quietly, ends_unless_it_panics};
use exercise::quoted::quoted;
use exercise::wrong_usage::names_all;
pub(super) use raw::RawExpectation;

/// What a case must do.
#[derive(Debug)]
pub struct Expectation {
    /// The id of the check that it belongs to.
    pub check: &'static str,
    /// The ids of the sentences of the contract that it tries; the first is broken where it is.
    pub tries: Vec<&'static str>,
    /// What is expected, in the file's own words; else what it says is put into words.
    pub expected: Option<&'static str>,
    /// Whether reports for people show the schedule that shows what some schedule must show.
    pub is_lesson: bool,
    /// What it says.
    pub kind: Kind,
}

/// What an expectation says. The names in `cases.toml` are in [`super`].
#[derive(Debug)]
pub enum Kind {
    /// Standard output is exactly these lines.
    Lines(Lines),
    /// Standard output is the lines of each group in any order, and the groups in theirs.
    Groups(Vec<Lines>),
    /// Each line fits the pattern in its place, and there are no others.
    Fits(Vec<Pattern>),
    /// The first line fits.
    First(Pattern),
    /// The last line fits, and no other.
    Last(Pattern),
    /// Some line fits each of these.
    Has(Vec<Pattern>),
    /// Every line fits one of these.
    Each(Vec<Pattern>),
    /// The lines that fit are exactly these.
    Among(Among),
    /// So many lines fit.
    Count(Count),
    /// For each line that fits a condition holds.
    Where(Where),
    /// Numbers ascend.
    Ascending(Ascending),
    /// Who writes which lines.
    Writers(Writers),
    /// Each line comes in one write.
    OneWrite,
    /// Some schedule shows these lines in this order.
    Shows(Shows),
    /// The same, and several threads write them.
    Overlaps(Shows),
    /// In some schedule threads operate on one object.
    Shared(Shared),
    /// A thread that waits sleeps.
    Sleeps,
    /// The program ends by itself, with whatever exit code.
    Ends,
    /// The same where nobody reads on: also when `println!` panics, whatever comes of that.
    EndsUnread,
    /// Where nobody reads on, the program ends with exit code 0 and says nothing.
    Quiet,
    /// Standard output, after exit code 0, names these options with their defaults.
    Help(BTreeMap<String, String>),
    /// The program ends by itself with this exit code.
    Exit(i32),
    /// Some line of standard error fits; nothing for the empty pattern.
    Stderr(Pattern),
    /// These files are there after the run: name and content.
    Files(BTreeMap<String, String>),
}

/// So many threads, each with so many operations on one object that they share.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shared {
    /// Two at least.
    pub threads: Amount,
    /// Of each thread, one at least; a reference count has one or two of a thread that does nothing.
    pub operations: Amount,
}

impl Shared {
    /// So many threads, and so many operations.
    fn numbers(self) -> Result<(usize, usize), String> {
        let numbers = (usize::try_from(self.threads)?, usize::try_from(self.operations)?);
        match numbers {
            (..2, _) | (_, 0) => Err("`shared` has two threads at least, and one operation of each".into()),
            _ => Ok(numbers),
        }
    }
}

impl Expectation {
    /// What it says of a run; the sentence is one that it tries.
    pub(super) fn judge(&self, seen: &Observation) -> Judgement {
        match self.kind.judge(seen) {
            Judgement::Broken(fault) => {
                let known = fault.sentence.filter(|sentence| self.tries.contains(sentence));
                let expected = self.expected.map_or(fault.expected, str::to_owned);
                Fault { sentence: known.or(self.tries.first().copied()), expected, ..fault }.into()
            }
            other => other,
        }
    }

    /// Adds the witness for it to a case, where it is about what some schedule shows.
    pub(super) fn add_witness(&'static self, case: Case) -> Case {
        match &self.kind {
            Kind::Shows(it) => self.witnessed(case, &it.expected, |seen| it.shows(seen)),
            Kind::Overlaps(it) => self.witnessed(case, &it.expected, |seen| it.overlaps(seen)),
            _ => case,
        }
    }

    /// The threads that must work together, where it is about that.
    pub(super) fn sharing(&self) -> Option<Sharing> {
        let Kind::Shared(it) = &self.kind else { return None };
        let (threads, operations) = it.numbers().ok()?;
        let expected = self.expected.unwrap_or("threads that operate on one object");
        Some(Sharing { checks: vec![self.check].leak(), expected, threads, operations })
    }

    /// Some schedule shows it, or its sentence is broken.
    fn witnessed(
        &'static self,
        case: Case,
        in_words: &'static str,
        shows: impl Fn(&Observation) -> Option<(String, Option<usize>)> + Send + Sync + 'static,
    ) -> Case {
        let expected = self.expected.unwrap_or(in_words);
        let case = if self.is_lesson {
            case.lesson(self.check, expected, shows)
        } else {
            case.witness(self.check, expected, shows)
        };
        match self.tries.first() {
            Some(sentence) => case.of(sentence),
            None => case,
        }
    }
}

impl Kind {
    /// What it says of a run. Of promises about several schedules together, a single run says nothing.
    fn judge(&self, seen: &Observation) -> Judgement {
        let judgement = match self {
            Self::Lines(due) => output::exactly(due, &seen.stdout).into(),
            Self::Groups(groups) => output::grouped(groups, &seen.stdout).into(),
            Self::Fits(due) => output::fits(due, &seen.stdout).into(),
            Self::First(due) => output::first(due, &seen.stdout),
            Self::Last(due) => output::last(due, &seen.stdout),
            Self::Has(due) => output::has(due, &seen.stdout).into(),
            Self::Each(known) => output::each(known, &seen.stdout),
            Self::Among(due) => output::among(due, &seen.stdout).into(),
            Self::Count(due) => output::count(due, &seen.stdout).into(),
            Self::Where(due) => due.judge(&seen.stdout),
            Self::Ascending(due) => due.judge(&seen.stdout),
            Self::Writers(due) => return due.judge(seen),
            Self::OneWrite => return one_write_a_line(seen),
            Self::Shows(_) | Self::Overlaps(_) | Self::Shared(_) => return Judgement::Nothing,
            Self::Sleeps => return rests("a thread that waits sleeps until it can go on")(seen),
            Self::Ends => return ends()(seen),
            Self::EndsUnread => return ends_unless_it_panics(seen),
            Self::Quiet => return ends_quietly(seen),
            Self::Help(options) => return help(options, seen),
            Self::Exit(code) => return terminates(*code)(seen),
            Self::Stderr(due) => return stderr(due, seen).into(),
            Self::Files(due) => return call::files(due, seen),
        };
        match judgement {
            Judgement::Broken(fault) => kept_back(fault, &seen.stdout).into(),
            other => other,
        }
    }

    /// Whether only explored schedules can keep or break it.
    pub(super) fn needs_schedules(&self) -> bool {
        self.is_shown() || matches!(self, Self::Shared(_) | Self::Sleeps)
    }

    /// Whether one schedule is enough that shows it.
    fn is_shown(&self) -> bool {
        matches!(self, Self::Shows(_) | Self::Overlaps(_))
    }

    /// The same for a program of which nobody reads what it prints.
    pub(super) fn unread(self) -> Self {
        match self {
            Self::Ends => Self::EndsUnread,
            other => other,
        }
    }

    /// Whether it is about a program of which nobody reads what it prints.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Self::EndsUnread | Self::Quiet)
    }

    /// What is wrong with it, if anything is.
    fn check(&self) -> Result<(), String> {
        match self {
            Self::Where(it) => it.check(),
            Self::Ascending(it) => it.check(),
            Self::Writers(it) => it.check(),
            Self::Among(it) => it.check(),
            Self::Has(known) | Self::Each(known) if known.is_empty() => {
                Err("`has` and `each` have at least one pattern".into())
            }
            Self::Groups(groups) if groups.is_empty() => Err("`groups` has at least one group".into()),
            Self::Shared(it) => it.numbers().map(drop),
            Self::Count(it) => it.check(),
            Self::Help(options) if options.is_empty() => Err("`help` has at least one option".into()),
            Self::Exit(code) if !(0..=255).contains(code) => Err("`exit` is 0 to 255".into()),
            Self::Files(due) => match due.iter().find(|(name, _)| !call::is_plain(name)) {
                Some((name, _)) => Err(format!("`{name}` is no name of a file in the program's own folder")),
                None if due.is_empty() => Err("`files` has at least one file".into()),
                None if due.values().any(|text| text.len() > call::LARGEST) => {
                    Err(format!("a file has {} bytes at most", call::LARGEST))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// Each of these options is named, with its default where one is given.
fn help(options: &BTreeMap<String, String>, seen: &Observation) -> Judgement {
    let options: Vec<(&str, &str)> = options.iter().map(|(name, default)| (&**name, &**default)).collect();
    names_all(seen, &options).into()
}

fn stderr(due: &Pattern, seen: &Observation) -> Result<(), Fault> {
    let lines = &seen.stderr.lines;
    let is_empty = due.fits("");
    let expected =
        if is_empty { "nothing on standard error".to_owned() } else { format!("{due} on standard error") };
    match lines.first() {
        None if is_empty => Ok(()),
        None => Err(Fault::new(expected, "there is nothing on it")),
        Some(line) if is_empty => Err(Fault::new(expected, format!("{} on it", quoted(line)))),
        Some(_) if lines.iter().any(|line| due.fits(line)) => Ok(()),
        Some(line) => Err(Fault::new(expected, format!("its first line is {}", quoted(line)))),
    }
}

#[cfg(test)]
mod tests;
