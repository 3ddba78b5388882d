//! Holds what the program printed, and what was seen of its child processes, against the contract.

use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;

use super::known::is_right_for_a_large_limit;
use super::transcript::{self, Call};
use super::workers::{AT_MOST, ENOUGH_RUNS, KILLED, KILLED_EARLY, LOOKED_ENOUGH};
use exercise::judges::{lines, same_lines};
use exercise::quoted::quoted;

/// Judges that the output is the lines `due`.
pub(super) fn counts_right(seen: &Observation, due: &[String]) -> Judgement {
    const EXPECTED: &str = "the primes up to each limit, in the order of the arguments";
    let lines = lines(&seen.stdout)
        .and_then(|lines| same_lines(lines, due, EXPECTED).map_err(|fault| about(fault, lines, due)));
    lines.into()
}

/// The same fault, with the sentence that its line is about.
fn about(fault: Fault, lines: &[String], due: &[String]) -> Fault {
    let Some((at, due_there)) = fault.line.and_then(|at| Some((at, due.get(at)?))) else { return fault };
    let (limit, rest) = due_there.split_once(": ").unwrap_or_default();
    match lines.get(at) {
        None => fault,
        Some(line) if line != due_there && due.contains(line) => fault.of("order"),
        _ if rest == "0 primes" => fault.of("none"),
        _ if rest.ends_with(&format!(", largest {limit}")) => fault.of("included"),
        _ => fault.of("line"),
    }
}

/// Judges that all calls of a session printed the same.
pub(super) fn same_for_any_workers(seen: &Observation) -> Judgement {
    let calls = transcript::read(&seen.stdout);
    let Some((first, others)) = calls.split_first().filter(|(first, _)| !first.printed.is_empty()) else {
        return Judgement::Unproven("needs calls that print something".into());
    };
    if seen.code() != Some(0) {
        return Judgement::Unproven("needs calls that end with exit code 0".into());
    }
    others.iter().find_map(|call| difference(first, call)).map_or(Judgement::Kept, Into::into)
}

fn difference(first: &Call, call: &Call) -> Option<Fault> {
    let longest = first.printed.len().max(call.printed.len());
    let at = (0..longest).find(|&at| first.printed.get(at) != call.printed.get(at))?;
    let line = |call: &Call| call.printed.get(at).map_or("no line".into(), |line| quoted(line));
    let expected = format!("{}, as from {}", line(first), quoted(&first.command));
    let seen = format!("{} from {}", line(call), quoted(&call.command));
    Some(Fault::new(expected, seen).at(call.line + 1 + at))
}

/// Judges that the work was shared over `workers` child processes.
pub(super) fn child_processes(seen: &Observation, workers: usize) -> Judgement {
    let calls = transcript::read(&seen.stdout);
    let notes = || calls.iter().flat_map(|call| &call.notes);
    let counts = notes().filter_map(|note| note.strip_prefix(AT_MOST)?.parse::<usize>().ok());
    let enough = notes().filter(|note| *note == LOOKED_ENOUGH).count();
    let expected =
        format!("{workers} child processes alive at once with `--mode processes --workers {workers}`");
    match counts.max() {
        None if workers == 0 && !calls.is_empty() => Judgement::Kept,
        Some(most) if most == workers => Judgement::Kept,
        Some(most) if most > workers => Fault::new(expected, format!("there were {most}")).into(),
        Some(most) if enough >= ENOUGH_RUNS => {
            Fault::new(expected, format!("there were at most {most}")).into()
        }
        _ => Judgement::Unproven("no run was long enough to see its child processes".into()),
    }
}

