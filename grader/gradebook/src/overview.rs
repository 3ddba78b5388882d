//! The class at a glance: how points are distributed, and which checks fail most.

use std::collections::{BTreeMap, BTreeSet};

use exercises::Course;
use maud::{Markup, html};
use report::{rounded, sum};

use crate::attempt::{Attempt, AttemptOutcome};
use crate::page::{self, badge};

/// What a class did in one exercise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// The exercise.
    pub exercise: String,
    /// Attempts that count, one a student.
    pub students: usize,
    /// How many came to what.
    pub outcomes: BTreeMap<AttemptOutcome, usize>,
    /// The most that could be reached.
    pub max_score: f64,
    /// The mean of the points.
    pub mean: f64,
    /// The median of the points; of an even number the mean of the two in the middle.
    pub median: f64,
    /// How many students reached which part of the points: tenths, those with all of them apart.
    pub tenths: [usize; 11],
    /// Check, how often it failed, how often it was judged; what failed most first.
    pub checks: Vec<(String, usize, usize)>,
}

/// Sums up the attempts that count, an exercise each, in the order of the `course`.
pub fn statistics(chosen: &[Attempt], course: &Course) -> Vec<Statistics> {
    let exercises: BTreeSet<String> = chosen.iter().map(|attempt| attempt.exercise.clone()).collect();
    let of = |exercise: String| {
        let attempts: Vec<&Attempt> = chosen.iter().filter(|attempt| attempt.exercise == exercise).collect();
        of_exercise(exercise, &attempts)
    };
    course.in_order(exercises).into_iter().map(of).collect()
}

fn of_exercise(exercise: String, attempts: &[&Attempt]) -> Statistics {
    let mut scores: Vec<f64> = attempts.iter().map(|attempt| attempt.final_score()).collect();
    scores.sort_by(f64::total_cmp);
    let mut statistics = Statistics {
        exercise,
        students: attempts.len(),
        max_score: attempts.iter().map(|attempt| attempt.max_score).fold(0.0, f64::max),
        mean: rounded(sum(scores.iter().copied()) / scores.len().max(1) as f64),
        median: rounded(median(&scores)),
        checks: failing_checks(attempts),
        ..Statistics::default()
    };
    for attempt in attempts {
        *statistics.outcomes.entry(attempt.outcome).or_default() += 1;
        statistics.tenths[tenth(attempt)] += 1;
    }
    statistics
}

fn median(sorted: &[f64]) -> f64 {
    match (sorted.len() / 2, sorted.len() % 2) {
        (0, 0) => 0.0,
        (half, 0) => f64::midpoint(sorted[half - 1], sorted[half]),
        (half, _) => sorted[half],
    }
}

fn tenth(attempt: &Attempt) -> usize {
    let part = attempt.final_score() / attempt.max_score;
    // Of nothing (0/0) no part was reached.
    if part.is_finite() { ((part * 10.0) as usize).min(10) } else { 0 }
}

fn failing_checks(attempts: &[&Attempt]) -> Vec<(String, usize, usize)> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (id, verdict) in attempts.iter().flat_map(|attempt| page::judged_checks(attempt)) {
        if verdict != "skipped" {
            let (failed, judged) = counts.entry(id).or_default();
            *failed += usize::from(verdict == "fail");
            *judged += 1;
        }
    }
    let mut checks: Vec<_> = counts.into_iter().map(|(id, (failed, judged))| (id, failed, judged)).collect();
    checks.sort_by_key(|(_, failed, _)| std::cmp::Reverse(*failed));
    checks
}

/// The page of a class.
pub fn render(statistics: &[Statistics]) -> String {
    let body = html! {
        h1 { "Class overview" }
        p.note { "For teachers: checks that students do not see are in it." }
        @if statistics.is_empty() { p { "Nothing was graded yet." } }
        @for of_one in statistics { (section(of_one)) }
    };
    page::document("Class overview", &body)
}

fn section(of: &Statistics) -> Markup {
    let most = of.tenths.iter().copied().max().unwrap_or(0);
    html! {
        section {
            h2 { (of.exercise) }
            p {
                (of.students) " students, mean " (format!("{:.2}", of.mean)) ", median " (of.median)
                " of " (of.max_score) " points"
            }
            p { @for (outcome, count) in &of.outcomes { (badge(outcome.word())) " " (count) " " } }
            h3 { "Points" }
            table {
                tr { th { "part of the points" } th { "students" } th {} }
                @for (tenth, count) in of.tenths.iter().enumerate() {
                    tr { td { (tenth_words(tenth)) } td { (count) } td style="width:60%" { (bar(*count, most)) } }
                }
            }
            @if !of.checks.is_empty() {
                h3 { "Checks that fail most" }
                table {
                    tr { th { "check" } th { "failed" } th {} }
                    @for (id, failed, judged) in &of.checks {
                        tr { td { code { (id) } } td { (failed) " of " (judged) } td style="width:60%" { (bar(*failed, *judged)) } }
                    }
                }
            }
        }
    }
}

fn tenth_words(tenth: usize) -> String {
    if tenth == 10 { "all".to_owned() } else { format!("{} % to below {} %", tenth * 10, tenth * 10 + 10) }
}

/// A length only says again what the number beside it says.
fn bar(count: usize, of: usize) -> Markup {
    let percent = 100 * count / of.max(1);
    html! { @if count > 0 { span.bar style=(format!("width:{percent}%")) {} } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::attempt;

    fn checked(student: &str, score: f64, alternates: &str) -> Attempt {
        let report = format!(
            r#"{{"exercises":[{{"checks":[{{"id":"alternates","verdict":"{alternates}"}},
            {{"id":"terminates","verdict":"pass"}}]}}]}}"#
        );
        Attempt { report: Some(report), ..attempt(student, score, 1) }
    }

    fn class() -> Vec<Attempt> {
        vec![
            checked("ada", 10.0, "pass"),
            checked("bob", 6.5, "fail"),
            checked("eve", 0.0, "skipped"),
            Attempt { outcome: AttemptOutcome::Unreadable, ..attempt("zoe", 0.0, 1) },
        ]
    }

    #[test]
    fn the_numbers_of_a_class() {
        let statistics = statistics(&class(), &Course::default());
        assert_eq!(statistics.len(), 1);
        let of = &statistics[0];
        assert_eq!((of.students, of.mean, of.median), (4, 4.125, 3.25));
        assert_eq!(of.tenths, [2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
        assert_eq!(of.checks, [("alternates".to_owned(), 1, 2), ("terminates".to_owned(), 0, 3)]);
        assert_eq!(of.outcomes.values().sum::<usize>(), 4);
    }

    #[test]
    fn the_page_of_a_class() {
        insta::assert_snapshot!(
            render(&statistics(&class(), &Course::default())).replace(include_str!("page/style.css"), "…")
        );
    }

    #[test]
    fn a_class_without_attempts_has_a_page() {
        assert!(render(&statistics(&[], &Course::default())).contains("Nothing was graded yet."));
    }

    #[test]
    fn an_exercise_without_points_counts_as_nothing_reached() {
        let of = statistics(&[Attempt { max_score: 0.0, ..attempt("ada", 0.0, 1) }], &Course::default());
        assert_eq!(of[0].tenths[0], 1);
    }
}
