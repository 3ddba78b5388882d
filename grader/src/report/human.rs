//! The report for people: a line an exercise, then each failed check, totals last.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::compiler_text::coloured;
use super::escape::terminal;
use super::{BoundedReport, CheckReport, ExerciseReport, Failure, Points, Report};
use crate::next_step::next_step;
use crate::sandbox::Tier;
use crate::verdict::Verdict;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for exercise in &report.exercises {
        text += &summary_line(exercise);
        exercise.explored.bounded.iter().for_each(|bounded| text += &bounded_line(bounded));
        exercise.explored.fewer.iter().for_each(|fewer| text += &format!("  {fewer}\n"));
        text += &points_lines(exercise);
    }
    for exercise in &report.exercises {
        text += &details(exercise);
    }
    text += &totals(report);
    text += &next_step(report).map(|step| format!("{}\n", terminal(&step))).unwrap_or_default();
    text
}

fn colour(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => AnsiColor::Green.on_default(),
        Verdict::Skipped | Verdict::Inconclusive => AnsiColor::Yellow.on_default(),
        _ => AnsiColor::Red.on_default().bold(),
    }
}

fn summary_line(exercise: &ExerciseReport) -> String {
    let style = colour(exercise.verdict);
    let points = format!("{}/{}", exercise.score, exercise.max_score);
    format!(
        "{:<18} {style}{:<15}{style:#} {points:>7}  {DIM}{}, {:.1} s{DIM:#}\n",
        exercise.exercise,
        exercise.verdict.word(),
        effort(exercise),
        exercise.seconds,
    )
}

/// Points that no check of the report explains.
fn points_lines(exercise: &ExerciseReport) -> String {
    let withheld = exercise.withheld.map(|Points { score, max_score }| {
        format!("  {DIM}{:<16} {score}/{max_score} points{DIM:#}\n", "not shown")
    });
    let late = exercise.late.as_ref().map(|late| format!("  {DIM}{:<16} {late}{DIM:#}\n", "late"));
    withheld.into_iter().chain(late).collect()
}

/// What a search of all schedules with few preemptions can claim.
fn bounded_line(bounded: &BoundedReport) -> String {
    let BoundedReport { case, schedules, complete_schedules, complete, .. } = bounded;
    let searched = match bounded.complete_preemptions {
        Some(1) => format!("all {complete_schedules} schedules with at most 1 preemption"),
        Some(most) => format!("all {complete_schedules} schedules with at most {most} preemptions"),
        None => "not all schedules without preemption".to_owned(),
    };
    let rest = if *complete { String::new() } else { format!("; stopped after {schedules}") };
    format!("  {DIM}{case:<16} {searched}{rest}{DIM:#}\n")
}

/// What the verdict rests on.
pub(super) fn effort(exercise: &ExerciseReport) -> String {
    let explored = match exercise.explored.schedules {
        0 => String::new(),
        schedules if exercise.explored.distinct == 0 => format!("{schedules} schedules, "),
        schedules => format!("{schedules} schedules ({} distinct), ", exercise.explored.distinct),
    };
    format!("{} checks, {explored}{} runs", exercise.checks.len(), exercise.stressed.runs)
}

fn details(exercise: &ExerciseReport) -> String {
    let mut text = String::new();
    if let Some(message) = &exercise.message {
        let style = colour(exercise.verdict);
        let (name, verdict) = (&exercise.exercise, exercise.verdict.word());
        let _ = write!(
            text,
            "\n{BOLD}{name}{BOLD:#} · {style}{verdict}{style:#}\n{}",
            shown(exercise.verdict, message)
        );
        if !message.ends_with('\n') {
            text.push('\n');
        }
        return text;
    }
    let mut shown: Vec<&Failure> = Vec::new();
    for check in exercise.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
        let is_same_run =
            |failure: &&Failure| check.failure.as_ref().is_some_and(|of| is_same_run(of, failure));
        let known = shown.iter().copied().any(|failure| is_same_run(&failure));
        text += &check_details(&exercise.exercise, check, known);
        shown.extend(&check.failure);
    }
    for check in exercise.checks.iter().filter(|check| check.is_lesson) {
        if let Some(shown) = &check.shown {
            let (name, id, seen) = (&exercise.exercise, &check.id, &shown.seen);
            let style = colour(Verdict::Pass);
            let _ = writeln!(text, "\n{BOLD}{name} · {id}{BOLD:#} {style}shown{style:#}: {seen}");
            text += &run_details(shown);
        }
    }
    text
}

