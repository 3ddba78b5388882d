//! Two threads that print at the same time, and a main thread that waits for both.

use engine::case::{Call, Case};
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, writer};
use schedule::protocol::CHILD;

use crate::exercise::{Check, Exercise};
use crate::judges::{kept_back, lines, one_write_a_line, terminates};
use crate::outputs::{CANNOT_WRITE, full, unread};
use crate::quoted::quoted;
use crate::wrong_usage::{USAGE, advised_usage, help};

/// One thread prints numbers, another one letters.
pub static EXERCISE: Exercise = Exercise {
    name: "hello-threads",
    root: "main.rs",
    summary: "One thread prints numbers, another letters, and the main thread waits for both",
    checks: &[
        Check { id: "each-in-order", about: "the numbers come as 1 to 5 and the letters as a to e" },
        Check { id: "own-threads", about: "one created thread writes the numbers, another the letters" },
        Check { id: "finish-line-last", about: "the main thread's line comes once, after all others" },
        Check { id: "overlaps", about: "some schedule mixes numbers and letters" },
        Check { id: "terminates", about: "the program ends" },
        USAGE,
        CANNOT_WRITE,
    ],
    after: &[
        ("terminates", &["each-in-order"]),
        (USAGE.id, &["each-in-order"]),
        (CANNOT_WRITE.id, &["each-in-order"]),
    ],
    untried: &[],
    cases: &cases,
};

const NUMBERS: [&str; 5] = ["Number: 1", "Number: 2", "Number: 3", "Number: 4", "Number: 5"];
const LETTERS: [&str; 5] = ["Letter: a", "Letter: b", "Letter: c", "Letter: d", "Letter: e"];
const LAST: &str = "Both threads have finished execution.";

fn cases(_seed: u64) -> Vec<Case> {
    let overlap = "a letter before the last number, and a number before the last letter";
    let case = Case::of_args("defaults", [""; 0])
        .runs(12)
        .explored(95)
        .judge("each-in-order", |seen| {
            each_in_order(seen).map_err(|fault| kept_back(fault, &seen.stdout)).into()
        })
        .judge("finish-line-last", finish_line_last)
        .judge_ending("terminates", terminates(0))
        // Lines that come at once cannot be met by those of the other thread. That none do is no order yet.
        .judge_writes("each-in-order", one_write_a_line)
        .judge_writers("own-threads", own_threads)
        .witness("overlaps", overlap, overlaps)
        .tries("each-in-order", &["each-in-order", "nothing-else", "one-write"])
        .tries("own-threads", &["own-threads", "main-prints-last"])
        .tries("finish-line-last", &["last-line"])
        .tries("overlaps", &["overlaps"])
        .tries("terminates", &["ends", "exit-0"]);
    let none = || Call::new([""; 0]);
    let outputs = [unread(none(), 3).explored(5), full(EXERCISE.name, none())];
    let wrong = advised_usage(&[("stray-argument", &["5"])]);
    let help = help(&[("--help", ""), ("--version", "")]);
    [case].into_iter().chain(outputs).chain(wrong).chain([help]).collect()
}

fn each_in_order(seen: &Observation) -> Result<(), Fault> {
    let lines = lines(&seen.stdout)?;
    for (what, due) in [("Number: ", NUMBERS), ("Letter: ", LETTERS)] {
        let expected = format!("`{}` to `{}`, in this order", due[0], due[4]);
        let mut next = due.iter();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with(what)) {
            let due = next.next();
            if due != Some(&line.as_str()) {
                let instead = due.map_or("no further one".to_owned(), |due| quoted(due));
                let seen = format!("line {} is {} where {instead} was due", at + 1, quoted(line));
                return Err(Fault::new(expected, seen).at(at));
            }
        }
        if let Some(missing) = next.next() {
            return Err(Fault::new(expected, format!("there is no {}", quoted(missing))));
        }
    }
    let is_due = |line: &str| NUMBERS.contains(&line) || LETTERS.contains(&line) || line == LAST;
    match lines.iter().position(|line| !is_due(line)) {
        Some(at) => {
            let seen = format!("line {} is {}", at + 1, quoted(&lines[at]));
            Err(Fault::new("five numbers, five letters and the last line", seen).at(at).of("nothing-else"))
        }
        None => Ok(()),
    }
}

