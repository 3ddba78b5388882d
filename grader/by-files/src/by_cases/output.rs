//! What standard output is, as a whole: which lines, how many, in which order.

use std::collections::BTreeMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::Text;
use serde::Deserialize;

use super::amount::Amount;
use super::lines::{Lines, named};
use super::pattern::Pattern;
use exercise::judges::{lines, same_lines};
use exercise::quoted::quoted;

/// How many lines fit a pattern.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Those that are counted.
    pub line: Pattern,
    /// So many are due; not less than 0.
    pub is: Amount,
}

impl Count {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        usize::try_from(self.is).map(drop)
    }
}

/// The lines that fit a pattern, whatever stands between them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Among {
    /// Those that it is about.
    pub line: Pattern,
    /// They are exactly these, in this order.
    pub are: Lines,
}

impl Among {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.are.0.iter().find(|line| !self.line.fits(line)) {
            None => Ok(()),
            Some(line) => Err(format!("{} is none of the lines {}", quoted(line), self.line)),
        }
    }
}

/// Exactly the lines `due`.
pub(super) fn exactly(due: &Lines, stdout: &Text) -> Result<(), Fault> {
    let expected = match &due.0[..] {
        [] => "no output".to_owned(),
        [_] => format!("{due} and nothing else"),
        all => format!("exactly {} lines: {due}", all.len()),
    };
    same_lines(lines(stdout)?, &due.0, &expected)
}

/// Each line fits the pattern in its place, and there are no others.
pub(super) fn fits(due: &[Pattern], stdout: &Text) -> Result<(), Fault> {
    let lines = lines(stdout)?;
    let places =
        due.iter().enumerate().find(|(at, pattern)| !lines.get(*at).is_some_and(|line| pattern.fits(line)));
    match (places, lines.get(due.len())) {
        (Some((at, pattern)), _) => {
            let seen = match lines.get(at) {
                Some(line) => format!("it is {}", quoted(line)),
                None => "the output ends before it".to_owned(),
            };
            Err(Fault::new(format!("line {} is {pattern}", at + 1), seen).at(at))
        }
        (None, Some(line)) => {
            let expected =
                if due.len() == 1 { "one line".to_owned() } else { format!("{} lines", due.len()) };
            let seen = format!("line {} is {}", due.len() + 1, quoted(line));
            Err(Fault::new(format!("{expected} and no other"), seen).at(due.len()))
        }
        (None, None) => Ok(()),
    }
}

/// Of the lines that fit, exactly these.
pub(super) fn among(due: &Among, stdout: &Text) -> Result<(), Fault> {
    let expected = format!("{}, in this order, and no other line {}", due.are, due.line);
    let mut next = due.are.0.iter();
    for (at, line) in lines(stdout)?.iter().enumerate().filter(|(_, line)| due.line.fits(line)) {
        let due = next.next();
        if due != Some(line) {
            let instead = due.map_or("no further one".to_owned(), |due| quoted(due));
            let what = format!("line {} is {} where {instead} was due", at + 1, quoted(line));
            return Err(Fault::new(expected, what).at(at));
        }
    }
    next.next()
        .map_or(Ok(()), |missing| Err(Fault::new(expected, format!("there is no {}", quoted(missing)))))
}

/// The lines of each group in any order, and the groups in theirs.
pub(super) fn grouped(groups: &[Lines], stdout: &Text) -> Result<(), Fault> {
    let in_words = |group: &Lines| match group.0.len() {
        0 | 1 => group.to_string(),
        _ => format!("{group} in any order"),
    };
    let expected = groups.iter().map(in_words).collect::<Vec<_>>().join(", then ");
    let mut seen = lines(stdout)?.iter().enumerate();
    groups.iter().try_for_each(|group| in_any_order(group, &mut seen, &expected))?;
    seen.next().map_or(Ok(()), |(at, line)| {
        Err(Fault::new(expected, format!("after the last line due comes {}", quoted(line))).at(at))
    })
}

/// The next lines are those of the group.
fn in_any_order<'a>(
    group: &Lines,
    seen: &mut impl Iterator<Item = (usize, &'a String)>,
    expected: &str,
) -> Result<(), Fault> {
    let mut due: BTreeMap<&str, usize> = BTreeMap::new();
    group.0.iter().for_each(|line| *due.entry(line).or_default() += 1);
    while !due.is_empty() {
        let left = named(due.keys().copied());
        let Some((at, line)) = seen.next() else {
            return Err(Fault::new(expected, format!("the output ends where there should still be {left}")));
        };
        match due.get_mut(line.as_str()) {
            Some(1) => _ = due.remove(line.as_str()),
            Some(count) => *count -= 1,
            None => {
                let what = format!("line {} is {} where there should be one of {left}", at + 1, quoted(line));
                return Err(Fault::new(expected, what).at(at));
            }
        }
    }
    Ok(())
}