fn shown(verdict: Verdict, message: &str) -> String {
    if verdict == Verdict::BuildError { coloured(message) } else { terminal(message) }
}

/// Whether two failures show in one controlled run, at the same line of it.
pub(super) fn is_same_run(one: &Failure, other: &Failure) -> bool {
    one.schedule.is_some()
        && (&one.case, &one.schedule, &one.trace) == (&other.case, &other.schedule, &other.trace)
}

/// `known` says that the same run has been shown before.
fn check_details(exercise: &str, check: &CheckReport, known: bool) -> String {
    let (style, verdict) = match check.is_advice() {
        true => (AnsiColor::Yellow.on_default(), "advice"),
        false => (colour(check.verdict), check.verdict.word()),
    };
    let id = &check.id;
    let head = format!("\n{BOLD}{exercise} · {id}{BOLD:#} {style}{verdict}{style:#}\n");
    match &check.failure {
        Some(failure) => head + &failure_details(failure, known),
        None => head + &format!("  {}\n", check.message),
    }
}

/// A failure without colours, as other formats show it.
pub(super) fn plain_failure(failure: &Failure) -> String {
    anstream::adapter::strip_str(&failure_details(failure, false)).to_string()
}

fn failure_details(failure: &Failure, known: bool) -> String {
    let head = row("expected", &failure.expected) + &row("seen", &failure.seen);
    match known {
        true => head + &row("in", "the run that is shown above"),
        false => head + &run_details(failure),
    }
}

fn row(label: &str, value: &str) -> String {
    format!("  {DIM}{label:<9}{DIM:#} {}\n", terminal(value).replace('\n', "\n            "))
}

/// One run: how it is made again, and what it did.
fn run_details(failure: &Failure) -> String {
    let mut text = row("called", &failure.call);
    if let Some(schedule) = &failure.schedule {
        // A longer one helps nobody; the command below has it.
        const MOST: usize = 160;
        let switches = format!("of {} switches", schedule.split(' ').count() - 1);
        text += &row("schedule", if schedule.len() <= MOST { schedule } else { &switches });
        if let Some(count) = failure.found_after {
            text += &row("found", &format!("by schedule {count}"));
        }
    }
    text += &row("ended", &failure.ended);
    for line in &failure.lines {
        let style = if line.starts_with('>') { colour(Verdict::Fail) } else { DIM };
        let _ = writeln!(text, "    {style}{line}{style:#}");
    }
    for line in &failure.trace {
        let _ = writeln!(text, "    {line}");
    }
    let _ = writeln!(text, "  {DIM}{:<9}{DIM:#} {BOLD}{}{BOLD:#}", "again", failure.replay);
    text
}

/// Without one, whoever reads the report must know.
fn sandbox(tier: Tier) -> String {
    match tier {
        Tier::None => format!("{0}NONE{0:#}", colour(Verdict::Fail)),
        _ => tier.word().to_owned(),
    }
}

fn totals(report: &Report) -> String {
    let mut counts: Vec<(Verdict, usize)> = Vec::new();
    for exercise in &report.exercises {
        match counts.iter_mut().find(|(verdict, _)| *verdict == exercise.verdict) {
            Some((_, count)) => *count += 1,
            None => counts.push((exercise.verdict, 1)),
        }
    }
    counts.sort_unstable();
    let words: Vec<String> = counts
        .iter()
        .map(|&(verdict, count)| format!("{0}{count} {1}{0:#}", colour(verdict), verdict.word()))
        .collect();
    let exercises = if report.exercises.len() == 1 { "exercise" } else { "exercises" };
    let words = if words.is_empty() { "none graded".to_owned() } else { words.join(", ") };
    let Report { score, max_score, seed, .. } = report;
    let sandbox = sandbox(report.sandbox);
    let total = format!(
        "\n{} {exercises}: {words} · {score}/{max_score} points · seed {seed} · sandbox {sandbox}\n",
        report.exercises.len()
    );
    let style = colour(Verdict::Fail);
    total + &report.incomplete_line().map(|line| format!("{style}{line}{style:#}\n")).unwrap_or_default()
}