/// A last line with nothing before it is the last of nothing.
fn finish_line_last(seen: &Observation) -> Judgement {
    match is_last(seen) {
        Ok(()) if seen.stdout.lines.len() == 1 => Judgement::Nothing,
        result => result.into(),
    }
}

fn is_last(seen: &Observation) -> Result<(), Fault> {
    let lines = lines(&seen.stdout)?;
    let expected = format!("`{LAST}`, once and last");
    match lines.iter().position(|line| line == LAST) {
        None => Err(Fault::new(expected, "there is no such line")),
        Some(at) if at + 1 < lines.len() => {
            let seen = format!("after it, line {} is {}", at + 2, quoted(&lines[at + 1]));
            Err(Fault::new(expected, seen).at(at + 1))
        }
        Some(_) => Ok(()),
    }
}

/// Without lines of both kinds nobody is to be told apart.
fn own_threads(seen: &Observation) -> Judgement {
    let Some(threads) = &seen.stdout.threads else {
        return Judgement::Unproven("who wrote the lines is not known".into());
    };
    let expected =
        "one created thread to write the numbers, another the letters, and the main thread the rest";
    let mut owners = [None; 2];
    for (at, (line, &thread)) in seen.stdout.lines.iter().zip(threads).enumerate() {
        let broken = |what: String| kept_back(Fault::new(expected, what).at(at), &seen.stdout);
        let fault = |what: String| broken(what).into();
        let kind = ["Number: ", "Letter: "].iter().position(|kind| line.starts_with(kind));
        let is_main = thread == 0;
        match kind {
            None if line == LAST && !is_main => {
                let what = format!("{} writes {}", writer(thread), quoted(line));
                return broken(what).of("main-prints-last").into();
            }
            None => {}
            Some(_) if is_main || thread == CHILD => {
                return fault(format!("{} writes {}", writer(thread), quoted(line)));
            }
            Some(kind) if *owners[kind].get_or_insert(thread) != thread => {
                return fault(format!("a second thread writes {}", quoted(line)));
            }
            Some(_) if owners[0] == owners[1] => {
                return fault(format!("{} is written by the thread of the others", quoted(line)));
            }
            Some(_) => {}
        }
    }
    if owners.contains(&None) { Judgement::Nothing } else { Judgement::Kept }
}

