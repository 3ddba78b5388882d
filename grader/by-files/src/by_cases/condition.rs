//! Conditions over captured integers: `n == 2 * m and n > 0`.
//!
//! ```text
//! condition  = comparison { "and" comparison }
//! comparison = sum ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum
//! sum        = product { ( "+" | "-" ) product }
//! product    = factor { ( "*" | "/" | "%" ) factor }
//! factor     = "-" factor | number | name | "(" sum ")"
//! ```
//!
//! Numbers are integers of 64 bits. As in Rust, `/` and `%` round towards zero.

use std::fmt;

use serde::Deserialize;

mod parser;

use parser::Parser;

/// A longer condition is refused: how deep one is nested is bounded by it.
const LONGEST: usize = 300;

/// A condition.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Condition {
    /// As it is written, for people.
    text: String,
    /// All of them must hold; at least one.
    comparisons: Vec<Comparison>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    left: Sum,
    relation: Relation,
    right: Sum,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What can be calculated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    Number(i64),
    Name(String),
    Negative(Box<Sum>),
    Operation(Box<Sum>, Operator, Box<Sum>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// When it is none; says where, and what is allowed there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let comparisons =
            read(text, Parser::condition).map_err(|reason| format!("the condition {reason}"))?;
        Ok(Self { text: text.to_owned(), comparisons })
    }

    /// Whether it holds, `value` being what names stand for.
    ///
    /// # Errors
    /// When it cannot be calculated: a division by 0, a number that has no place in 64 bits, a name without a value.
    pub fn holds(&self, value: impl Fn(&str) -> Option<i64>) -> Result<bool, String> {
        for comparison in &self.comparisons {
            if !comparison.holds(&value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The names in it, each as often as it stands there.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for Comparison { left, right, .. } in &self.comparisons {
            left.add_names(&mut names);
            right.add_names(&mut names);
        }
        names
    }
}

/// Reads the whole text.
fn read<'a, T>(text: &'a str, part: fn(&mut Parser<'a>) -> Result<T, String>) -> Result<T, String> {
    if text.len() > LONGEST {
        return Err(format!("has {LONGEST} bytes at most"));
    }
    Parser::whole(text, part).map_err(|reason| format!("`{}`: {reason}", text.escape_debug()))
}

impl Comparison {
    fn holds(&self, value: &impl Fn(&str) -> Option<i64>) -> Result<bool, String> {
        let order = self.left.value(value)?.cmp(&self.right.value(value)?);
        Ok(match self.relation {
            Relation::Equal => order.is_eq(),
            Relation::Unequal => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEqual => order.is_ge(),
        })
    }
}

impl Sum {
    /// Reads a sum that stands alone.
    ///
    /// # Errors
    /// When it is none; says where, and what is allowed there.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        read(text, Parser::sum)
    }

    /// What it comes to, `names` being what names stand for.
    ///
    /// # Errors
    /// When it cannot be calculated.
    pub(super) fn value(&self, names: &impl Fn(&str) -> Option<i64>) -> Result<i64, String> {
        let checked = |value: Option<i64>| value.ok_or_else(|| "a number is too large".to_owned());
        match self {
            Self::Number(number) => Ok(*number),
            Self::Name(name) => names(name).ok_or_else(|| format!("`{name}` is no number")),
            Self::Negative(sum) => checked(sum.value(names)?.checked_neg()),
            Self::Operation(left, operator, right) => {
                let (left, right) = (left.value(names)?, right.value(names)?);
                match operator {
                    Operator::Over | Operator::Modulo if right == 0 => Err("a division by 0".to_owned()),
                    Operator::Plus => checked(left.checked_add(right)),
                    Operator::Minus => checked(left.checked_sub(right)),
                    Operator::Times => checked(left.checked_mul(right)),
                    Operator::Over => checked(left.checked_div(right)),
                    Operator::Modulo => checked(left.checked_rem(right)),
                }
            }
        }
    }

    /// Adds the names in it, each as often as it stands there.
    pub(super) fn add_names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) => {}
            Self::Name(name) => names.push(name),
            Self::Negative(sum) => sum.add_names(names),
            Self::Operation(left, _, right) => {
                left.add_names(names);
                right.add_names(names);
            }
        }
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

#[cfg(test)]
mod tests;
