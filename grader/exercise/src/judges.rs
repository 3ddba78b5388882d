//! What the judges of several exercises have in common: how a run has to end, and how lines are read.

use std::fmt::Display;
use std::str::FromStr;

use confine::run::Ending;
use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, Text};

use crate::quoted::quoted;

/// Judges that the program ended by itself with exit code `code`.
pub fn terminates(code: i32) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| match observation.ending() {
        Ending::Exited(seen) if *seen == code => Judgement::Kept,
        ending @ Ending::Exited(_) if code == 0 => {
            Fault::new("the program ends by itself with exit code 0", ending.to_string()).of("exit-0").into()
        }
        ending => ended_otherwise(ending, format!("the program ends by itself with exit code {code}")),
    }
}

/// Judges that the program ended by itself, whatever its exit code. For cases in which another
/// check judges that, so that one fault does not count twice.
pub fn ends() -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    |observation| match observation.ending() {
        Ending::Exited(_) | Ending::Panicked { .. } => Judgement::Kept,
        ending => ended_otherwise(ending, "the program ends by itself".into()),
    }
}

fn ended_otherwise(ending: &Ending, expected: String) -> Judgement {
    match ending {
        Ending::Stopped => Judgement::Unproven(ending.to_string()),
        _ if ending.proves_nothing() => Judgement::Unproven(ending.to_string()),
        _ => Fault::new(expected, ending.to_string()).into(),
    }
}