/// The line at which both have begun and neither has ended. Lines that one thread writes overlap with nothing.
fn overlaps(seen: &Observation) -> Option<(String, Option<usize>)> {
    let place = |wanted: &str| seen.stdout.lines.iter().position(|line| line == wanted);
    let (number, letter) = (place(NUMBERS[0])?, place(LETTERS[0])?);
    let mixed = letter < place(NUMBERS[4])? && number < place(LETTERS[4])?;
    let later = number.max(letter);
    let threads = seen.stdout.threads.as_ref();
    let one_writes_both = threads.is_some_and(|threads| threads[number] == threads[letter]);
    (mixed && !one_writes_both).then(|| {
        (
            format!("{} comes while the other thread is at work", quoted(&seen.stdout.lines[later])),
            Some(later),
        )
    })
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;

    use super::*;
    use crate::judges::a_write_a_line;

    fn output(lines: &[&str]) -> Observation {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        Observation { stdout: text.as_str().into(), ..Observation::default() }
    }

    fn one_after_the_other() -> Vec<&'static str> {
        [&NUMBERS[..], &LETTERS[..], &[LAST]].concat()
    }

    #[test]
    fn all_lines_are_due_in_their_order() {
        let mut lines = one_after_the_other();
        assert_eq!(each_in_order(&output(&lines)), Ok(()));
        lines.swap(2, 3);
        let fault = each_in_order(&output(&lines)).unwrap_err();
        assert_eq!(fault.seen, "line 3 is `Number: 4` where `Number: 3` was due");
        assert_eq!(each_in_order(&output(&lines[5..])).unwrap_err().seen, "there is no `Number: 1`");
        let fault = each_in_order(&output(&[one_after_the_other(), vec!["done"]].concat())).unwrap_err();
        assert_eq!(fault.seen, "line 12 is `done`");
    }

    #[test]
    fn lines_do_not_share_a_write() {
        let by = |writes: &[&str]| {
            let stdout = Text::written(writes.iter().map(|text| (1, text.as_bytes())));
            a_write_a_line(&stdout).map_err(|fault| fault.seen)
        };
        assert_eq!(by(&["Letter: a\n", "Letter: b\n"]), Ok(()));
        let seen = "line 2, `Letter: b`, comes in the write of the line before it";
        assert_eq!(by(&["Letter: a\nLetter: b\n"]), Err(seen.to_owned()));
    }

    #[test]
    fn the_last_line_is_the_last() {
        let lines = one_after_the_other();
        assert_eq!(is_last(&output(&lines)), Ok(()));
        let fault = is_last(&output(&[&[LAST], &lines[..3]].concat())).unwrap_err();
        assert_eq!(fault.seen, "after it, line 2 is `Number: 1`");
    }

    #[test]
    fn an_overlap_needs_both_to_be_at_work() {
        let mut lines = one_after_the_other();
        assert_eq!(overlaps(&output(&lines)), None);
        lines.swap(4, 5);
        assert_eq!(overlaps(&output(&lines)).unwrap().1, Some(4));
    }

    #[test]
    fn lines_of_one_thread_do_not_overlap() {
        let mut lines = one_after_the_other();
        lines.swap(4, 5);
        let by = |number: u8, letter: u8| {
            let thread = |line: &str| if line.starts_with("Number") { number } else { letter };
            let text: Vec<(u8, String)> =
                lines.iter().map(|line| (thread(line), format!("{line}\n"))).collect();
            let stdout = Text::written(text.iter().map(|(thread, line)| (*thread, line.as_bytes())));
            overlaps(&Observation { stdout, ..Observation::default() })
        };
        assert!(by(1, 2).is_some());
        assert_eq!(by(1, 1), None);
    }

    #[test]
    fn lines_that_are_not_there_keep_no_promise() {
        let nothing = |lines: &[&str]| {
            let mut seen = output(lines);
            seen.stdout.threads = Some(vec![0; lines.len()]);
            (finish_line_last(&seen), own_threads(&seen))
        };
        assert_eq!(nothing(&[LAST]), (Judgement::Nothing, Judgement::Nothing));
        assert_eq!(nothing(&[]).1, Judgement::Nothing);
    }

    #[test]
    fn each_kind_has_one_thread_of_its_own() {
        let by = |writes: &[(u8, &str)]| {
            let text: Vec<String> = writes.iter().map(|(_, line)| format!("{line}\n")).collect();
            let written = writes.iter().zip(&text).map(|((thread, _), text)| (*thread, text.as_bytes()));
            own_threads(&Observation { stdout: Text::written(written), ..Observation::default() })
        };
        assert_eq!(by(&[(1, NUMBERS[0]), (2, LETTERS[0]), (0, LAST)]), Judgement::Kept);
        for wrong in [
            [(0, NUMBERS[0]), (2, LETTERS[0])],
            [(1, NUMBERS[0]), (1, LETTERS[0])],
            [(1, NUMBERS[0]), (2, NUMBERS[1])],
            [(1, NUMBERS[0]), (1, LAST)],
        ] {
            assert!(matches!(by(&wrong), Judgement::Broken(_)), "{wrong:?}");
        }
    }
}