/// The first line fits. With nothing behind it, it is the first of nothing.
pub(super) fn first(due: &Pattern, stdout: &Text) -> Judgement {
    let expected = format!("{due} as the first line");
    match lines(stdout) {
        Err(fault) => fault.into(),
        Ok([]) => Fault::new(expected, "there is no output").into(),
        Ok([line, ..]) if !due.fits(line) => {
            Fault::new(expected, format!("line 1 is {}", quoted(line))).at(0).into()
        }
        Ok([_]) => Judgement::Nothing,
        Ok(_) => Judgement::Kept,
    }
}

/// The last line fits, and no other does. With nothing before it, it is the last of nothing.
pub(super) fn last(due: &Pattern, stdout: &Text) -> Judgement {
    let lines = match lines(stdout) {
        Ok(lines) => lines,
        Err(fault) => return fault.into(),
    };
    let expected = format!("{due}, once and last");
    match lines.iter().position(|line| due.fits(line)) {
        None => Fault::new(expected, "there is no such line").into(),
        Some(at) if at + 1 < lines.len() => {
            let what = format!("after it, line {} is {}", at + 2, quoted(&lines[at + 1]));
            Fault::new(expected, what).at(at + 1).into()
        }
        Some(0) => Judgement::Nothing,
        Some(_) => Judgement::Kept,
    }
}

/// Some line fits each of the patterns.
pub(super) fn has(due: &[Pattern], stdout: &Text) -> Result<(), Fault> {
    let lines = lines(stdout)?;
    match due.iter().find(|pattern| !lines.iter().any(|line| pattern.fits(line))) {
        None => Ok(()),
        Some(pattern) => Err(Fault::new(format!("a line {pattern}"), "there is no such line")),
    }
}

/// Every line fits one of the patterns.
pub(super) fn each(known: &[Pattern], stdout: &Text) -> Judgement {
    let lines = match lines(stdout) {
        Ok([]) => return Judgement::Nothing,
        Ok(lines) => lines,
        Err(fault) => return fault.into(),
    };
    match lines.iter().position(|line| !known.iter().any(|pattern| pattern.fits(line))) {
        None => Judgement::Kept,
        Some(at) => {
            let known: Vec<String> = known.iter().map(Pattern::to_string).collect();
            let expected = format!("each line is one of {}", known.join(", "));
            Fault::new(expected, format!("line {} is {}", at + 1, quoted(&lines[at]))).at(at).into()
        }
    }
}

