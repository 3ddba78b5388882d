//! The comment on a pull request, made from a report that is not trusted: student code ran where it was
//! written. Every part is checked, and no text of it is passed on: names are compared with the registry,
//! sentences are the registry's own.

use std::collections::HashSet;
use std::fmt::Write;

use serde::Deserialize;

use super::ObjectId;
use crate::exercise::Exercise;
use crate::exercises;
use crate::report::SCHEMA_VERSION;
use crate::verdict::Verdict;

/// No report is larger, in bytes.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// No exercise gives more points.
const MOST_POINTS: f64 = 1_000.0;

#[derive(Deserialize)]
struct Report {
    schema_version: u32,
    exercises: Vec<Graded>,
}

#[derive(Deserialize)]
struct Graded {
    exercise: String,
    verdict: String,
    score: f64,
    max_score: f64,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    verdict: String,
}

/// The comment, in Markdown, on the report `json` about the commit `head`.
///
/// # Errors
/// What in the report is not as the grader writes it.
pub fn render(json: &str, head: &ObjectId) -> Result<String, String> {
    let report: Report = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if report.schema_version != SCHEMA_VERSION {
        return Err(format!("its schema_version is {} and not {SCHEMA_VERSION}", report.schema_version));
    }
    let mut names = HashSet::new();
    let mut text = "| exercise | verdict | points | not kept |\n|---|---|---:|---|\n".to_owned();
    let (mut score, mut max_score) = (0.0, 0.0);
    for graded in &report.exercises {
        let exercise = exercises::find(&graded.exercise).ok_or("it names an unknown exercise")?;
        if !names.insert(exercise.name) {
            return Err(format!("it has {} twice", exercise.name));
        }
        text += &row(exercise, graded)?;
        score += graded.score;
        max_score += graded.max_score;
    }
    let _ = write!(text, "\n{score:.2} of {max_score} points for {head}.\n");
    text += "Run `cargo grade EXERCISE` to see why something fails, and `cargo grade hint EXERCISE` for a hint.\n";
    Ok(text)
}

fn row(exercise: &Exercise, graded: &Graded) -> Result<String, String> {
    let Graded { score, max_score, .. } = *graded;
    let name = exercise.name;
    if !((0.0..=MOST_POINTS).contains(&max_score) && (0.0..=max_score).contains(&score)) {
        return Err(format!("the points of {name} are impossible"));
    }
    let known =
        |text: &str| Verdict::from_word(text).ok_or_else(|| format!("a verdict of {name} is unknown"));
    let verdict = known(&graded.verdict)?;
    let mut failed = Vec::new();
    for check in &graded.checks {
        let id = exercise.check(&check.id).ok_or_else(|| format!("a check of {name} is unknown"))?.id;
        if known(&check.verdict)? != Verdict::Pass && !failed.contains(&id) {
            failed.push(id);
        }
    }
    Ok(format!("| {name} | {} | {score:.2}/{max_score} | {} |\n", verdict.word(), failed.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn head() -> ObjectId {
        "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
    }

    fn report() -> Value {
        json!({ "schema_version": 1, "verdict": "pass", "score": 99.0, "exercises": [{
            "exercise": "even-odd", "verdict": "fail", "score": 6.5, "max_score": 10.0, "message": "@everyone",
            "checks": [
                { "id": "alternates", "verdict": "pass", "message": "<img src=x>" },
                { "id": "terminates", "verdict": "fail", "message": "| x |", "failure": { "seen": "`" } },
            ],
        }] })
    }

    #[test]
    fn the_comment_says_what_was_not_kept_and_nothing_that_a_program_printed() {
        insta::assert_snapshot!(render(&report().to_string(), &head()).unwrap(), @r"
        | exercise | verdict | points | not kept |
        |---|---|---:|---|
        | even-odd | fail | 6.50/10 | terminates |

        6.50 of 10 points for 0123456789abcdef0123456789abcdef01234567.
        Run `cargo grade EXERCISE` to see why something fails, and `cargo grade hint EXERCISE` for a hint.
        ");
    }

    #[test]
    fn a_report_that_the_grader_would_not_write_is_refused() {
        let changes: [(&str, Value); 9] = [
            ("/schema_version", json!(2)),
            ("/exercises/0/exercise", json!("even-odd](http://example.com)")),
            ("/exercises/0/verdict", json!("excellent")),
            ("/exercises/0/score", json!(10.5)),
            ("/exercises/0/score", json!(-1)),
            ("/exercises/0/max_score", json!(1e300)),
            ("/exercises/0/checks/0/id", json!("| x |")),
            ("/exercises/0/checks/0/verdict", json!("@everyone")),
            ("/exercises", json!("none")),
        ];
        for (place, value) in changes {
            let mut forged = report();
            *forged.pointer_mut(place).unwrap() = value;
            assert!(render(&forged.to_string(), &head()).is_err(), "{place}");
        }
        assert!(render("[]", &head()).is_err());
        assert!(render("{", &head()).is_err());
    }

    #[test]
    fn an_exercise_counts_once() {
        let mut forged = report();
        let exercises = forged["exercises"].as_array_mut().unwrap();
        exercises.push(exercises[0].clone());
        assert_eq!(render(&forged.to_string(), &head()), Err("it has even-odd twice".to_owned()));
    }
}