/// Judges that the death of a child process was an error and made no count smaller.
pub(super) fn worker_death(seen: &Observation) -> Judgement {
    const EXPECTED: &str = "a child process that dies is an error: exit code 1, `primes: SUBJECT: reason` on \
                            standard error, and no count without its share";
    let fault = |seen: String| Judgement::from(Fault::new(EXPECTED, seen));
    let calls = transcript::read(&seen.stdout);
    let has = |call: &Call, wanted: &str| call.notes.iter().any(|note| note == wanted);
    let Some(call) = calls.last().filter(|call| has(call, KILLED)) else {
        return Judgement::Unproven("no child process could be caught and killed".into());
    };
    if let Some(at) = call.printed.iter().position(|line| !is_right_for_a_large_limit(line)) {
        let line = quoted(&call.printed[at]);
        return Fault::new(EXPECTED, format!("it printed {line}")).at(call.line + 1 + at).into();
    }
    match seen.code() {
        Some(1) if seen.stderr.lines.iter().any(|line| names_a_subject(line)) => Judgement::Kept,
        Some(1) => {
            let seen = "standard error has no line `primes: SUBJECT: reason`";
            Fault::new(EXPECTED, seen).of("death-said").into()
        }
        // Whoever has the whole count may have had it before the death.
        Some(0) if !has(call, KILLED_EARLY) && !call.printed.is_empty() => {
            Judgement::Unproven("the child process that was killed may have done its share".into())
        }
        Some(_) if seen.stderr.lines.iter().any(|line| names_a_subject(line)) => {
            Fault::new(EXPECTED, seen.ending().to_string()).of("death-code").into()
        }
        _ => fault(seen.ending().to_string()),
    }
}

/// Judges that the only worker, which was killed, is called worker 0.
pub(super) fn names_the_worker(seen: &Observation) -> Judgement {
    let calls = transcript::read(&seen.stdout);
    let is_killed = |call: &Call| call.notes.iter().any(|note| note == KILLED);
    if seen.code() != Some(1) || !calls.last().is_some_and(is_killed) {
        return Judgement::Unproven("no death of a child process was said to be an error".into());
    }
    if seen.stderr.lines.iter().any(|line| line.starts_with("primes: worker 0: ")) {
        return Judgement::Kept;
    }
    let said = seen.stderr.lines.iter().find(|line| names_a_subject(line));
    let said = said.map_or("there is no such line".into(), |line| format!("it says {}", quoted(line)));
    Fault::new("`primes: worker 0: REASON` for the death of the only worker", said).into()
}

