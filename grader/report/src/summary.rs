//! The summary of a job on GitHub: Markdown with every failure and its schedule.

use std::fmt::Write;

use engine::escape::{code, code_block};

use super::entries::{self, Entry, TestOutcome};
use super::{ExerciseReport, Report};

/// As Markdown, of at most `most` bytes: what does not fit is left out, and that is said.
pub(super) fn render(report: &Report, most: usize) -> String {
    const CUT: &str = "\nThere is more than fits here: see the log.\n";
    let mut text = String::new();
    let details = report.exercises.iter().flat_map(details);
    for part in [head(report)].into_iter().chain(details) {
        if text.len() + part.len() + CUT.len() > most {
            return if text.len() + CUT.len() <= most { text + CUT } else { text };
        }
        text += &part;
    }
    text
}

fn head(report: &Report) -> String {
    let mut text = format!("## {}/{} points\n\n", report.score, report.max_score);
    if let Some(line) = report.incomplete_line() {
        let _ = writeln!(text, "**{}**\n", code(&line));
    }
    text += "| exercise | verdict | points | checks kept |\n|---|---|---:|---:|\n";
    report.exercises.iter().for_each(|exercise| text += &row(exercise));
    let late = report.exercises.iter().filter_map(|of| Some((&of.exercise, of.late.as_ref()?)));
    late.for_each(|(exercise, late)| {
        let _ = write!(text, "\n{}: {late}\n", code(exercise));
    });
    text
}

fn row(exercise: &ExerciseReport) -> String {
    let entries = entries::of(exercise);
    let kept = entries.iter().filter(|entry| entry.outcome == TestOutcome::Pass).count();
    let ExerciseReport { exercise: name, verdict, score, max_score, .. } = exercise;
    format!("| {} | {} | {score}/{max_score} | {kept}/{} |\n", code(name), verdict.word(), entries.len())
}

fn details(exercise: &ExerciseReport) -> Vec<String> {
    let shown = entries::of(exercise).into_iter().filter(|entry| entry.outcome != TestOutcome::Pass);
    shown.map(|entry| detail(&exercise.exercise, &entry)).collect()
}

fn detail(exercise: &str, entry: &Entry) -> String {
    let word = if entry.outcome == TestOutcome::Advice { "advice" } else { entry.verdict.word() };
    let place =
        entry.mark.as_ref().map(|mark| format!(" at {}", code(&format!("{}:{}", mark.path, mark.line))));
    format!(
        "\n### {} · {}: {word}{}\n\n{}",
        code(exercise),
        code(&entry.name),
        place.unwrap_or_default(),
        code_block(&entry.details)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_summary_keeps_its_limit_and_says_what_is_missing() {
        let whole = render(&sample::report(), usize::MAX);
        let short = render(&sample::report(), 1_500);
        assert!(short.len() <= 1_500 && short.ends_with("see the log.\n"), "{short}");
        assert!(whole.len() > short.len() && render(&sample::report(), 10).is_empty());
    }
}
