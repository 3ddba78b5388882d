//! `cargo grade list --sentences`: the contracts, and where each of their sentences is tried.

use std::fmt::Write;

use engine::workspace::Workspace;
use exercises::Exercise;
use report::{SCHEMA_VERSION, Visibility};
use serde::Serialize;

use crate::course::sentences::{self, Row};
use crate::error::Error;
use crate::grade::rubric::Rubric;

/// The contracts of some exercises.
#[derive(Serialize)]
pub(super) struct Contracts {
    schema_version: u32,
    exercises: Vec<Sentences>,
}

#[derive(Serialize)]
struct Sentences {
    exercise: &'static str,
    sentences: Vec<Row>,
}

impl Contracts {
    pub(super) fn read(workspace: &Workspace, exercises: &[&'static Exercise]) -> Result<Self, Error> {
        let exercises = exercises.iter().map(|exercise| {
            let rubric = Rubric::read(workspace, exercise)?;
            let mut sentences = sentences::table(workspace, exercise)?;
            for row in &mut sentences {
                row.checks.retain(|check| rubric.visibility(check) == Visibility::Visible);
            }
            Ok(Sentences { exercise: exercise.name, sentences })
        });
        Ok(Self { schema_version: SCHEMA_VERSION, exercises: exercises.collect::<Result<_, Error>>()? })
    }
}

/// A row for each sentence; under it the sentence itself.
pub(super) fn for_people(contracts: &Contracts) -> String {
    let mut text = String::new();
    let (mut sentences, mut mutants) = (0, 0);
    for Sentences { exercise, sentences: rows } in &contracts.exercises {
        for row in rows {
            let names = |names: Vec<&str>| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
            let tried = row.untried.map_or_else(
                || names(row.cases.iter().map(String::as_str).collect()),
                |reason| format!("not tried: {reason}"),
            );
            let _ = writeln!(
                text,
                "{exercise}/{}\n  {}\n  check   {}\n  cases   {tried}\n  mutants {}",
                row.sentence.id,
                row.sentence.text,
                names(row.checks.iter().copied().collect()),
                names(row.mutants.iter().map(String::as_str).collect()),
            );
            sentences += 1;
            mutants += row.mutants.len();
        }
    }
    let _ =
        writeln!(text, "{} exercises, {sentences} sentences, {mutants} mutants", contracts.exercises.len());
    text
}
