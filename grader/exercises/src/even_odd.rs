//! Two threads that print the numbers in turn.

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, writer};
use schedule::ThreadId;
use schedule::protocol::CHILD;

use crate::exercise::{Check, Exercise};
use crate::judges::{kept_back, lines, one_write_a_line, rests, same_lines, terminates};
use crate::outputs::{CANNOT_WRITE, full, unread};
use crate::wrong_usage::{USAGE, advised_usage, help};

/// One thread prints the odd numbers, another the even ones.
pub static EXERCISE: Exercise = Exercise {
    name: "even-odd",
    root: "main.rs",
    summary: "Two threads take turns: one prints the odd numbers, the other the even ones",
    checks: &[
        Check { id: "alternates", about: "the output is 1 to N, one a line, ascending" },
        Check {
            id: "two-threads",
            about: "one created thread writes every odd line, another every even one",
        },
        Check { id: "terminates", about: "the program ends, whether N is odd, even or 0" },
        USAGE,
        CANNOT_WRITE,
        Check { id: "blocks", about: "a thread that waits for its turn sleeps (advice)" },
    ],
    after: &[
        ("terminates", &["alternates"]),
        (USAGE.id, &["alternates"]),
        (CANNOT_WRITE.id, &["alternates"]),
        ("blocks", &["alternates"]),
    ],
    untried: &[],
    cases: &cases,
};

const DEFAULT_MAX: u64 = 10;

fn cases(_seed: u64) -> Vec<Case> {
    let defaults = judged(Case::of_args("defaults", [""; 0]), DEFAULT_MAX, &["max"]).runs(12).explored(25);
    let defaults =
        defaults.judge_starved("blocks", rests("a thread that waits for its turn sleeps until then"));
    let defaults = defaults.tries("blocks", &["sleeps"]);
    let explored = |(max, share)| of_max(max).runs(12).explored(share);
    // Where there is no second number nobody takes turns.
    let idle = [(0, 10), (1, 10)].map(|few| explored(few).idle());
    // The smallest first: what fails there is the easiest to read. A single line does not show who kept it back.
    let small = [explored((2, 20))].into_iter().chain(idle).chain([explored((7, 30)), defaults]);
    let large = [100, 1000].map(|max| of_max(max).runs(5));
    let wrong = advised_usage(&[
        ("max-in-words", &["--max", "ten"]),
        ("max-without-number", &["--max"]),
        ("stray-argument", &["10"]),
    ]);
    let outputs = [
        unread(Call::new(["--max", "7"]), 2).explored(5),
        full(EXERCISE.name, Call::new(["--max", "3"])),
        help(&[("--max", "10")]),
    ];
    small.chain(large).chain(wrong).chain(outputs).collect()
}

fn of_max(max: u64) -> Case {
    let sentence: &[&str] = if max == 0 { &["zero"] } else { &["numbers"] };
    judged(Case::of_args(format!("max-{max}"), ["--max".to_owned(), max.to_string()]), max, sentence)
}

fn judged(case: Case, max: u64, sentence: &'static [&'static str]) -> Case {
    case.judge("alternates", move |seen| alternates(seen, max))
        .tries("alternates", sentence)
        .judge_ending("terminates", terminates(0))
        .tries("terminates", &["ends", "exit-0"])
        .judge_writers("two-threads", two_threads)
        .judge_writes("two-threads", one_write_a_line)
        .tries("two-threads", &["two-threads", "main-prints-nothing", "one-write"])
}

/// Lines that are no numbers are no matter of this check, and without numbers of both kinds there are no turns.
fn two_threads(seen: &Observation) -> Judgement {
    let Some(threads) = &seen.stdout.threads else {
        return Judgement::Unproven("who wrote the lines is not known".into());
    };
    let expected = "one created thread to write all odd numbers, another all even ones";
    let mut owners: [Option<ThreadId>; 2] = [None; 2];
    for (index, (line, &thread)) in seen.stdout.lines.iter().zip(threads).enumerate() {
        let Ok(number) = line.parse::<u64>() else { continue };
        let parity = usize::from(number % 2 == 1);
        let fault = |what: String| kept_back(Fault::new(expected, what).at(index), &seen.stdout);
        if matches!(thread, 0 | CHILD) {
            let fault = fault(format!("{} writes {number}", writer(thread)));
            return if thread == 0 { fault.of("main-prints-nothing") } else { fault }.into();
        }
        if *owners[parity].get_or_insert(thread) != thread {
            return fault(format!("a second thread writes {} numbers: {number}", ["even", "odd"][parity]))
                .into();
        }
        if owners[0] == owners[1] {
            return fault(format!("{number} is written by the thread of the other numbers")).into();
        }
    }
    if owners.contains(&None) { Judgement::Nothing } else { Judgement::Kept }
}

