//! What the numbers in lines have to do with each other.

use std::collections::BTreeMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::Text;
use serde::Deserialize;

use super::condition::Condition;
use super::key::{Key, integer_of};
use super::pattern::Pattern;
use exercise::judges::lines;
use exercise::quoted::quoted;

/// For each line that fits the condition holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// Lines that it is about.
    pub line: Pattern,
    /// What their numbers must be.
    pub holds: Condition,
}

/// Each number is higher than the one before it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ascending {
    /// Lines that it is about.
    pub line: Pattern,
    /// The capture with the numbers.
    pub of: String,
    /// Which lines belong together; without it all do.
    pub by: Option<Key>,
}

impl Where {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        self.holds.names().into_iter().try_for_each(|name| integer_of(&self.line, name))
    }

    pub(super) fn judge(&self, stdout: &Text) -> Judgement {
        let Self { line: pattern, holds } = self;
        let expected = format!("lines {pattern} with {holds}");
        let lines = match lines(stdout) {
            Ok(lines) => lines,
            Err(fault) => return fault.into(),
        };
        let mut found = false;
        for (at, line) in lines.iter().enumerate() {
            let Some(captures) = pattern.captures(line) else { continue };
            found = true;
            let reason = match holds.holds(|name| captures.get(name)?.parse().ok()) {
                Ok(true) => continue,
                Ok(false) => String::new(),
                Err(reason) => format!(", which gives {reason}"),
            };
            let what = format!("line {} is {}{reason}", at + 1, quoted(line));
            return Fault::new(expected, what).at(at).into();
        }
        if found { Judgement::Kept } else { Judgement::Nothing }
    }
}

impl Ascending {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        self.by.iter().try_for_each(|by| by.check(&self.line))?;
        integer_of(&self.line, &self.of)
    }

    pub(super) fn judge(&self, stdout: &Text) -> Judgement {
        let lines = match lines(stdout) {
            Ok(lines) => lines,
            Err(fault) => return fault.into(),
        };
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for (at, line) in lines.iter().enumerate() {
            let Some(captures) = self.line.captures(line) else { continue };
            let Some(number) = captures.get(&self.of).and_then(|text| text.parse().ok()) else { continue };
            let group = self.by.as_ref().map_or(String::new(), |by| by.of(&captures));
            if let Some(before) = last.insert(group, number).filter(|&before| before >= number) {
                let what = format!("line {}, {}, comes after one with {before}", at + 1, quoted(line));
                return Fault::new(self.expected(), what).at(at).into();
            }
        }
        if last.is_empty() { Judgement::Nothing } else { Judgement::Kept }
    }

    fn expected(&self) -> String {
        let Self { line, of, by } = self;
        let for_each = by.as_ref().map_or(String::new(), |by| format!(", for each {by}"));
        format!("lines {line} with `{of}` ascending{for_each}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(judgement: impl Into<Judgement>) -> String {
        match judgement.into() {
            Judgement::Broken(fault) => format!("{} | {}", fault.expected, fault.seen),
            other => format!("{other:?}"),
        }
    }

    fn doubled() -> Where {
        let line = Pattern::parse("final: {n} of {m}").unwrap();
        Where { line, holds: Condition::parse("n == 2 * m").unwrap() }
    }

    #[test]
    fn a_condition_holds_for_each_line_that_fits() {
        let said = |text: &str| said(doubled().judge(&text.into()));
        assert_eq!(said("x\nfinal: 4 of 2\nfinal: 2 of 1\n"), "Kept");
        assert_eq!(
            said("x\nfinal: 4 of 2\nfinal: 3 of 2\n"),
            "lines `final: {n} of {m}` with `n == 2 * m` | line 3 is `final: 3 of 2`"
        );
        assert_eq!(said("x\n"), "Nothing");
        assert!(said("final: 4 of 9223372036854775807\n").ends_with(", which gives a number is too large"));
    }

    fn by_worker() -> Ascending {
        let line = Pattern::parse("worker {w:word}: {n}").unwrap();
        Ascending { line, of: "n".into(), by: Key::try_from("w".to_owned()).ok() }
    }

    #[test]
    fn numbers_ascend_within_their_group() {
        let said = |text: &str| said(by_worker().judge(&text.into()));
        assert_eq!(said("worker a: 1\nworker b: 1\nx\nworker a: 2\n"), "Kept");
        assert_eq!(said("x\n"), "Nothing");
        assert_eq!(
            said("worker a: 1\nworker a: 1\n"),
            "lines `worker {w:word}: {n}` with `n` ascending, for each `w` | \
             line 2, `worker a: 1`, comes after one with 1"
        );
        let alone = Ascending { by: None, ..by_worker() };
        assert!(matches!(alone.judge(&"worker a: 2\nworker b: 1\n".into()), Judgement::Broken(_)));
    }

    #[test]
    fn captures_are_known_and_numbers_where_one_is_needed() {
        let holds = |text: &str| Where { holds: Condition::parse(text).unwrap(), ..doubled() }.check();
        assert_eq!(holds("n == m"), Ok(()));
        assert_eq!(holds("n == k").unwrap_err(), "`final: {n} of {m}` captures no `k`, but `n`, `m`");
        let of = |of: &str| Ascending { of: of.into(), ..by_worker() }.check();
        assert_eq!(of("n"), Ok(()));
        assert!(of("w").unwrap_err().contains("is no number, and one is needed"));
    }
}
