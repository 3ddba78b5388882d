//! Wrong usage: calls that a program must refuse, whatever the exercise.

use confine::run::Ending;
use engine::case::Case;
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use crate::Check;
use crate::judges::ends;

/// The check of every exercise for wrong usage. A program that refuses every call keeps it: so it stands in each
/// exercise's `after`.
pub const USAGE: Check = Check { id: "usage", about: "wrong usage is refused with exit code 2" };

/// A case for each of these wrong calls, which the contract of the exercise names: the check is worth points.
pub fn wrong_usage(calls: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    calls.iter().map(|(id, args)| case(id, args).judge_ending("terminates", ends()))
}

/// A case for each of these wrong calls, and for an option that no program has. The check is advice: the contract names
/// no wrong call, and a program that keeps it may look at its arguments in any way.
pub fn advised_usage(calls: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    let unknown: (&str, &[&str]) = ("unknown-option", &["--no-such-option"]);
    calls.iter().copied().chain([unknown]).map(|(id, args)| case(id, args))
}

fn case(id: &str, args: &[&str]) -> Case {
    let case = Case::of_args(id, args.iter().copied()).runs(1).judge(USAGE.id, refused);
    case.tries(USAGE.id, &["wrong-usage"])
}

/// `--help` names these options, each with its default where it has one.
pub fn help(options: &'static [(&'static str, &'static str)]) -> Case {
    let case = Case::of_args("help", ["--help"]).runs(1);
    let case = case.judge(USAGE.id, move |seen| names_all(seen, options).into());
    case.tries(USAGE.id, &["help"])
}

/// What is said of an option is what stands between its name and the next one, wherever it is named: a line of usage may
/// come before.
pub fn names_all(seen: &Observation, options: &[(&str, &str)]) -> Result<(), Fault> {
    const EXPECTED: &str = "`--help` names each option with its default and ends with exit code 0";
    if *seen.ending() != Ending::Exited(0) {
        return Err(Fault::new(EXPECTED, seen.ending().to_string()));
    }
    let text = seen.stdout.lines.join("\n");
    for (option, default) in options {
        let mut said =
            text.match_indices(option).map(|(place, _)| said_of(&text[place + option.len()..], options));
        let first = said.next().ok_or_else(|| Fault::new(EXPECTED, format!("`{option}` is not in it")))?;
        if !first.contains(default) && !said.any(|said| said.contains(default)) {
            return Err(Fault::new(EXPECTED, format!("the default of `{option}`, {default}, is not in it")));
        }
    }
    Ok(())
}

/// The text up to the next option.
fn said_of<'a>(text: &'a str, options: &[(&str, &str)]) -> &'a str {
    let end = options.iter().filter_map(|(other, _)| text.find(other)).min();
    &text[..end.unwrap_or(text.len())]
}

fn refused(seen: &Observation) -> Judgement {
    match seen.ending() {
        Ending::Exited(2) => Judgement::Kept,
        other => Fault::new("wrong usage is refused with exit code 2", other.to_string()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_has_each_default_behind_its_option() {
        let options = [("--max", "10"), ("--mode", "all"), ("--list", "")];
        let says = |text: &str| {
            let seen = Observation {
                ending: Some(Ending::Exited(0)),
                stdout: text.into(),
                ..Observation::default()
            };
            names_all(&seen, &options).map_err(|fault| fault.seen)
        };
        assert_eq!(says("  --max N\n    the last [default: 10]\n--mode M [default: all]\n--list"), Ok(()));
        assert_eq!(
            says("--max N\n--mode 10 all --list").unwrap_err(),
            "the default of `--max`, 10, is not in it"
        );
        assert_eq!(says("--max 10 --mode all").unwrap_err(), "`--list` is not in it");
        let usage = "Usage: x [--max N] [--mode M] [--list]\n";
        assert_eq!(
            says(&format!("{usage}--max N  the last [default: 10]\n--mode M  [default: all]\n--list")),
            Ok(())
        );
        assert_eq!(
            says(&format!("{usage}--max N  the last\n--mode M  [default: all]\n--list")).unwrap_err(),
            "the default of `--max`, 10, is not in it"
        );
    }

    fn says(ending: Ending) -> String {
        match refused(&Observation { ending: Some(ending), ..Observation::default() }) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_is_exit_code_2() {
        assert_eq!(says(Ending::Exited(2)), "Kept");
        assert_eq!(says(Ending::Exited(0)), "it ended with exit code 0");
        let panic = Ending::Panicked { code: 101, message: "not a number".into() };
        assert_eq!(says(panic), "it panicked (exit code 101): not a number");
    }

    #[test]
    fn a_wrong_call_of_the_contract_is_judged_for_its_end_too() {
        let judged = |cases: Vec<Case>| -> Vec<(String, usize)> {
            cases.iter().map(|case| (case.scenario.shown("x"), case.judges.len())).collect()
        };
        let calls: [(&str, &[&str]); 1] = [("no-threads", &["--threads", "0"])];
        assert_eq!(judged(wrong_usage(&calls).collect()), [("x --threads 0".to_owned(), 2)]);
        let advised = [("x --threads 0".to_owned(), 1), ("x --no-such-option".to_owned(), 1)];
        assert_eq!(judged(advised_usage(&calls).collect()), advised);
    }
}
