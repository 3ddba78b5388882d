//! Attempts that count and were graded by other rules than those of now: beside others they are not just.

use std::collections::BTreeSet;

use engine::workspace::Workspace;
use exercises::Course;
use grader::grade::rubric::Rubric;

use crate::attempt::Attempt;
use crate::book::Book;
use crate::error::Error;
use crate::fingerprint;

/// A line for each exercise of which some of the `chosen` attempts should be graded again.
///
/// # Errors
/// When a rubric or the gradebook cannot be read.
pub fn notes(
    (workspace, course): (&Workspace, &Course),
    book: &Book,
    chosen: &[Attempt],
) -> Result<Vec<String>, Error> {
    let names: BTreeSet<&str> = chosen.iter().map(|attempt| attempt.exercise.as_str()).collect();
    let mut notes = Vec::new();
    for exercise in names.into_iter().filter_map(|name| course.find(name)) {
        let rubric = Rubric::read(workspace, exercise)?;
        let rules = fingerprint::rules(workspace, exercise.name, &rubric, book.due(exercise.name)?)?;
        let of_exercise = chosen.iter().filter(|attempt| attempt.exercise == exercise.name);
        let stale: Vec<&str> = of_exercise
            .filter(|attempt| is_stale(attempt, &rules, rubric.max_score()))
            .map(|attempt| attempt.student.as_str())
            .collect();
        notes.extend(note(exercise.name, &stale));
    }
    Ok(notes)
}

/// Older gradebooks did not keep the rules; there, the sum tells something.
fn is_stale(attempt: &Attempt, rules: &str, max_score: f64) -> bool {
    attempt.rules.as_ref().map_or(attempt.max_score != max_score, |of_attempt| of_attempt != rules)
}

fn note(exercise: &str, students: &[&str]) -> Option<String> {
    const MOST: usize = 10;
    let more = if students.len() > MOST { ", …" } else { "" };
    let shown: Vec<&str> = students.iter().copied().take(MOST).collect();
    (!students.is_empty()).then(|| {
        format!(
            "{exercise}: {} were graded by other rules than those of now, and `cargo grade-all` grades them \
             again while they are handed in: {}{more}",
            students.len(),
            shown.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::attempt;

    #[test]
    fn other_rules_are_stale_and_unknown_ones_where_the_sum_differs() {
        let of = |rules: Option<&str>| Attempt { rules: rules.map(str::to_owned), ..attempt("ada", 6.5, 1) };
        assert!(is_stale(&of(Some("old")), "now", 10.0) && !is_stale(&of(Some("now")), "now", 12.0));
        assert!(is_stale(&of(None), "now", 12.0) && !is_stale(&of(None), "now", 10.0));
    }

    #[test]
    fn nobody_is_named_where_nothing_is_stale() {
        assert_eq!(note("even-odd", &[]), None);
        assert!(note("even-odd", &["ada"]).unwrap().ends_with(": ada"));
    }
}