fn alternates(seen: &Observation, max: u64) -> Judgement {
    let expected = match max {
        0 => "no output".to_owned(),
        1 => "the number 1 and nothing else".to_owned(),
        _ => format!("the numbers 1 to {max}, one a line, in ascending order"),
    };
    let due = (1..=max).map(|number| number.to_string());
    let result = lines(&seen.stdout).and_then(|lines| same_lines(lines, due, &expected));
    result.map_err(|fault| kept_back(fault, &seen.stdout)).into()
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;

    use super::*;

    fn says(max: u64, stdout: &str) -> String {
        match alternates(&Observation { stdout: stdout.into(), ..Observation::default() }, max) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn all_numbers_in_order_are_right() {
        assert_eq!(says(0, ""), "Kept");
        assert_eq!(says(1, "1\n"), "Kept");
        assert_eq!(says(4, "1\n2\n3\n4\n"), "Kept");
    }

    #[test]
    fn the_first_line_out_of_turn_is_named() {
        assert_eq!(says(4, "1\n2\n4\n3\n"), "line 3 is `4` where `3` was due");
        assert_eq!(says(4, "1\n2\n2\n3\n"), "line 3 is `2` where `3` was due");
    }

    #[test]
    fn too_few_and_too_many_numbers_are_wrong() {
        assert_eq!(says(4, "1\n2\n3\n"), "the output ends where `4` was due");
        assert_eq!(says(2, "1\n2\n3\n"), "after the last line due comes `3`");
        assert_eq!(says(0, "1\n"), "after the last line due comes `1`");
    }

    fn by_threads(lines: &[(ThreadId, &str)]) -> String {
        let stdout = Text::written(lines.iter().map(|(thread, line)| (*thread, line.as_bytes())));
        match two_threads(&Observation { stdout, ..Observation::default() }) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_thread_for_each_parity_is_right() {
        assert_eq!(by_threads(&[(2, "1\n"), (1, "2\n"), (2, "3\n")]), "Kept");
        assert_eq!(by_threads(&[(1, "1\n")]), "Nothing");
        assert_eq!(by_threads(&[]), "Nothing");
    }

    #[test]
    fn lines_of_the_wrong_thread_are_named() {
        assert_eq!(by_threads(&[(0, "1\n")]), "the main thread writes 1");
        assert_eq!(by_threads(&[(1, "1\n"), (1, "2\n")]), "2 is written by the thread of the other numbers");
        let third = [(1, "1\n"), (2, "2\n"), (3, "3\n")];
        assert_eq!(by_threads(&third), "a second thread writes odd numbers: 3");
    }

    #[test]
    fn lines_that_a_buffer_kept_back_are_told() {
        assert_eq!(
            by_threads(&[(0, "1\n2\n3\n")]),
            "the main thread writes 1; lines 1 and 2 came in one write: a buffer is written later, by the thread \
             that empties it"
        );
        let each_its_own = [(1, "1\n3\n"), (2, "2\n4\n")];
        let stdout = Text::written(each_its_own.map(|(thread, text)| (thread, text.as_bytes())));
        match alternates(&Observation { stdout, ..Observation::default() }, 4) {
            Judgement::Broken(fault) => assert!(fault.seen.contains("; lines 1 and 2 came in one write")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lines_carry_the_number_and_nothing_else() {
        assert_eq!(says(2, "Odd: 1\nEven: 2\n"), "line 1 is `Odd: 1` where `1` was due");
        assert_eq!(says(2, "1\n2"), "the last line, `2`, has no end");
    }
}
