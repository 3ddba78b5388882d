//! Which sentence of a contract is tried where: by which cases, for which checks, and which mutants break it.

use std::collections::BTreeSet;

use engine::workspace::Workspace;
use exercises::Exercise;
use report::Sentence;
use serde::Serialize;

use super::sample_programs::{self, Expected};
use crate::error::Error;
use crate::grade::contract::Contract;

/// One sentence.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The sentence itself.
    #[serde(flatten)]
    pub sentence: Sentence,
    /// The checks that it belongs to.
    pub checks: BTreeSet<&'static str>,
    /// The cases that try it.
    pub cases: BTreeSet<String>,
    /// The mutants whose headers say that they break it.
    pub mutants: BTreeSet<String>,
    /// Why no case tries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untried: Option<&'static str>,
}

/// All sentences of the contract of `exercise`, in its order; none where it is not cut into sentences.
///
/// # Errors
/// When the contract or a mutant cannot be read, or somebody names a sentence that the contract does not have.
pub fn table(workspace: &Workspace, exercise: &Exercise) -> Result<Vec<Row>, Error> {
    let contract = Contract::read(workspace, exercise.name)?;
    if contract.sentences().is_empty() {
        return Ok(Vec::new());
    }
    let untried = |id: &str| exercise.untried.iter().find(|(of, _)| *of == id).map(|(_, reason)| *reason);
    let row = |sentence: &Sentence| Row {
        sentence: sentence.clone(),
        checks: BTreeSet::new(),
        cases: BTreeSet::new(),
        mutants: BTreeSet::new(),
        untried: untried(&sentence.id),
    };
    let mut rows: Vec<Row> = contract.sentences().iter().map(row).collect();
    let find = |id: &str, by: &str| {
        let place = contract.sentences().iter().position(|sentence| sentence.id == id);
        place.ok_or_else(|| unknown(exercise, id, by))
    };
    for (id, _) in exercise.untried {
        find(id, "the list of what cannot be tried")?;
    }
    for case in (exercise.cases)(0) {
        for (check, sentences) in &case.tried {
            for id in *sentences {
                let row = &mut rows[find(id, &format!("the case {}", case.id))?];
                row.checks.insert(check);
                row.cases.insert(case.id.clone());
            }
        }
    }
    for sample in sample_programs::all(workspace, exercise)? {
        if let Expected::Fails { sentence: Some(id), .. } = sample.expected {
            rows[find(&id, &format!("the mutant {}", sample.name))?].mutants.insert(sample.name);
        }
    }
    Ok(rows)
}

fn unknown(exercise: &Exercise, id: &str, by: &str) -> Error {
    Error::usage(format!(
        "{by} of {} names the sentence `{id}`, which its README does not have",
        exercise.name
    ))
}
