//! An expectation as it stands in the file: each thing that can be said is a key, and exactly one is there.

use std::collections::BTreeMap;
use std::mem;

use serde::Deserialize;

use super::{Expectation, Kind, Shared};
use crate::by_cases::lines::Lines;
use crate::by_cases::numbers::{Ascending, Where};
use crate::by_cases::output::{Among, Count};
use crate::by_cases::pattern::Pattern;
use crate::by_cases::shows::Shows;
use crate::by_cases::writers::Writers;

/// One `[[case.expect]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::by_cases) struct RawExpectation {
    pub(in crate::by_cases) check: String,
    #[serde(default)]
    tries: Vec<String>,
    expected: Option<String>,
    #[serde(default)]
    lesson: bool,
    lines: Option<Lines>,
    any_order: Option<Lines>,
    groups: Option<Vec<Lines>>,
    fits: Option<Vec<Pattern>>,
    first: Option<Pattern>,
    last: Option<Pattern>,
    has: Option<Vec<Pattern>>,
    each: Option<Vec<Pattern>>,
    among: Option<Among>,
    count: Option<Count>,
    r#where: Option<Where>,
    ascending: Option<Ascending>,
    writers: Option<Writers>,
    one_write: Option<Yes>,
    shows: Option<Shows>,
    overlaps: Option<Shows>,
    shared: Option<Shared>,
    sleeps: Option<Yes>,
    ends: Option<Yes>,
    quiet: Option<Yes>,
    help: Option<BTreeMap<String, String>>,
    exit: Option<i32>,
    stderr: Option<Pattern>,
    files: Option<BTreeMap<String, String>>,
}

/// `true`: what is not expected is not written.
#[derive(Debug, Deserialize)]
#[serde(try_from = "bool")]
struct Yes;

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(is_expected: bool) -> Result<Self, Self::Error> {
        if is_expected { Ok(Self) } else { Err("it is `true`, or left out") }
    }
}

impl RawExpectation {
    /// The expectation, of which the check is not looked at.
    ///
    /// # Errors
    /// When it says nothing or two things, or what it says cannot be meant.
    pub(in crate::by_cases) fn read(mut self) -> Result<Expectation, String> {
        let check = mem::take(&mut self.check).leak();
        let tries = mem::take(&mut self.tries).into_iter().map(|id| &*id.leak()).collect();
        let expected = self.expected.take().map(|text| &*text.leak());
        let is_lesson = self.lesson;
        let kinds = self.kinds();
        let known = kinds.each_ref().map(|(name, _)| *name).join(", ");
        let mut said = kinds.into_iter().filter_map(|(name, kind)| Some((name, kind?)));
        let Some((name, kind)) = said.next() else {
            return Err(format!("an expectation says one thing, and this one nothing: one of {known}"));
        };
        if let Some((second, _)) = said.next() {
            return Err(format!(
                "an expectation says one thing, and this one `{name}` and `{second}`: make two of it"
            ));
        }
        kind.check()?;
        if is_lesson && !kind.is_shown() {
            return Err(format!("`lesson` is for what some schedule shows, not for `{name}`"));
        }
        Ok(Expectation { check, tries, expected, is_lesson, kind })
    }

    /// Everything that can be said, with its key, and what is said here.
    fn kinds(self) -> [(&'static str, Option<Kind>); 24] {
        [
            ("lines", self.lines.map(Kind::Lines)),
            ("any-order", self.any_order.map(|lines| Kind::Groups(vec![lines]))),
            ("groups", self.groups.map(Kind::Groups)),
            ("fits", self.fits.map(Kind::Fits)),
            ("first", self.first.map(Kind::First)),
            ("last", self.last.map(Kind::Last)),
            ("has", self.has.map(Kind::Has)),
            ("each", self.each.map(Kind::Each)),
            ("among", self.among.map(Kind::Among)),
            ("count", self.count.map(Kind::Count)),
            ("where", self.r#where.map(Kind::Where)),
            ("ascending", self.ascending.map(Kind::Ascending)),
            ("writers", self.writers.map(Kind::Writers)),
            ("one-write", self.one_write.map(|Yes| Kind::OneWrite)),
            ("shows", self.shows.map(Kind::Shows)),
            ("overlaps", self.overlaps.map(Kind::Overlaps)),
            ("shared", self.shared.map(Kind::Shared)),
            ("sleeps", self.sleeps.map(|Yes| Kind::Sleeps)),
            ("ends", self.ends.map(|Yes| Kind::Ends)),
            ("quiet", self.quiet.map(|Yes| Kind::Quiet)),
            ("help", self.help.map(Kind::Help)),
            ("exit", self.exit.map(Kind::Exit)),
            ("stderr", self.stderr.map(Kind::Stderr)),
            ("files", self.files.map(Kind::Files)),
        ]
    }
}
