//! The comment on a pull request, made from a report that is not trusted: student code ran where it was
//! written. Every part is checked: names are compared with the registry,
//! sentences are the registry's own, points are those of the rubrics, and sums are made again. The one text of it that is
//! passed on is that of the compiler's first errors, in a block that nothing in it can end.

use std::collections::HashSet;
use std::fmt::Write;

use engine::escape::code_block;
use exercises::{Course, Exercise};
use report::SCHEMA_VERSION;
use report::verdict::Verdict;
use serde::Deserialize;

use super::ObjectId;
use crate::error::Error;
use crate::grade::rubric::Rubric;

/// No report is larger, in bytes.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// How far two sums of the same points may be apart.
const ROUNDING: f64 = 1e-6;

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
    message: Option<String>,
    checks: Vec<Check>,
    withheld: Option<Withheld>,
    late: Option<serde::de::IgnoredAny>,
}

/// Points of checks that its readers do not see.
#[derive(Deserialize)]
struct Withheld {
    score: f64,
}

#[derive(Deserialize)]
struct Check {
    id: String,
    verdict: String,
}

/// The comment, in Markdown, on the report `json` about the commit `head`, for exercises with these rubrics. `not_taken`
/// are the files of the pull request in whose place the course's own were used, a line each.
///
/// # Errors
/// What in the report is not as the grader writes it, or the rubric that cannot be read.
pub fn render(
    json: &str,
    head: &ObjectId,
    not_taken: &str,
    course: &Course,
    rubric: impl Fn(&Exercise) -> Result<Rubric, Error>,
) -> Result<String, String> {
    let report: Report = serde_json::from_str(json).map_err(|error| error.to_string())?;
    if report.schema_version != SCHEMA_VERSION {
        return Err(format!("its schema_version is {} and not {SCHEMA_VERSION}", report.schema_version));
    }
    let mut names = HashSet::new();
    let mut text = "| exercise | verdict | points | not kept |\n|---|---|---:|---|\n".to_owned();
    let (mut score, mut max_score) = (0.0, 0.0);
    let mut errors = Vec::new();
    for graded in &report.exercises {
        let exercise = course.find(&graded.exercise).ok_or("it names an unknown exercise")?;
        if !names.insert(exercise.name) {
            return Err(format!("it has {} twice", exercise.name));
        }
        let row = Row::new(exercise, graded, &rubric(exercise).map_err(|error| error.to_string())?)?;
        text += &row.render(exercise);
        if let Some(message) = graded.message.as_deref().filter(|_| row.verdict == Verdict::BuildError) {
            errors.push((exercise.name, message));
        }
        score += row.score;
        max_score += row.max_score;
    }
    let _ = write!(text, "\n{score:.2} of {max_score} points for {head}.\n");
    text += "Run `cargo grade EXERCISE` to see why something fails, and `cargo grade hint EXERCISE` for a hint.\n";
    text += &used_instead(not_taken);
    for (exercise, message) in errors.into_iter().take(MOST_ERRORS) {
        let _ = write!(text, "\n{exercise} does not compile:\n\n{}", first_errors(message));
    }
    Ok(text)
}

/// Of how many exercises the compiler's errors are shown, and how much of each.
const MOST_ERRORS: usize = 3;
const MOST_LINES: usize = 30;
const MOST_COLUMNS: usize = 200;

/// The beginning of the compiler's errors, as text that is nothing but text.
fn first_errors(message: &str) -> String {
    let short = |line: &str| line.chars().take(MOST_COLUMNS).collect::<String>();
    let mut lines: Vec<String> = message.lines().take(MOST_LINES).map(short).collect();
    if message.lines().count() > MOST_LINES {
        lines.push("…".to_owned());
    }
    code_block(&lines.join("\n"))
}

/// Which files were not taken. Names that are more than plain names are not passed on.
fn used_instead(not_taken: &str) -> String {
    let is_plain = |path: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        (1..=100).contains(&path.len()) && path.chars().all(plain)
    };
    let names: Vec<String> =
        not_taken.lines().filter(is_plain).take(MOST_LINES).map(|path| format!("`{path}`")).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("\nChanged and not taken, as the course's own are used: {}.\n", names.join(", ")),
    }
}

/// What is said of one exercise: nothing but what its parts come to.
struct Row {
    verdict: Verdict,
    score: f64,
    max_score: f64,
    not_kept: Vec<&'static str>,
}

