//! Standard outputs that cannot be written, whatever the exercise: nobody reads them, or they are full.

use confine::run::{Ending, Stdout};
use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use crate::exercise::Check;

/// The sentence of every contract that is tried by [`unread`].
pub(super) const CLOSED: &str = "closed-output";

/// The check of [`full`]: advice, as programs that keep the page of all contracts may say such an error in another way.
pub(super) const CANNOT_WRITE: Check = Check {
    id: "cannot-write",
    about: "an output that cannot be written is said, with exit code 1 (advice)",
};

/// Nobody reads what the program prints: under control after so many writes, else from the beginning. It ends quietly.
pub(super) fn unread(call: Call, after: u32) -> Case {
    let case = Case::new("closed-output", call.to(Stdout::Closed { after })).runs(2);
    case.judge_ending("terminates", ends_quietly).tries("terminates", &[CLOSED])
}

fn ends_quietly(seen: &Observation) -> Judgement {
    const EXPECTED: &str = "the program ends quietly with exit code 0 when nobody reads its output any more";
    let ending = seen.ending();
    match ending {
        Ending::Exited(0) => match seen.stderr.lines.first() {
            None => Judgement::Kept,
            Some(line) => Fault::new(EXPECTED, format!("it says {} on standard error", line.trim())).into(),
        },
        Ending::Stopped => Judgement::Unproven(ending.to_string()),
        _ if ending.proves_nothing() => Judgement::Unproven(ending.to_string()),
        _ => Fault::new(EXPECTED, ending.to_string()).into(),
    }
}

/// What the program prints goes to a full device. It says so, as `PROGRAM: SUBJECT: REASON`.
pub(super) fn full(program: &'static str, call: Call) -> Case {
    let case = Case::new("full-output", call.to(Stdout::Full)).runs(1);
    let case = case.judge(CANNOT_WRITE.id, move |seen| says_so(seen, program).into());
    case.tries(CANNOT_WRITE.id, &["cannot-write"])
}

fn says_so(seen: &Observation, program: &str) -> Result<(), Fault> {
    let expected = format!("`{program}: SUBJECT: REASON` on standard error, and exit code 1");
    let is_said = |line: &String| {
        let rest = line.strip_prefix(program).and_then(|rest| rest.strip_prefix(": "));
        rest.is_some_and(|rest| rest.contains(": "))
    };
    match seen.ending() {
        Ending::Exited(1) if seen.stderr.lines.iter().any(is_said) => Ok(()),
        Ending::Exited(1) => Err(Fault::new(expected, "no such line on standard error")),
        ending => Err(Fault::new(expected, ending.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(ending: Ending, stderr: &str) -> Observation {
        Observation { ending: Some(ending), stderr: stderr.into(), ..Observation::default() }
    }

    #[test]
    fn to_end_quietly_is_to_say_nothing() {
        assert_eq!(ends_quietly(&ended(Ending::Exited(0), "")), Judgement::Kept);
        assert!(matches!(ends_quietly(&ended(Ending::Exited(0), "x\n")), Judgement::Broken(_)));
        assert!(matches!(ends_quietly(&ended(Ending::Exited(1), "")), Judgement::Broken(_)));
        assert!(matches!(ends_quietly(&ended(Ending::Deadlocked { threads: 2 }, "")), Judgement::Broken(_)));
        assert!(matches!(ends_quietly(&ended(Ending::Stopped, "")), Judgement::Unproven(_)));
    }

    #[test]
    fn a_full_output_is_said_with_its_subject() {
        let says = |ending, stderr: &str| says_so(&ended(ending, stderr), "x").map_err(|fault| fault.seen);
        assert_eq!(says(Ending::Exited(1), "x: standard output: No space left on device\n"), Ok(()));
        assert_eq!(says(Ending::Exited(1), "x: full\n").unwrap_err(), "no such line on standard error");
        assert_eq!(says(Ending::Exited(0), "x: a: b\n").unwrap_err(), "it ended with exit code 0");
    }
}
