//! What cannot be done, whatever the exercise: standard outputs that nobody reads or that are full, too many threads.
//!
//! A program that gets an error for a write, and whose threads then wait for each other for ever, breaks its contract
//! and loses points. `println!` gives no error but a panic. It is what courses teach first, and its panics come only
//! where nobody reads: what comes of them, also where others wait for who panicked, is advice.

use confine::run::{Ending, Stdout};
use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use crate::Check;
use crate::judges::ends;

/// The sentence of every contract that is tried by [`unread`].
pub const CLOSED: &str = "closed-output";

/// Advice: how a program ends that cannot write, or cannot do what it is asked for.
pub const CANNOT_WRITE: Check = Check {
    id: "cannot-write",
    about: "a closed output ends the program quietly, what cannot be done is said, with exit code 1 (advice)",
};

/// Nobody reads what the program prints: under control after so many writes, else from the beginning. It ends, and
/// quietly.
pub fn unread(call: Call, after: u32) -> Case {
    let case = Case::new("closed-output", call.to(Stdout::Closed { after })).runs(2);
    let case = case.judge_ending("terminates", ends_unless_it_panics).tries("terminates", &[CLOSED]);
    case.judge_ending(CANNOT_WRITE.id, ends_quietly).tries(CANNOT_WRITE.id, &[CLOSED])
}

pub fn ends_unless_it_panics(seen: &Observation) -> Judgement {
    if panics_in_println(seen) { Judgement::Kept } else { ends()(seen) }
}

/// One fault counts once: who hangs without a panic of `println!` has that said by the other check.
pub fn ends_quietly(seen: &Observation) -> Judgement {
    const EXPECTED: &str = "the program ends quietly with exit code 0 when nobody reads its output any more";
    let ending = seen.ending();
    let fault = |seen: String| Fault::new(EXPECTED, seen).into();
    match (ending, seen.stderr.lines.first()) {
        (Ending::Exited(0), None) => Judgement::Kept,
        (Ending::Exited(0), Some(line)) => fault(format!("it says {} on standard error", line.trim())),
        (Ending::Stopped, _) => Judgement::Unproven(ending.to_string()),
        _ if ending.proves_nothing() => Judgement::Unproven(ending.to_string()),
        _ if panics_in_println(seen) || ending.code().is_some() => fault(ending.to_string()),
        _ => Judgement::Kept,
    }
}

/// Whether the standard library has given up a thread that printed.
fn panics_in_println(seen: &Observation) -> bool {
    seen.stderr.lines.iter().any(|line| line.contains("failed printing to stdout"))
}

/// What the program prints goes to a full device. It says so, as `PROGRAM: SUBJECT: REASON`.
pub fn full(program: &'static str, call: Call) -> Case {
    let case = Case::new("full-output", call.to(Stdout::Full)).runs(1);
    let case = case.judge(CANNOT_WRITE.id, move |seen| says_so(seen, program).into());
    case.tries(CANNOT_WRITE.id, &["cannot-write"])
}

/// More threads are asked for than there can be. The program says so, and starts none of them in vain.
pub fn too_many_threads(program: &'static str, args: &[&str]) -> Case {
    let case = Case::of_args("too-many-threads", args.iter().copied()).runs(1);
    let case = case.judge(CANNOT_WRITE.id, move |seen| says_so(seen, program).into());
    case.tries(CANNOT_WRITE.id, &["too-many-threads"])
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
    fn a_panic_of_println_is_advice_whatever_comes_of_it() {
        let case = unread(Call::new([""; 0]), 2);
        let broken = |ending, stderr: &str| -> Vec<&str> {
            let seen = ended(ending, stderr);
            let judged = case.judges.iter().map(|(check, judge)| (*check, judge.judge(&seen)));
            judged
                .filter(|(_, judged)| matches!(judged, Some(Judgement::Broken(_))))
                .map(|(id, _)| id)
                .collect()
        };
        const PANIC: &str = "failed printing to stdout: Broken pipe (os error 32)\n";
        let panicked = || Ending::Panicked { code: 101, message: PANIC.into() };
        assert_eq!(broken(panicked(), PANIC), ["cannot-write"]);
        assert_eq!(broken(Ending::Deadlocked { threads: 2 }, PANIC), ["cannot-write"]);
        assert_eq!(broken(Ending::Deadlocked { threads: 2 }, ""), ["terminates"]);
        assert_eq!(broken(panicked(), "another panic\n"), ["cannot-write"]);
    }

    #[test]
    fn to_end_quietly_is_to_say_nothing() {
        assert_eq!(ends_quietly(&ended(Ending::Exited(0), "")), Judgement::Kept);
        assert!(matches!(ends_quietly(&ended(Ending::Exited(0), "x\n")), Judgement::Broken(_)));
        assert!(matches!(ends_quietly(&ended(Ending::Exited(1), "")), Judgement::Broken(_)));
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