impl Row {
    fn new(exercise: &Exercise, graded: &Graded, rubric: &Rubric) -> Result<Self, String> {
        let name = exercise.name;
        let max_score = rubric.max_score();
        let checks = known_checks(exercise, graded)?;
        let points = |wanted: fn(Verdict) -> bool| -> f64 {
            checks.iter().filter(|(_, verdict)| wanted(*verdict)).map(|(id, _)| rubric.points(id)).sum()
        };
        let listed = points(|_| true);
        let withheld = graded.withheld.as_ref().map_or(0.0, |withheld| withheld.score);
        let reached = points(|verdict| verdict == Verdict::Pass) + withheld;
        let is_score = match graded.late {
            Some(_) => (0.0..=reached + ROUNDING).contains(&graded.score),
            None => is_same(graded.score, reached),
        };
        let is_possible = (0.0..=max_score - listed + ROUNDING).contains(&withheld);
        if !(is_same(graded.max_score, max_score) && is_possible && is_score) {
            return Err(format!("the points of {name} are not the sum of its checks"));
        }
        let counted = checks.iter().filter(|(id, _)| rubric.points(id) > 0.0);
        let claimed = known(exercise, &graded.verdict)?;
        let verdict = Verdict::worst(counted.map(|(_, verdict)| *verdict).chain([claimed]));
        if verdict != claimed || verdict == Verdict::Pass && !is_same(reached, max_score) {
            return Err(format!("the verdict of {name} is not that of its checks"));
        }
        let failed = checks.into_iter().filter(|(_, verdict)| *verdict != Verdict::Pass);
        Ok(Self { verdict, score: graded.score, max_score, not_kept: failed.map(|(id, _)| id).collect() })
    }

    fn render(&self, exercise: &Exercise) -> String {
        let Self { verdict, score, max_score, not_kept } = self;
        let (verdict, not_kept) = (verdict.word(), not_kept.join(", "));
        format!("| {} | {verdict} | {score:.2}/{max_score} | {not_kept} |\n", exercise.name)
    }
}

/// The checks that the report lists, each once, with what it says of them.
fn known_checks(exercise: &Exercise, graded: &Graded) -> Result<Vec<(&'static str, Verdict)>, String> {
    let mut checks: Vec<(&'static str, Verdict)> = Vec::new();
    for check in &graded.checks {
        let id = exercise.check(&check.id).map(|check| check.id);
        let id = id.ok_or_else(|| format!("a check of {} is unknown", exercise.name))?;
        if checks.iter().any(|(other, _)| *other == id) {
            return Err(format!("it has the check {id} of {} twice", exercise.name));
        }
        checks.push((id, known(exercise, &check.verdict)?));
    }
    Ok(checks)
}

fn known(exercise: &Exercise, verdict: &str) -> Result<Verdict, String> {
    Verdict::from_word(verdict).ok_or_else(|| format!("a verdict of {} is unknown", exercise.name))
}

fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() < ROUNDING
}

#[cfg(test)]
mod tests {
    use engine::workspace::Workspace;
    use serde_json::{Value, json};

    use super::*;

    fn head() -> ObjectId {
        "0123456789abcdef0123456789abcdef01234567".parse().unwrap()
    }