/// Judges runs in which one thread is held back: those that wait for another one must come to rest. `expected` says so.
pub fn rests(expected: &'static str) -> impl Fn(&Observation) -> Judgement + Send + Sync + 'static {
    move |observation| match observation.ending() {
        Ending::Livelocked { steps } => {
            let seen = format!("threads that wait go on looking for {steps} steps, and do not sleep");
            Fault::new(expected, seen).into()
        }
        ending if ending.proves_nothing() => Judgement::Unproven(ending.to_string()),
        _ => Judgement::Kept,
    }
}

/// The same fault, with a word of the buffer where its line, or one before it, came in one write with others: then
/// who wrote the line, and when, is up to whoever emptied that buffer.
pub fn kept_back(fault: Fault, text: &Text) -> Fault {
    match (text.shares_a_write, fault.line) {
        (Some(second), Some(line)) if line + 1 >= second => {
            let seen = format!(
                "{}; lines {second} and {} came in one write: a buffer is written later, by the thread that empties it",
                fault.seen,
                second + 1
            );
            Fault { seen, ..fault }
        }
        _ => fault,
    }
}

/// Judges that each line came in one write, where writes are known.
///
/// # Errors
/// A fault that names the first line that did not.
pub fn a_write_a_line(text: &Text) -> Result<(), Fault> {
    let fault = |at: usize, what: &str| {
        let seen = format!("line {}, {}, comes in {what}", at + 1, quoted(&text.lines[at]));
        Err(Fault::new("one write a line", seen).at(at).of("one-write"))
    };
    match (text.shares_a_write, text.is_torn) {
        (Some(at), _) => fault(at, "the write of the line before it"),
        (None, Some(at)) => fault(at, "several writes"),
        (None, None) => Ok(()),
    }
}

/// Judges that each line of standard output came in one write. That it did is no work that was done.
pub fn one_write_a_line(seen: &Observation) -> Judgement {
    a_write_a_line(&seen.stdout).map_or_else(Judgement::from, |()| Judgement::Nothing)
}

/// The lines of `text`, if each ends with `\n` alone.
///
/// # Errors
/// A fault that names the first line that ends otherwise.
pub fn lines(text: &Text) -> Result<&[String], Fault> {
    const EXPECTED: &str = "every line ends with a line feed and nothing else";
    if let Some(end) = text.bytes.windows(2).position(|pair| pair == b"\r\n") {
        let line = text.bytes[..end].iter().filter(|&&byte| byte == b'\n').count();
        return Err(Fault::new(EXPECTED, format!("line {} ends with a carriage return", line + 1)).at(line));
    }
    if !text.ends_with_newline() {
        let last = text.lines.len().saturating_sub(1);
        let seen =
            format!("the last line, {}, has no end", quoted(text.lines.last().map_or("", |line| line)));
        return Err(Fault::new(EXPECTED, seen).at(last));
    }
    Ok(&text.lines)
}

/// Compares whole outputs: `seen` has to be exactly the lines `due`. `expected` says so in words.
///
/// # Errors
/// A fault at the first line that differs.
pub fn same_lines(
    seen: &[String],
    due: impl IntoIterator<Item = impl AsRef<str>>,
    expected: &str,
) -> Result<(), Fault> {
    let mut count = 0;
    for due in due {
        let due = due.as_ref();
        let fault = |what: String| Err(Fault::new(expected, what).at(count));
        match seen.get(count) {
            Some(line) if line == due => count += 1,
            Some(line) => {
                return fault(format!(
                    "line {} is {} where {} was due",
                    count + 1,
                    quoted(line),
                    quoted(due)
                ));
            }
            None => {
                return fault(format!("the output ends where {} was due", quoted(due)));
            }
        }
    }
    seen.get(count).map_or(Ok(()), |line| {
        Err(Fault::new(expected, format!("after the last line due comes {}", quoted(line))).at(count))
    })
}

/// Reads a decimal number written the one way that `println!` writes it: no `+`, no leading zeros.
pub fn number<T: FromStr + Display>(word: &str) -> Option<T> {
    word.parse().ok().filter(|number: &T| number.to_string() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(ending: Ending) -> Observation {
        Observation { ending: Some(ending), ..Observation::default() }
    }

    fn seen(judgement: Judgement) -> String {
        match judgement {
            Judgement::Broken(fault) => fault.seen,
            other => panic!("not broken: {other:?}"),
        }
    }

    #[test]
    fn terminates_accepts_the_exit_code_alone() {
        assert_eq!(terminates(1)(&ended(Ending::Exited(1))), Judgement::Kept);
        assert_eq!(seen(terminates(1)(&ended(Ending::Exited(0)))), "it ended with exit code 0");
    }

    #[test]
    fn terminates_says_how_the_program_ended_instead() {
        let deadlock = terminates(0)(&ended(Ending::Deadlocked { threads: 3 }));
        assert_eq!(seen(deadlock), "deadlock: all 3 threads wait, and nothing can wake them");
        let panic = Ending::Panicked { code: 101, message: "no (src/main.rs:3:5)".into() };
        assert_eq!(seen(terminates(101)(&ended(panic))), "it panicked (exit code 101): no (src/main.rs:3:5)");
        assert_eq!(seen(terminates(0)(&ended(Ending::Signalled(11)))), "signal 11 ended it");
    }

    #[test]
    fn a_run_that_the_machine_or_the_grader_cut_short_proves_nothing() {
        for ending in [
            Ending::WallLimit { seconds: 60, starved: true },
            Ending::ToolError("no pipe".into()),
            Ending::Stopped,
        ] {
            assert!(matches!(terminates(0)(&ended(ending.clone())), Judgement::Unproven(_)), "{ending:?}");
            assert!(matches!(ends()(&ended(ending)), Judgement::Unproven(_)));
        }
    }

    #[test]
    fn ends_accepts_any_exit_code() {
        let panic = Ending::Panicked { code: 101, message: "no".into() };
        for ending in [Ending::Exited(0), Ending::Exited(1), panic] {
            assert_eq!(ends()(&ended(ending)), Judgement::Kept);
        }
        assert_eq!(seen(ends()(&ended(Ending::Signalled(6)))), "signal 6 ended it");
        assert!(matches!(ends()(&ended(Ending::Idle { seconds: 5 })), Judgement::Broken(_)));
    }

    #[test]
    fn threads_that_run_on_while_one_is_held_back_do_not_rest() {
        let judged = |ending| rests("who waits sleeps")(&ended(ending));
        assert_eq!(judged(Ending::Exited(0)), Judgement::Kept);
        let busy = judged(Ending::Livelocked { steps: 2400 });
        assert_eq!(seen(busy), "threads that wait go on looking for 2400 steps, and do not sleep");
        assert!(matches!(judged(Ending::StepLimit { steps: 2400 }), Judgement::Unproven(_)));
    }

    #[test]
    fn a_fault_before_the_first_shared_write_has_nothing_to_do_with_it() {
        let text = Text::written([(1, "a\n".as_bytes()), (1, b"b\n"), (0, b"c\nd\n")]);
        let told = |line| kept_back(Fault::new("", "wrong").at(line), &text).seen;
        assert_eq!([told(0), told(1)], ["wrong", "wrong"]);
        assert!(told(2).starts_with("wrong; lines 3 and 4 came in one write"));
        assert!(told(3).starts_with("wrong; lines 3 and 4 came in one write"));
        assert_eq!(kept_back(Fault::new("", "wrong"), &text).seen, "wrong");
    }

    #[test]
    fn lines_end_with_a_line_feed() {
        assert_eq!(lines(&"a\nb\n".into()).unwrap(), ["a", "b"]);
        assert_eq!(lines(&"".into()).unwrap(), [""; 0]);
        let unended = lines(&"a\nb".into()).unwrap_err();
        assert_eq!((unended.line, unended.seen.as_str()), (Some(1), "the last line, `b`, has no end"));
        let returned = lines(&"a\nb\r\n".into()).unwrap_err();
        assert_eq!((returned.line, returned.seen.as_str()), (Some(1), "line 2 ends with a carriage return"));
    }

    #[test]
    fn whole_outputs_differ_at_the_first_line_that_does() {
        let same =
            |seen: &str| same_lines(&Text::from(seen).lines, ["1", "2"], "1 and 2").map_err(|f| f.seen);
        assert_eq!(same("1\n2\n"), Ok(()));
        assert_eq!(same("1\n3\n"), Err("line 2 is `3` where `2` was due".into()));
        assert_eq!(same("1\n"), Err("the output ends where `2` was due".into()));
        assert_eq!(same("1\n2\n2\n"), Err("after the last line due comes `2`".into()));
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(number::<u64>("10"), Some(10));
        assert_eq!(number::<i64>("-5"), Some(-5));
        for word in ["+1", "01", "", " 1", "1 ", "-0", "18446744073709551616"] {
            assert_eq!(number::<u64>(word), None, "{word:?}");
        }
    }
}
