//! The file as it stands there, with the places of its parts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use confine::run::Stdout;
use serde::Deserialize;
use toml::{Spanned, Table, Value};

use super::sound::{self, is_id, known};
use super::{CasesFile, OneCase, Promise};
use crate::by_cases::call;
use crate::by_cases::expectation::{Expectation, RawExpectation};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    summary: String,
    #[serde(default)]
    untried: BTreeMap<String, String>,
    #[serde(default)]
    check: Vec<Spanned<RawCheck>>,
    #[serde(default)]
    case: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    id: String,
    about: String,
    #[serde(default)]
    needs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    id: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    stdout: Option<RawStdout>,
    percent: Option<u32>,
    runs: Option<u32>,
    #[serde(default)]
    idle: bool,
    #[serde(default)]
    small: bool,
    #[serde(default)]
    expect: Vec<Spanned<RawExpectation>>,
}

/// An output that cannot be written to.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawStdout {
    Full,
    ClosedAfter(u32),
}

impl RawStdout {
    fn read(self) -> Stdout {
        match self {
            Self::Full => Stdout::Full,
            Self::ClosedAfter(after) => Stdout::Closed { after },
        }
    }
}

impl RawFile {
    /// What it says, `line_of` being the line of a place.
    pub(super) fn read(self, line_of: &dyn Fn(usize) -> usize) -> Result<CasesFile, Problem> {
        let summary = self.summary.trim();
        if summary.is_empty() || summary.contains('\n') {
            return Err("`summary` is one line: what the program does".to_owned().into());
        }
        let summary = summary.to_owned();
        let checks = all("[[check]]", self.check, line_of, RawCheck::read)?;
        sound::unique("checks", checks.iter().map(|check| check.id))?;
        let shares = self.case.iter().map(|case| case.get_ref().share());
        let usual = usual_share(&shares.collect::<Vec<_>>())?;
        let read = |case: RawCase| case.read(usual, &checks, line_of);
        let cases = all("[[case]]", self.case, line_of, read)?;
        sound::unique("cases", cases.iter().map(|case| case.id.as_str()))?;
        let file = CasesFile { summary, untried: self.untried, checks, cases };
        sound::check(&file)?;
        Ok(file)
    }
}

/// What is wrong with the file, and in which line, as far as that is known.
pub(super) struct Problem {
    line: Option<usize>,
    reason: String,
}

impl Problem {
    /// The same problem, in this line where no better one is known.
    fn at(self, line: usize) -> Self {
        Self { line: self.line.or(Some(line)), ..self }
    }
}

impl From<String> for Problem {
    fn from(reason: String) -> Self {
        Self { line: None, reason }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line.map_or(Ok(()), |line| write!(f, "line {line}: "))?;
        f.write_str(&self.reason)
    }
}

/// Reads each of the parts, at least one, and says the line of the one that cannot be read.
fn all<R, T>(
    what: &str,
    parts: Vec<Spanned<R>>,
    line_of: &dyn Fn(usize) -> usize,
    read: impl Fn(R) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    if parts.is_empty() {
        return Err(format!("it has no `{what}`, and needs one at least").into());
    }
    let one = |part: Spanned<R>| {
        let line = line_of(part.span().start);
        read(part.into_inner()).map_err(|problem| problem.at(line))
    };
    parts.into_iter().map(one).collect()
}

impl RawCheck {
    fn read(self) -> Result<Promise, Problem> {
        is_id("check", &self.id)?;
        let about = self.about.trim();
        if about.is_empty() {
            return Err(format!("the check `{}` says in `about` what is promised", self.id).into());
        }
        let needs = self.needs.into_iter().map(|id| &*id.leak()).collect();
        Ok(Promise { id: self.id.leak(), about: about.to_owned().leak(), needs })
    }
}

impl RawCase {
    /// How many percent of the schedules it says that it has. Under control no output is full.
    fn share(&self) -> Option<u32> {
        let is_full = matches!(self.stdout, Some(RawStdout::Full));
        self.percent.or(is_full.then_some(0))
    }

    fn read(
        self,
        usual: u32,
        checks: &[Promise],
        line_of: &dyn Fn(usize) -> usize,
    ) -> Result<OneCase, Problem> {
        is_id("case", &self.id)?;
        if let Some(name) = self.files.keys().find(|name| !call::is_plain(name)) {
            return Err(format!("`{name}` is no name of a file in the program's own folder").into());
        }
        let stdout = self.stdout.map_or(Stdout::Kept, RawStdout::read);
        let is_unread = matches!(stdout, Stdout::Closed { .. });
        let read = |raw: RawExpectation| {
            known(&raw.check, checks)?;
            let it = raw.read()?;
            Ok(if is_unread { Expectation { kind: it.kind.unread(), ..it } } else { it })
        };
        let percent = self.share().unwrap_or(usual);
        let expectations = all("[[case.expect]]", self.expect, line_of, read)?;
        let case = OneCase {
            id: self.id,
            args: self.args,
            files: self.files,
            stdout,
            percent,
            runs: self.runs,
            is_idle: self.idle,
            is_small: self.small,
            sharing: sound::sharing(&expectations)?,
            expectations,
        };
        sound::check_case(&case)?;
        Ok(case)
    }
}

/// What each case has of the schedules that does not say so itself.
fn usual_share(shares: &[Option<u32>]) -> Result<u32, String> {
    let said = shares.iter().flatten().fold(0u32, |sum, share| sum.saturating_add(*share));
    let Some(left) = 100u32.checked_sub(said) else {
        return Err(format!("the cases have {said} percent of the schedules together, and there are 100"));
    };
    let others = shares.iter().filter(|share| share.is_none()).count() as u32;
    match left.checked_div(others) {
        Some(0) => Err(format!(
            "{left} percent of the schedules are left for {others} cases that do not say how many they have: \
             `percent = 0` is for one that is not explored"
        )),
        share => Ok(share.unwrap_or_default()),
    }
}

/// The text without the checks that are not `kept`. Comments are lost.
pub(super) fn without(text: &str, kept: impl Fn(&str) -> bool) -> Result<String, String> {
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let keeps = |part: &Value, key: &str| part.get(key).and_then(Value::as_str).is_some_and(&kept);
    let parts = |table: &mut Table, key: &str, retain: &mut dyn FnMut(&mut Value) -> bool| {
        if let Some(parts) = table.get_mut(key).and_then(Value::as_array_mut) {
            parts.retain_mut(retain);
        }
    };
    parts(&mut table, "check", &mut |check| {
        let needs = check.get_mut("needs").and_then(Value::as_array_mut);
        needs.into_iter().for_each(|needs| needs.retain(|id| id.as_str().is_some_and(&kept)));
        keeps(check, "id")
    });
    let groups = table.get("groups").and_then(Value::as_table).cloned().unwrap_or_default();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let members = |name: String| groups.get(&name).map_or_else(|| vec![name.clone()], texts);
    let mut named = BTreeSet::new();
    parts(&mut table, "expect", &mut |part| {
        let is_kept = keeps(part, "check");
        let cases = part.get("cases").filter(|_| is_kept).map(texts).unwrap_or_default();
        named.extend(cases.into_iter().flat_map(members));
        is_kept
    });
    parts(&mut table, "case", &mut |case| {
        let is_named = case.get("id").and_then(Value::as_str).is_some_and(|id| named.contains(id));
        let Some(expected) = case.get_mut("expect").and_then(Value::as_array_mut) else { return is_named };
        expected.retain(|part| keeps(part, "check"));
        is_named || !expected.is_empty()
    });
    toml::to_string(&table).map_err(|error| error.to_string())
}
