//! Lines that are due: a list, or numbers from one to another in a form.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::amount::Amount;
use super::pattern::{Kind, Pattern};
use exercise::quoted::quoted;

/// More lines cannot be asked for: who counts further made a mistake.
const MOST: i64 = 10_000;
/// So many are named in a sentence.
const NAMED: usize = 3;

/// Lines, in the order in which they are written: `["a", "b"]` or `{ from = 1, to = 10, form = "number {n}" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines(pub Vec<String>);

/// Numbers from one to another, both of them included.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Amount,
    to: Amount,
    form: Option<Pattern>,
}

impl Range {
    fn lines(&self) -> Result<Vec<String>, String> {
        let (Amount(from), Amount(to)) = (self.from, self.to);
        let count = to.checked_sub(from).filter(|count| *count < MOST);
        if count.is_none() && from <= to {
            return Err(format!("from {from} to {to} are more than {MOST} lines"));
        }
        let number = Pattern::parse("{n}")?;
        let form = self.form.as_ref().unwrap_or(&number);
        match form.names().collect::<Vec<_>>()[..] {
            [(_, Kind::Integer)] => Ok((from..=to).map(|number| form.filled(number)).collect()),
            _ => Err(format!("the form {form} has one number in it, as in `{{n}}`, and no word")),
        }
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines, or `{ from = 1, to = 10, form = \"{n}\" }`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Lines, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = texts.next_element::<String>()? {
            if line.contains(['\n', '\r']) {
                return Err(de::Error::custom("a line has the end of one in it: write each line for itself"));
            }
            lines.push(line);
        }
        Ok(Lines(lines))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Lines, A::Error> {
        let range = Range::deserialize(MapAccessDeserializer::new(map))?;
        range.lines().map(Lines).map_err(de::Error::custom)
    }
}

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&named(self.0.iter().map(String::as_str)))
    }
}

/// Some lines in a sentence; of many the first ones and the last.
pub(super) fn named<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<String> = lines.map(quoted).collect();
    match &lines[..] {
        few if few.len() <= NAMED + 1 => few.join(", "),
        many => format!("{}, … {}", many[..NAMED].join(", "), many[many.len() - 1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let table: toml::Table = format!("lines = {text}").parse().unwrap();
        let lines = Lines::deserialize(table["lines"].clone()).map_err(|error| error.to_string())?;
        Ok(lines.to_string())
    }

    #[test]
    fn lines_are_listed_or_counted() {
        assert_eq!(read(r#"["a", "b"]"#).unwrap(), "`a`, `b`");
        assert_eq!(read("{ from = 1, to = 10 }").unwrap(), "`1`, `2`, `3`, … `10`");
        assert_eq!(read(r#"{ from = -1, to = 0, form = "at {n}!" }"#).unwrap(), "`at -1!`, `at 0!`");
        assert_eq!(read("{ from = 2, to = 1 }").unwrap(), "");
    }

    #[test]
    fn what_are_no_lines_is_said() {
        let reason = |text: &str| read(text).unwrap_err();
        assert!(reason("3").contains("expected a list of lines, or `{ from = 1"), "{}", reason("3"));
        assert!(reason("{ from = 1 }").contains("missing field `to`"));
        assert!(reason("{ from = 1, to = 2, step = 2 }").contains("unknown field `step`"));
        assert!(reason(r#"{ from = 1, to = 2, form = "x" }"#).contains("has one number in it"));
        assert!(reason(r#"["a\nb"]"#).contains("each line for itself"));
        let far = format!("{{ from = {}, to = {} }}", i64::MIN, i64::MAX);
        assert!(reason(&far).contains("more than 10000 lines"));
    }
}