    fn render(json: &str, head: &ObjectId) -> Result<String, String> {
        let workspace = Workspace::at(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let course = Course::of(&workspace).unwrap();
        super::render(json, head, "", &course, |exercise| Rubric::read(&workspace, exercise))
    }

    fn report() -> Value {
        json!({ "schema_version": 1, "verdict": "pass", "score": 99.0, "exercises": [{
            "exercise": "even-odd", "verdict": "fail", "score": 7.0, "max_score": 10.0, "message": "@everyone",
            "checks": [
                { "id": "alternates", "verdict": "pass", "message": "<img src=x>" },
                { "id": "two-threads", "verdict": "pass", "message": "" },
                { "id": "terminates", "verdict": "fail", "message": "| x |", "failure": { "seen": "`" } },
            ],
        }] })
    }

    /// Its report with something else at one place.
    fn changed(changes: &[(&str, Value)]) -> Result<String, String> {
        let mut forged = report();
        for (place, value) in changes {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let parent = forged.pointer_mut(parent).unwrap();
            match key.parse::<usize>() {
                Ok(index) => parent[index] = value.clone(),
                Err(_) => parent[key] = value.clone(),
            }
        }
        render(&forged.to_string(), &head())
    }

    #[test]
    fn the_comment_says_what_was_not_kept_and_nothing_that_a_program_printed() {
        insta::assert_snapshot!(render(&report().to_string(), &head()).unwrap(), @r"
        | exercise | verdict | points | not kept |
        |---|---|---:|---|
        | even-odd | fail | 7.00/10 | terminates |

        7.00 of 10 points for 0123456789abcdef0123456789abcdef01234567.
        Run `cargo grade EXERCISE` to see why something fails, and `cargo grade hint EXERCISE` for a hint.
        ");
    }

    #[test]
    fn the_compilers_errors_are_text_in_a_block_that_nothing_ends() {
        let text = changed(&[
            ("/exercises/0/verdict", json!("build-error")),
            ("/exercises/0/score", json!(0.0)),
            ("/exercises/0/checks", json!([])),
            (
                "/exercises/0/message",
                json!(format!("error: a\n````\n@everyone\u{1b}[31m\n{}", "x\n".repeat(99))),
            ),
        ]);
        let text = text.unwrap();
        let block = text.split_once("even-odd does not compile:\n\n").unwrap().1;
        assert!(block.starts_with("`````text\nerror: a\n````\n@everyone\\u{1b}[31m\nx\n"), "{text}");
        assert!(block.ends_with("\nx\n…\n`````\n") && block.lines().count() == MOST_LINES + 3, "{text}");
    }

    #[test]
    fn files_that_are_not_taken_are_named_if_their_names_are_plain() {
        let text = used_instead("Cargo.toml\ncrates/even-odd/Cargo.toml\n`@everyone`\n[x](y)\n\n");
        let wanted = "\nChanged and not taken, as the course's own are used: `Cargo.toml`, `crates/even-odd/Cargo.toml`.\n";
        assert_eq!(text, wanted);
        assert_eq!(used_instead(""), "");
    }

    #[test]
    fn a_report_that_the_grader_would_not_write_is_refused() {
        let changes: [(&str, Value); 15] = [
            ("/schema_version", json!(2)),
            ("/exercises/0/exercise", json!("even-odd](http://example.com)")),
            ("/exercises/0/verdict", json!("excellent")),
            ("/exercises/0/verdict", json!("pass")),
            ("/exercises/0/score", json!(10.0)),
            ("/exercises/0/score", json!(6.0)),
            ("/exercises/0/score", json!(-1)),
            ("/exercises/0/max_score", json!(1000.0)),
            ("/exercises/0/max_score", json!(7.0)),
            ("/exercises/0/checks/0/id", json!("| x |")),
            ("/exercises/0/checks/0/id", json!("two-threads")),
            ("/exercises/0/checks/0/verdict", json!("@everyone")),
            ("/exercises/0/checks/0/verdict", json!("fail")),
            ("/exercises/0/withheld", json!({ "score": 3.0, "max_score": 3.0 })),
            ("/exercises", json!("none")),
        ];
        for change in changes {
            assert!(changed(std::slice::from_ref(&change)).is_err(), "{change:?}");
        }
        assert!(render("[]", &head()).is_err());
        assert!(render("{", &head()).is_err());
    }

    #[test]
    fn a_pass_has_all_points() {
        let checks =
            json!([{ "id": "alternates", "verdict": "pass" }, { "id": "two-threads", "verdict": "pass" }]);
        let withheld = |score: f64| {
            changed(&[
                ("/exercises/0/verdict", json!("pass")),
                ("/exercises/0/checks", checks.clone()),
                ("/exercises/0/withheld", json!({ "score": score, "max_score": 3.0 })),
                ("/exercises/0/score", json!(7.0 + score)),
            ])
        };
        assert!(withheld(3.0).unwrap().contains("| even-odd | pass | 10.00/10 |  |"));
        assert_eq!(withheld(0.0), Err("the verdict of even-odd is not that of its checks".into()));
        assert_eq!(withheld(4.0), Err("the points of even-odd are not the sum of its checks".into()));
        let nothing = [("/exercises/0/checks", json!([])), ("/exercises/0/score", json!(0.0))];
        assert!(changed(&nothing).is_ok());
        assert!(changed(&[&nothing[..], &[("/exercises/0/verdict", json!("pass"))]].concat()).is_err());
    }

    #[test]
    fn being_late_takes_points_and_gives_none() {
        let late =
            |score: f64| changed(&[("/exercises/0/late", json!({})), ("/exercises/0/score", json!(score))]);
        assert!(late(3.5).unwrap().contains("| even-odd | fail | 3.50/10 | terminates |"));
        assert!(late(7.5).is_err() && late(-1.0).is_err());
    }

    #[test]
    fn an_exercise_counts_once() {
        let mut forged = report();
        let exercises = forged["exercises"].as_array_mut().unwrap();
        exercises.push(exercises[0].clone());
        assert_eq!(render(&forged.to_string(), &head()), Err("it has even-odd twice".to_owned()));
    }
}
