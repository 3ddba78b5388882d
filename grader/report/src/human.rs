//! The report for people: a line an exercise, then each failed check, totals last.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use confine::sandbox::Tier;
use engine::escape::terminal;

use super::columns::{self, wrapped};
use super::compiler_text::coloured;
use super::next_step::next_step;
use super::{
    BoundedReport, CheckReport, ExerciseReport, Failure, Lesson, Points, ProofReport, Report, Subject,
};
use crate::verdict::Verdict;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// In so many columns of a terminal; or for a log, where a line for each exercise has no edge.
pub(super) fn render(report: &Report, on_terminal: Option<usize>) -> String {
    let width = on_terminal.unwrap_or(columns::WIDTH);
    let mut text = String::new();
    for exercise in &report.exercises {
        text += &summary_line(exercise, on_terminal.unwrap_or(usize::MAX));
        text += &passed_line(exercise, width);
        exercise.explored.bounded.iter().for_each(|bounded| text += &bounded_line(bounded));
        text += &proof_lines(exercise);
        exercise.explored.fewer.iter().for_each(|fewer| text += &format!("  {fewer}\n"));
        text += &points_lines(exercise);
    }
    for exercise in &report.exercises {
        text += &details(exercise, width);
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

pub(super) fn summary_line(exercise: &ExerciseReport, width: usize) -> String {
    let style = colour(exercise.verdict);
    let points = format!("{}/{}", exercise.score, exercise.max_score);
    let (name, verdict) = (&exercise.exercise, exercise.verdict.word());
    let room = width.saturating_sub(18 + 1 + 15 + 1 + 7 + 2);
    let effort = shortest_needed(exercise, room);
    format!("{name:<18} {style}{verdict:<15}{style:#} {points:>7}  {DIM}{effort}{DIM:#}\n")
}

/// What the verdict rests on and how long it took, in as many words as there is room for.
fn shortest_needed(exercise: &ExerciseReport, room: usize) -> String {
    let seconds = format!("{:.1} s", exercise.seconds);
    let (schedules, runs) = (exercise.explored.schedules, exercise.stressed.runs);
    let forms = [
        format!("{}, {seconds}", effort(exercise)),
        format!("{} checks, {schedules} schedules, {runs} runs, {seconds}", exercise.checks.len()),
        format!("{schedules} schedules, {runs} runs, {seconds}"),
    ];
    let fits = forms.iter().find(|form| form.len() <= room);
    fits.cloned().unwrap_or(seconds)
}

/// What was kept, where something was not.
fn passed_line(exercise: &ExerciseReport, width: usize) -> String {
    let passed = exercise.checks.iter().filter(|check| check.verdict == Verdict::Pass);
    let passed: Vec<&str> = passed.map(|check| check.id.as_str()).collect();
    let is_needed = exercise.verdict != Verdict::Pass && !passed.is_empty();
    // Nobody reads a hundred names of tests.
    const MOST: usize = 12;
    let names = if passed.len() <= MOST { passed.join(", ") } else { format!("{} checks", passed.len()) };
    if is_needed { row("passed", &names, width) } else { String::new() }
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

/// What is proved; of a program that is wrong elsewhere, people ask for something else.
fn proof_lines(exercise: &ExerciseReport) -> String {
    let line = |proof: &ProofReport| format!("  {DIM}{:<16} {}{DIM:#}\n", proof.case, proof.claim());
    match exercise.verdict {
        Verdict::Pass => exercise.explored.proofs.iter().map(line).collect(),
        _ => String::new(),
    }
}

/// What the verdict rests on.
pub(super) fn effort(exercise: &ExerciseReport) -> String {
    let explored = match exercise.explored.schedules {
        0 => String::new(),
        schedules if exercise.explored.distinct == 0 => format!("{schedules} schedules, "),
        schedules => format!("{schedules} schedules ({} distinct), ", exercise.explored.distinct),
    };
    let checks = if exercise.checks.len() == 1 { "check" } else { "checks" };
    let head = format!("{} {checks}, {explored}", exercise.checks.len());
    match exercise.stressed.runs {
        0 if exercise.explored.schedules > 0 => head.trim_end_matches(", ").to_owned(),
        runs => format!("{head}{runs} runs"),
    }
}

fn details(exercise: &ExerciseReport, width: usize) -> String {
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
        text += &check_details(&exercise.exercise, check, known, width);
        shown.extend(&check.failure);
    }
    let lessons = exercise.checks.iter().filter_map(|check| Some((check, check.shown.as_ref()?)));
    lessons.for_each(|(check, shown)| text += &lesson(&exercise.exercise, check, shown, width));
    text
}

/// What a schedule shows though all is well. The picture only for who asks for it: it looks like that of a failure.
fn lesson(exercise: &str, check: &CheckReport, shown: &Failure, width: usize) -> String {
    let style = colour(Verdict::Pass);
    let (id, seen) = (&check.id, &shown.seen);
    let head = format!("\n{BOLD}{exercise} · {id}{BOLD:#} {style}shown{style:#}: {seen}\n");
    match check.lesson {
        Lesson::None => String::new(),
        Lesson::Named => head + &command("see it", &shown.replay),
        Lesson::Drawn => head + &run_details(shown, width),
    }
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
fn check_details(exercise: &str, check: &CheckReport, known: bool, width: usize) -> String {
    let (style, verdict) = match check.is_advice() {
        true => (AnsiColor::Yellow.on_default(), "advice"),
        false => (colour(check.verdict), check.verdict.word()),
    };
    let id = &check.id;
    let head = format!("\n{BOLD}{exercise} · {id}{BOLD:#} {style}{verdict}{style:#}\n");
    match &check.failure {
        Some(failure) => head + &failure_details(failure, known, width),
        None => head + &paragraph("", &check.message, width),
    }
}

/// A failure without colours, as other formats show it.
pub(super) fn plain_failure(failure: &Failure) -> String {
    anstream::adapter::strip_str(&failure_details(failure, false, columns::WIDTH)).to_string()
}

fn failure_details(failure: &Failure, known: bool, width: usize) -> String {
    let contract =
        failure.sentence.as_ref().map(|of| row("contract", &format!("{} ({})", of.text, of.id), width));
    let head = contract.unwrap_or_default() + &row("expected", &failure.expected, width);
    let head = head + &row("seen", &failure.seen, width);
    match known {
        true => head + &row("in", "the run that is shown above", width),
        false => head + &run_details(failure, width),
    }
}

/// A value behind its label; lines that do not fit go on below it.
fn row(label: &str, value: &str, width: usize) -> String {
    paragraph(&format!("{DIM}{label:<9}{DIM:#} "), value, width)
}

fn paragraph(label: &str, value: &str, width: usize) -> String {
    let indentation = " ".repeat(2 + anstream::adapter::strip_str(label).to_string().chars().count());
    let value = terminal(value);
    let lines = value.lines().flat_map(|line| wrapped(line, width.saturating_sub(indentation.len()), ""));
    let lines: Vec<String> = lines.collect();
    format!("  {label}{}\n", lines.join(&format!("\n{indentation}")))
}

/// A command stays in one line, to be copied.
fn command(label: &str, command: &str) -> String {
    format!("  {DIM}{label:<9}{DIM:#} {BOLD}{command}{BOLD:#}\n")
}

/// One run: how it is made again, and what it did.
fn run_details(failure: &Failure, width: usize) -> String {
    let mut text = row("called", &failure.call, width);
    if let Some(schedule) = &failure.schedule {
        // A longer one helps nobody; the command below has it.
        const MOST: usize = 160;
        let switches = format!("of {} switches", schedule.split(' ').count() - 1);
        text += &row("schedule", if schedule.len() <= MOST { schedule } else { &switches }, width);
        if let Some(count) = failure.found_after {
            text += &row("found", &format!("by schedule {count}"), width);
        }
    }
    if failure.ended != failure.seen {
        text += &row("ended", &failure.ended, width);
    }
    for line in &failure.lines {
        let style = if line.starts_with('>') { colour(Verdict::Fail) } else { DIM };
        let _ = writeln!(text, "    {style}{line}{style:#}");
    }
    text += &standard_error(failure, width);
    for line in &picture(failure, width - 4) {
        let _ = writeln!(text, "    {line}");
    }
    text + &command("again", &failure.replay)
}

/// What the program said beside its output.
fn standard_error(failure: &Failure, width: usize) -> String {
    if failure.stderr.is_empty() { String::new() } else { row("stderr", &failure.stderr.join("\n"), width) }
}

/// What the threads did, as wide as there is room; as it was kept, where only that is left.
fn picture(failure: &Failure, width: usize) -> Vec<String> {
    failure.picture.as_ref().map_or_else(|| failure.trace.clone(), |picture| columns::lines(picture, width))
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
    let (one, several, points) = match report.subject {
        Subject::Exercises => ("exercise", "exercises", "points"),
        Subject::Targets => ("target", "targets", "checks"),
    };
    let exercises = if report.exercises.len() == 1 { one } else { several };
    let words = if words.is_empty() { "none graded".to_owned() } else { words.join(", ") };
    let Report { score, max_score, seed, .. } = report;
    let sandbox = match (report.subject, report.sandbox) {
        // It is the user's own code.
        (Subject::Targets, Tier::None) => String::new(),
        (_, tier) => format!(" · sandbox {}", sandbox(tier)),
    };
    let total = format!(
        "\n{} {exercises}: {words} · {score}/{max_score} {points} · seed {seed}{sandbox}\n",
        report.exercises.len()
    );
    let style = colour(Verdict::Fail);
    total + &report.incomplete_line().map(|line| format!("{style}{line}{style:#}\n")).unwrap_or_default()
}
