//! `cargo grade list`: what there is to grade, from the registry and the rubrics.

mod contracts;

use std::fmt::Write;

use engine::workspace::Workspace;
use exercises::Exercise;
use report::{SCHEMA_VERSION, Visibility};
use serde::Serialize;

use crate::cli::args::{ListArgs, ListFormat};
use crate::cli::output::Output;
use crate::error::Error;
use crate::error::exit_code;
use crate::grade::rubric::Rubric;

#[derive(Serialize)]
struct Catalogue {
    schema_version: u32,
    exercises: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    exercise: &'static str,
    summary: &'static str,
    max_score: f64,
    checks: Vec<CheckEntry>,
}

#[derive(Serialize)]
struct CheckEntry {
    id: &'static str,
    about: &'static str,
    max_score: f64,
}

pub(super) fn run(args: &ListArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercises = super::selected(&workspace, &args.exercises)?;
    let output = Output::open(args.output.as_deref())?;
    let text = if args.sentences {
        rendered(args.format, &contracts::Contracts::read(&workspace, &exercises)?, contracts::for_people)
    } else {
        let entries: Result<_, Error> =
            exercises.iter().map(|exercise| entry(&workspace, exercise)).collect();
        rendered(args.format, &Catalogue { schema_version: SCHEMA_VERSION, exercises: entries? }, for_people)
    };
    output.write(&text)?;
    Ok(exit_code::PASS)
}

fn rendered<T: Serialize>(format: ListFormat, list: &T, for_people: impl Fn(&T) -> String) -> String {
    match format {
        ListFormat::Human => for_people(list),
        ListFormat::Json => serde_json::to_string_pretty(list).unwrap_or_default() + "\n",
    }
}

fn entry(workspace: &Workspace, exercise: &'static Exercise) -> Result<Entry, Error> {
    let rubric = Rubric::read(workspace, exercise)?;
    let of = |check: &'static exercises::Check| CheckEntry {
        id: check.id,
        about: check.about,
        max_score: rubric.points(check.id),
    };
    let is_shown = |check: &&exercises::Check| rubric.visibility(check.id) == Visibility::Visible;
    Ok(Entry {
        exercise: exercise.name,
        summary: exercise.summary,
        max_score: rubric.max_score(),
        checks: exercise.checks.iter().filter(is_shown).map(of).collect(),
    })
}

fn for_people(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for entry in &catalogue.exercises {
        let _ = writeln!(text, "{} ({} points): {}", entry.exercise, entry.max_score, entry.summary);
        for check in &entry.checks {
            let _ = writeln!(text, "  {:<20} {:>4}  {}", check.id, check.max_score, check.about);
        }
    }
    let _ = writeln!(text, "{} exercises", catalogue.exercises.len());
    text
}
