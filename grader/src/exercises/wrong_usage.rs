//! Wrong usage: calls that a program must refuse, whatever the exercise.

use crate::case::{Case, Fault, Judgement, Observation};
use crate::exercise::Check;
use crate::judges::{ends, quoted};
use crate::run::Ending;

/// The check of every exercise for wrong usage. A program that refuses every call keeps it: so it stands in each
/// exercise's `after`.
pub(super) const USAGE: Check =
    Check { id: "usage", about: "wrong usage is refused: exit code 2, said on standard error, nothing done" };

/// A case for each of these wrong calls, and one for an option that no program has.
pub(super) fn wrong_usage(calls: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    let unknown: (&str, &[&str]) = ("unknown-option", &["--no-such-option"]);
    calls.iter().copied().chain([unknown]).map(|(id, args)| case(id, args))
}

fn case(id: &str, args: &[&str]) -> Case {
    Case::of_args(id, args.iter().copied()).runs(1).judge(USAGE.id, refused).judge("terminates", ends())
}

fn refused(seen: &Observation) -> Judgement {
    let fault = |what: String| {
        let expected = "wrong usage: exit code 2, the reason on standard error, nothing on standard output";
        Fault::new(expected, what)
    };
    if *seen.ending() != Ending::Exited(2) {
        return fault(seen.ending().to_string()).into();
    }
    match seen.stdout.lines.first() {
        Some(line) => fault(format!("exit code 2, but standard output has {}", quoted(line))).at(0).into(),
        None if seen.stderr.bytes.trim_ascii().is_empty() => {
            fault("exit code 2, but standard error is empty".into()).into()
        }
        None => Judgement::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(ending: Ending, stdout: &str, stderr: &str) -> String {
        let seen = Observation {
            ending: Some(ending),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..Observation::default()
        };
        match refused(&seen) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_exit_code_2_and_a_reason() {
        assert_eq!(says(Ending::Exited(2), "", "error: no such option\n"), "Kept");
    }

    #[test]
    fn another_end_no_reason_and_work_done_all_the_same_are_none() {
        assert_eq!(says(Ending::Exited(0), "", "hm\n"), "it ended with exit code 0");
        assert_eq!(says(Ending::Exited(2), "", "\n"), "exit code 2, but standard error is empty");
        assert_eq!(says(Ending::Exited(0), "1\n2\n", ""), "it ended with exit code 0");
        assert_eq!(says(Ending::Exited(2), "1\n2\n", ""), "exit code 2, but standard output has `1`");
        let panic = Ending::Panicked { code: 101, message: "not a number".into() };
        assert_eq!(says(panic, "", "…"), "it panicked (exit code 101): not a number");
    }

    #[test]
    fn every_program_is_called_with_an_unknown_option_too() {
        let cases: Vec<Case> = wrong_usage(&[("no-threads", &["--threads", "0"])]).collect();
        let shown: Vec<String> = cases.iter().map(|case| case.scenario.shown("x")).collect();
        assert_eq!(shown, ["x --threads 0", "x --no-such-option"]);
        assert!(cases.iter().all(|case| case.judges.len() == 2));
    }
}