/// So many lines fit.
pub(super) fn count(due: &Count, stdout: &Text) -> Result<(), Fault> {
    let is = usize::try_from(due.is).unwrap_or_default();
    let expected = match is {
        0 => format!("no line {}", due.line),
        1 => format!("one line {}", due.line),
        many => format!("{many} lines {}", due.line),
    };
    let mut fitting = lines(stdout)?.iter().enumerate().filter(|(_, line)| due.line.fits(line));
    let found = fitting.by_ref().take(is).count();
    if found < is {
        let seen = if found == 0 { "there is none".to_owned() } else { format!("there are only {found}") };
        return Err(Fault::new(expected, seen));
    }
    fitting.next().map_or(Ok(()), |(at, line)| {
        Err(Fault::new(expected, format!("line {}, {}, is one more", at + 1, quoted(line))).at(at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(lines: &[&str]) -> Lines {
        Lines(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    fn said(judgement: impl Into<Judgement>) -> String {
        match judgement.into() {
            Judgement::Broken(fault) => format!("{} | {}", fault.expected, fault.seen),
            other => format!("{other:?}"),
        }
    }

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn exact_lines_are_these_and_no_others() {
        let said = |text: &str| said(exactly(&due(&["a", "b"]), &text.into()));
        assert_eq!(said("a\nb\n"), "Kept");
        assert_eq!(said("b\na\n"), "exactly 2 lines: `a`, `b` | line 1 is `b` where `a` was due");
        assert!(said("a\nb").contains("has no end"));
        assert_eq!(exactly(&due(&[]), &"".into()), Ok(()));
        assert_eq!(exactly(&due(&[]), &"a\n".into()).unwrap_err().expected, "no output");
    }

    #[test]
    fn each_line_fits_in_its_place() {
        let said = |text: &str| said(fits(&[pattern("a {n}"), pattern("b")], &text.into()));
        assert_eq!(said("a 1\nb\n"), "Kept");
        assert_eq!(said("b\na 1\n"), "line 1 is `a {n}` | it is `b`");
        assert_eq!(said("a 1\n"), "line 2 is `b` | the output ends before it");
        assert_eq!(said("a 1\nb\nc\n"), "2 lines and no other | line 3 is `c`");
    }

    #[test]
    fn lines_among_others_are_these_and_no_others_of_their_kind() {
        let of_a = Among { line: pattern("a {n}"), are: due(&["a 1", "a 2"]) };
        let said = |text: &str| said(among(&of_a, &text.into()));
        assert_eq!(said("a 1\nx\na 2\n"), "Kept");
        assert_eq!(
            said("x\na 2\na 1\n"),
            "`a 1`, `a 2`, in this order, and no other line `a {n}` | line 2 is `a 2` where `a 1` was due"
        );
        assert!(said("a 1\na 2\na 2\n").ends_with("| line 3 is `a 2` where no further one was due"));
        assert!(said("a 1\n").ends_with("| there is no `a 2`"));
    }

    #[test]
    fn groups_come_in_their_order_and_lines_of_one_in_any() {
        let groups = [due(&["a", "b", "b"]), due(&["c"])];
        let said = |text: &str| said(grouped(&groups, &text.into()));
        assert_eq!(said("b\na\nb\nc\n"), "Kept");
        assert_eq!(
            said("b\nc\na\nb\n"),
            "`a`, `b`, `b` in any order, then `c` | line 2 is `c` where there should be one of `a`, `b`"
        );
        assert_eq!(
            said("a\na\nb\nc\n"),
            "`a`, `b`, `b` in any order, then `c` | line 2 is `a` where there should be one of `b`"
        );
        assert!(said("a\nb\n").ends_with("| the output ends where there should still be `b`"));
        assert!(said("a\nb\nb\nc\nc\n").ends_with("| after the last line due comes `c`"));
    }

    #[test]
    fn the_first_and_the_last_line_are_those_of_others() {
        let at_first = |text: &str| said(first(&pattern("start {n}"), &text.into()));
        assert_eq!(at_first("start 1\nx\n"), "Kept");
        assert_eq!(at_first("start 1\n"), "Nothing");
        assert_eq!(at_first("x\nstart 1\n"), "`start {n}` as the first line | line 1 is `x`");
        assert!(at_first("").ends_with("there is no output"));
        let at_last = |text: &str| said(last(&pattern("done {n}"), &text.into()));
        assert_eq!(at_last("x\ndone 1\n"), "Kept");
        assert_eq!(at_last("done 1\n"), "Nothing");
        assert_eq!(at_last("x\n"), "`done {n}`, once and last | there is no such line");
        assert!(at_last("x\ndone 1\ny\n").ends_with("after it, line 3 is `y`"));
        assert!(at_last("x\ndone 1\ndone 2\n").ends_with("after it, line 3 is `done 2`"));
    }

    #[test]
    fn some_line_is_there() {
        let said = |text: &str| said(has(&[pattern("a {n}"), pattern("b")], &text.into()));
        assert_eq!(said("b\nx\na 1\n"), "Kept");
        assert_eq!(said("a 1\n"), "a line `b` | there is no such line");
    }

    #[test]
    fn each_line_is_known() {
        let said = |text: &str| said(each(&[pattern("a {n}"), pattern("b")], &text.into()));
        assert_eq!(said("b\na 1\n"), "Kept");
        assert_eq!(said(""), "Nothing");
        assert_eq!(said("b\na one\n"), "each line is one of `a {n}`, `b` | line 2 is `a one`");
    }

    #[test]
    fn lines_are_counted() {
        let said =
            |is, text: &str| said(count(&Count { line: pattern("a {n}"), is: Amount(is) }, &text.into()));
        assert_eq!(said(2, "a 1\nb\na 2\n"), "Kept");
        assert_eq!(said(2, "a 1\n"), "2 lines `a {n}` | there are only 1");
        assert_eq!(said(1, ""), "one line `a {n}` | there is none");
        assert_eq!(said(1, "a 1\na 2\n"), "one line `a {n}` | line 2, `a 2`, is one more");
        assert_eq!(said(0, "b\n"), "Kept");
    }
}
