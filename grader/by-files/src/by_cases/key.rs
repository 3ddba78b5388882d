//! Which lines belong together: those of which a capture, or what is calculated from captures, is the same.

use std::fmt;

use serde::Deserialize;

use super::condition::Sum;
use super::pattern::{Captures, Kind, Pattern};

/// A capture, `w`, or what is calculated from some, `n % 2`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    /// As it is written, for people.
    text: String,
    sum: Sum,
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let sum =
            Sum::parse(&text).map_err(|reason| format!("`by` is a capture, or a sum of some: {reason}"))?;
        Ok(Self { text, sum })
    }
}

impl Key {
    /// The group of a line with these captures. Lines of which it cannot be calculated belong together.
    pub(super) fn of(&self, captures: &Captures) -> String {
        if let Sum::Name(name) = &self.sum {
            return captures.get(name).cloned().unwrap_or_default();
        }
        let value = self.sum.value(&|name: &str| captures.get(name)?.parse().ok());
        value.map(|number| number.to_string()).unwrap_or_default()
    }

    /// What is wrong with it for lines that fit `line`, if anything is.
    pub(super) fn check(&self, line: &Pattern) -> Result<(), String> {
        if let Sum::Name(name) = &self.sum {
            return capture_of(line, name).map(|_| ());
        }
        let mut names = Vec::new();
        self.sum.add_names(&mut names);
        names.into_iter().try_for_each(|name| integer_of(line, name))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

/// What the capture `name` of `line` stands for.
fn capture_of(line: &Pattern, name: &str) -> Result<Kind, String> {
    let kind = line.names().find(|(known, _)| *known == name).map(|(_, kind)| kind);
    kind.ok_or_else(|| {
        let known: Vec<String> = line.names().map(|(name, _)| format!("`{name}`")).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        format!("{line} captures no `{name}`, but {known}")
    })
}

/// Whether the capture `name` of `line` is a number.
pub(super) fn integer_of(line: &Pattern, name: &str) -> Result<(), String> {
    match capture_of(line, name)? {
        Kind::Integer => Ok(()),
        Kind::Word | Kind::Text => {
            Err(format!("`{name}` of {line} is no number, and one is needed: `{{{name}}}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Key, String> {
        Key::try_from(text.to_owned())
    }

    #[test]
    fn lines_belong_together_by_a_capture_or_a_sum() {
        let line = Pattern::parse("{w:word} {n}").unwrap();
        let of = |by: &str, text: &str| key(by).unwrap().of(&line.captures(text).unwrap());
        assert_eq!(of("w", "a 7"), "a");
        assert_eq!([of("n % 2", "a 7"), of("n % 2", "b 4")], ["1", "0"]);
        assert_eq!(of("n / (n - 7)", "a 7"), "");
        assert_eq!(key("n % 2").unwrap().check(&line), Ok(()));
        assert_eq!(
            key("m").unwrap().check(&line).unwrap_err(),
            "`{w:word} {n}` captures no `m`, but `w`, `n`"
        );
        assert!(key("w + 1").unwrap().check(&line).unwrap_err().contains("is no number, and one is needed"));
        let wrong =
            "`by` is a capture, or a sum of some: `n ==`: an operator or the end is expected before `==`";
        assert_eq!(key("n ==").unwrap_err(), wrong);
    }
}