fn names_a_subject(line: &str) -> bool {
    let parts = line.strip_prefix("primes: ").and_then(|rest| rest.split_once(": "));
    parts.is_some_and(|(subject, reason)| !subject.is_empty() && !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use confine::run::Ending;

    use super::*;

    fn seen(code: i32, stdout: &str, stderr: &str) -> Observation {
        Observation {
            ending: Some(Ending::Exited(code)),
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..Observation::default()
        }
    }

    fn says(judgement: Judgement) -> String {
        match judgement {
            Judgement::Kept => "kept".into(),
            Judgement::Nothing => "nothing".into(),
            Judgement::Unproven(_) => "unproven".into(),
            Judgement::Broken(fault) => fault.seen,
        }
    }

    #[test]
    fn counts_have_to_be_the_lines_due() {
        let due = ["2: 1 primes, largest 2".to_owned()];
        let counts = |stdout| says(counts_right(&seen(0, stdout, ""), &due));
        assert_eq!(counts("2: 1 primes, largest 2\n"), "kept");
        assert_eq!(
            counts("2: 1 prime, largest 2\n"),
            "line 1 is `2: 1 prime, largest 2` where `2: 1 primes, largest 2` was due"
        );
        assert_eq!(counts(""), "the output ends where `2: 1 primes, largest 2` was due");
    }

    #[test]
    fn all_calls_have_to_print_the_same() {
        let same = |code, stdout| same_for_any_workers(&seen(code, stdout, ""));
        assert_eq!(same(0, "$ a\n| 1\n| 2\n$ b\n| 1\n| 2\n"), Judgement::Kept);
        let Judgement::Broken(fault) = same(0, "$ a\n| 1\n| 2\n$ b\n| 1\n| 3\n") else { panic!("kept") };
        assert_eq!((fault.expected.as_str(), fault.seen.as_str()), ("`2`, as from `a`", "`3` from `b`"));
        assert_eq!(fault.line, Some(5));
        assert_eq!(says(same(0, "$ a\n| 1\n| 2\n$ b\n| 1\n")), "no line from `b`");
        assert_eq!(says(same(0, "$ a\n| 1\n$ b\n| 1\n| 2\n")), "`2` from `b`");
    }

    #[test]
    fn calls_that_failed_or_printed_nothing_show_no_sameness() {
        for (code, stdout) in [(1, "$ a\n| 1\n$ b\n| 1\n"), (0, "$ a\n$ b\n"), (0, "1\n")] {
            assert_eq!(says(same_for_any_workers(&seen(code, stdout, ""))), "unproven");
        }
    }

    #[test]
    fn children_are_counted_over_all_runs() {
        let count = |stdout: &str| says(child_processes(&seen(0, stdout, ""), 3));
        let (few, all, more) =
            (format!("# {AT_MOST}1\n"), format!("# {AT_MOST}3\n"), format!("# {AT_MOST}4\n"));
        assert_eq!(count(&format!("$ a\n{few}$ a\n{all}")), "kept");
        assert_eq!(count(&format!("$ a\n{more}")), "there were 4");
        assert_eq!(
            count(&format!("$ a\n{few}# {LOOKED_ENOUGH}\n$ a\n{few}# {LOOKED_ENOUGH}\n")),
            "there were at most 1"
        );
    }

    #[test]
    fn too_few_children_are_no_fault_before_enough_runs_were_looked_at() {
        let count = |stdout: &str| says(child_processes(&seen(0, stdout, ""), 3));
        assert_eq!(count(&format!("$ a\n# {AT_MOST}0\n# {LOOKED_ENOUGH}\n$ a\n# {AT_MOST}2\n")), "unproven");
        assert_eq!(count(""), "unproven");
        assert_eq!(count(&format!("$ a\n| # {AT_MOST}3\n")), "unproven");
    }

    const MESSAGE: &str = "primes: worker 1: ended by signal 9\n";

    fn death(code: i32, stdout: &str, stderr: &str) -> String {
        says(worker_death(&seen(code, stdout, stderr)))
    }

    #[test]
    fn a_death_is_an_error_with_a_message() {
        let killed = format!("$ a\n# {KILLED}\n");
        assert_eq!(death(1, &killed, MESSAGE), "kept");
        assert_eq!(death(1, &killed, ""), "standard error has no line `primes: SUBJECT: reason`");
        assert_eq!(
            death(1, &killed, "primes: it failed\n"),
            "standard error has no line `primes: SUBJECT: reason`"
        );
        assert_eq!(death(101, &killed, MESSAGE), "it ended with exit code 101");
    }

    #[test]
    fn the_only_worker_is_called_0() {
        let killed = format!("$ a\n# {KILLED}\n");
        let named = |stderr| says(names_the_worker(&seen(1, &killed, stderr)));
        assert_eq!(named("primes: worker 0: gone\n"), "kept");
        assert_eq!(named(MESSAGE), "it says `primes: worker 1: ended by signal 9`");
        assert_eq!(says(names_the_worker(&seen(1, "$ a\n", MESSAGE))), "unproven");
    }

    #[test]
    fn a_fault_is_about_what_its_line_is_about() {
        let due = ["0: 0 primes", "3: 2 primes, largest 3", "9: 4 primes, largest 7"].map(str::to_owned);
        let of = |stdout| match counts_right(&seen(0, stdout, ""), &due) {
            Judgement::Broken(fault) => fault.sentence,
            other => panic!("{other:?}"),
        };
        assert_eq!(of("0: 0 primes, largest 0\n"), Some("none"));
        assert_eq!(of("0: 0 primes\n3: 1 primes, largest 2\n"), Some("included"));
        assert_eq!(of("0: 0 primes\n9: 4 primes, largest 7\n"), Some("order"));
        assert_eq!(of("0: 0 primes\n3: 2 primes, largest 3\n9: 5 primes, largest 9\n"), Some("line"));
    }

    #[test]
    fn a_smaller_count_is_a_fault_whatever_the_exit_code() {
        let smaller = format!("$ a\n| 2000000: 100000 primes, largest 1999993\n# {KILLED}\n");
        for code in [0, 1] {
            assert_eq!(
                death(code, &smaller, MESSAGE),
                "it printed `2000000: 100000 primes, largest 1999993`"
            );
        }
    }

    #[test]
    fn success_after_an_early_death_is_a_fault() {
        let right = format!("$ a\n| 2000000: 148933 primes, largest 1999993\n# {KILLED}\n");
        assert_eq!(death(0, &format!("{right}# {KILLED_EARLY}\n"), ""), "it ended with exit code 0");
        assert_eq!(death(0, &right, ""), "unproven");
    }

    #[test]
    fn without_a_kill_nothing_is_shown() {
        assert_eq!(death(1, "$ a\n", MESSAGE), "unproven");
        assert_eq!(death(0, "", ""), "unproven");
    }
}
