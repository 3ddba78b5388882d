//! `cargo grade hint`: one more hint each time.

use std::fmt::Write as _;

use engine::workspace::Workspace;

use crate::cli::args::HintArgs;
use crate::cli::output::Output;
use crate::course::hints::{self, Given};
use crate::error::Error;
use crate::error::exit_code;

pub(super) fn run(args: &HintArgs) -> Result<u8, Error> {
    let workspace = Workspace::find()?;
    let exercise = super::find(&workspace, &args.exercise)?.name;
    let text = if args.reset {
        Given::of(&workspace, exercise).remember(0)?;
        format!("{exercise}: hints start over\n")
    } else {
        more(&workspace, exercise, args.all)?
    };
    Output::open(None)?.write(&text)?;
    Ok(exit_code::PASS)
}

/// The next hint, or all of them, which counts as having been given.
pub(super) fn more(workspace: &Workspace, exercise: &str, all: bool) -> Result<String, Error> {
    let given = Given::of(workspace, exercise);
    let hints = hints::read(workspace, exercise)?;
    let before = given.count();
    let upto = if all { hints.len() } else { (before + 1).min(hints.len()) };
    if let Err(error) = given.remember(upto) {
        // The hint is worth more than its number.
        eprintln!("cargo grade: the next call gives this hint again, as it cannot be remembered: {error}");
    }
    let from = if all { 0 } else { upto - 1 };
    Ok(shown(exercise, &hints, from, upto) + ending(exercise, &hints, before, all).as_str())
}

/// The hints from index `from` to before `upto`, each under its number.
fn shown(exercise: &str, hints: &[String], from: usize, upto: usize) -> String {
    let mut text = String::new();
    for (index, hint) in hints.iter().enumerate().take(upto).skip(from) {
        let _ = writeln!(text, "{exercise}, hint {} of {}\n", index + 1, hints.len());
        for line in hint.lines() {
            text += format!("  {line}").trim_end();
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// What there is to be had after these; `before` is how many had been given.
fn ending(exercise: &str, hints: &[String], before: usize, all: bool) -> String {
    let given = if all { hints.len() } else { before + 1 };
    match hints.len().checked_sub(given) {
        None => format!("There are no more; `cargo grade hint {exercise} --all` shows them together.\n"),
        Some(0) => "That was the last one.\n".to_owned(),
        Some(left) => format!("{left} more: cargo grade hint {exercise}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints() -> Vec<String> {
        vec!["Look.\nAgain.".to_owned(), "Wait.".to_owned()]
    }

    #[test]
    fn a_hint_has_its_number_and_says_how_many_are_left() {
        let text = shown("even-odd", &hints(), 0, 1) + &ending("even-odd", &hints(), 0, false);
        insta::assert_snapshot!(text, @r"
        even-odd, hint 1 of 2

          Look.
          Again.

        1 more: cargo grade hint even-odd
        ");
    }

    #[test]
    fn the_end_of_the_list_is_said() {
        assert_eq!(ending("even-odd", &hints(), 1, false), "That was the last one.\n");
        assert!(ending("even-odd", &hints(), 2, false).starts_with("There are no more"));
        assert_eq!(ending("even-odd", &hints(), 0, true), "That was the last one.\n");
    }
}
