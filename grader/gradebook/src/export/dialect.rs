//! The dialects of CSV that spreadsheets want, each in its language.

use clap::ValueEnum;

use super::Format;

/// What is between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
}

/// What is before the fraction of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Decimal {
    /// `7.5`
    #[default]
    Point,
    /// `7,5`
    Comma,
}

/// How a table becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What is between two cells.
    pub separator: Separator,
    /// What is before the fraction of a number.
    pub decimal: Decimal,
    /// Whether it begins with the mark by which Excel knows UTF-8.
    pub bom: bool,
}

impl Default for Dialect {
    /// What programs read.
    fn default() -> Self {
        Self { separator: Separator::Comma, decimal: Decimal::Point, bom: false }
    }
}

impl Separator {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

impl Decimal {
    pub(super) fn written(self, number: f64) -> String {
        let text = number.to_string();
        if self == Self::Comma { text.replace('.', ",") } else { text }
    }
}

impl Dialect {
    /// The dialect that was asked for; a decimal comma comes with semicolons, unless something else is said.
    ///
    /// # Errors
    /// When a program imports files of this `format`, and would not understand another dialect.
    pub fn of(
        format: Format,
        separator: Option<Separator>,
        decimal: Option<Decimal>,
        bom: bool,
    ) -> Result<Self, String> {
        let is_asked_for = separator.is_some() || decimal.is_some() || bom;
        if is_asked_for && matches!(format, Format::Canvas | Format::Moodle) {
            let reason = "--separator, --decimal and --bom are for --format csv and nbgrader: what Moodle and Canvas \
                          import stays as they want it";
            return Err(reason.into());
        }
        let decimal = decimal.unwrap_or_default();
        let usual = if decimal == Decimal::Comma { Separator::Semicolon } else { Separator::Comma };
        Ok(Self { separator: separator.unwrap_or(usual), decimal, bom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comma_comes_with_semicolons() {
        let of = |separator, decimal| Dialect::of(Format::Csv, separator, decimal, false).unwrap().separator;
        assert_eq!(of(None, Some(Decimal::Comma)), Separator::Semicolon);
        assert_eq!(of(Some(Separator::Tab), Some(Decimal::Comma)), Separator::Tab);
        assert_eq!(of(None, None), Separator::Comma);
    }

    #[test]
    fn what_programs_import_has_one_dialect() {
        for format in [Format::Canvas, Format::Moodle] {
            assert!(Dialect::of(format, None, None, true).is_err());
            assert!(Dialect::of(format, Some(Separator::Comma), None, false).is_err());
            assert_eq!(Dialect::of(format, None, None, false), Ok(Dialect::default()));
        }
    }
}
