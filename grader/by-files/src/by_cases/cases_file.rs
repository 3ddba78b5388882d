//! `fixtures/<exercise>/cases.toml`, read and held against itself. The parent module says what stands in it.

mod given_for_nothing;
mod raw;
mod sound;
mod spread;

use std::collections::BTreeMap;

use confine::run::Stdout;
use engine::case::Sharing;
use serde::Deserialize;
use toml::Deserializer;
use toml::de::DeTable;

use super::expectation::Expectation;
use raw::RawFile;
use spread::Misplaced;

/// All that is known of an exercise by cases.
#[derive(Debug)]
pub struct CasesFile {
    /// What the program does, in one line.
    pub summary: String,
    /// Sentences of the contract that no case tries, each with the reason.
    pub untried: BTreeMap<String, String>,
    /// The promises, in the order of reports; at least one.
    pub checks: Vec<Promise>,
    /// The calls, in the order in which they are made; at least one.
    pub cases: Vec<OneCase>,
}

/// One check.
#[derive(Debug)]
pub struct Promise {
    /// Unique in the file.
    pub id: &'static str,
    /// The promise, for students.
    pub about: &'static str,
    /// The checks of which one must have been kept before a pass of this one counts; none for most.
    pub needs: Vec<&'static str>,
}

/// One way of calling the program, and what it must do then.
#[derive(Debug)]
pub struct OneCase {
    /// Unique in the file.
    pub id: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Files that are in its folder before the call: name and content.
    pub files: BTreeMap<String, String>,
    /// What becomes of its standard output.
    pub stdout: Stdout,
    /// How many percent of the exercise's schedules it has.
    pub percent: u32,
    /// How often it is run without control; where it is not said, as often as other cases.
    pub runs: Option<u32>,
    /// Whether it asks for nothing, so that what is kept here is nothing done.
    pub is_idle: bool,
    /// Whether all orders of what its threads do with each other are tried.
    pub is_small: bool,
    /// The threads that must work together in some schedule, for all checks that expect it.
    pub sharing: Option<Sharing>,
    /// At least one.
    pub expectations: Vec<Expectation>,
}

impl CasesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is not what it must be; says in which line, where that is known, and what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let line_of = |at: usize| text[..text.floor_char_boundary(at)].matches('\n').count() + 1;
        let of_toml = |error: toml::de::Error| {
            let line = error.span().map(|span| format!("line {}: ", line_of(span.start)));
            format!("{}{}", line.unwrap_or_default(), error.message().trim_end())
        };
        let mut table = DeTable::parse(text).map_err(of_toml)?;
        spread::spread(table.get_mut())
            .map_err(|Misplaced { at, reason }| format!("line {}: {reason}", line_of(at)))?;
        let raw = RawFile::deserialize(Deserializer::from(table)).map_err(of_toml)?;
        let file = raw.read(&line_of).map_err(|problem| problem.to_string())?;
        given_for_nothing::none(&file)?;
        Ok(file)
    }

    /// The text without the checks that are not `kept`, what is expected for them, and cases that have nothing left to
    /// expect; the text as it is where all are kept.
    ///
    /// # Errors
    /// When what is left cannot stand alone.
    pub fn without(text: &str, kept: impl Fn(&str) -> bool) -> Result<String, String> {
        let file = Self::parse(text)?;
        if file.checks.iter().all(|check| kept(check.id)) {
            return Ok(text.to_owned());
        }
        let rest = raw::without(text, kept)?;
        Self::parse(&rest).map(|_| rest).map_err(|reason| {
            format!("without the checks that students do not see it does not stand: {reason}")
        })
    }
}

#[cfg(test)]
mod tests;
