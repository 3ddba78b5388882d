//! A number that the file says: `4`, or what is calculated, `"2 * (3 + 1)"`.

use serde::Deserialize;

use super::condition::Sum;

/// An integer, as it is written or calculated.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "RawAmount")]
pub struct Amount(pub i64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected an integer, or a text that is a sum of some: `\"2 * 3\"`")]
enum RawAmount {
    Written(i64),
    Calculated(String),
}

impl TryFrom<RawAmount> for Amount {
    type Error = String;

    fn try_from(raw: RawAmount) -> Result<Self, String> {
        match raw {
            RawAmount::Written(number) => Ok(Self(number)),
            RawAmount::Calculated(text) => {
                let value = Sum::parse(&text).and_then(|sum| sum.value(&|_: &str| None));
                value
                    .map(Self)
                    .map_err(|reason| format!("`{}` is no number here: {reason}", text.escape_debug()))
            }
        }
    }
}

impl TryFrom<Amount> for usize {
    type Error = String;

    fn try_from(Amount(number): Amount) -> Result<Self, String> {
        number.try_into().map_err(|_| format!("{number} is less than nothing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<i64, String> {
        let table: toml::Table = format!("is = {text}").parse().unwrap();
        Amount::deserialize(table["is"].clone()).map(|Amount(it)| it).map_err(|error| error.to_string())
    }

    #[test]
    fn an_amount_is_written_or_calculated() {
        assert_eq!(read("4"), Ok(4));
        assert_eq!(read("\"2 * (3 + 1)\""), Ok(8));
        assert!(read("\"n + 1\"").unwrap_err().contains("`n + 1` is no number here"));
        assert!(read("\"\"").is_err() && read("\"1 / 0\"").is_err());
        assert!(read("true").unwrap_err().contains("expected an integer, or a text"));
        assert!(usize::try_from(Amount(-1)).is_err());
    }
}
