//! Which threads write which lines.

use std::collections::BTreeMap;

use engine::judgement::{Fault, Judgement};
use engine::observation::{Observation, writer};
use schedule::ThreadId;
use schedule::protocol::CHILD;
use serde::Deserialize;

use super::key::Key;
use super::pattern::Pattern;
use exercise::judges::kept_back;
use exercise::quoted::quoted;

/// Who writes the lines that fit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writers {
    /// Lines that it is about.
    pub line: Pattern,
    /// Who writes them.
    pub are: Are,
    /// Which lines belong together.
    pub by: Option<Key>,
}

/// Who writes lines.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Are {
    /// All lines are written by one thread; with `by`, those of each group.
    #[serde(rename = "one thread")]
    OneThread,
    /// No two lines are written by one thread; with `by`, no lines of two groups.
    #[serde(rename = "different threads")]
    DifferentThreads,
    /// Each line is written by a thread of the program, and by no child process.
    #[serde(rename = "threads")]
    Threads,
    /// Each line is written by a thread that the program has created.
    #[serde(rename = "not main")]
    NotMain,
    /// Each line is written by the main thread.
    #[serde(rename = "main")]
    Main,
}

/// One line that fits.
struct Written<'a> {
    at: usize,
    line: &'a str,
    group: String,
    thread: ThreadId,
}

impl Writers {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        match (&self.by, self.are) {
            (Some(_), Are::Main | Are::NotMain | Are::Threads) => {
                Err("`by` has a meaning for `one thread` and `different threads` alone".to_owned())
            }
            (Some(by), _) => by.check(&self.line),
            (None, _) => Ok(()),
        }
    }

    /// Without lines there is nobody to be told apart.
    pub(super) fn judge(&self, seen: &Observation) -> Judgement {
        let Some(threads) = &seen.stdout.threads else {
            return Judgement::Unproven("who wrote the lines is not known".into());
        };
        let lines = self.written(&seen.stdout.lines, threads);
        let wrong = match self.are {
            Are::Threads => of_child(&lines),
            Are::Main => lines.iter().find(|it| it.thread != 0).map(|it| (it, writes(it))),
            Are::NotMain => lines.iter().find(|it| matches!(it.thread, 0 | CHILD)).map(|it| (it, writes(it))),
            Are::OneThread => of_child(&lines).or_else(|| second_thread(&lines)),
            Are::DifferentThreads => of_child(&lines).or_else(|| second_group(&lines)),
        };
        let is_one_group = lines.iter().all(|it| it.group == lines[0].group);
        match wrong {
            Some((it, what)) => kept_back(Fault::new(self.expected(), what).at(it.at), &seen.stdout).into(),
            None if lines.is_empty() => Judgement::Nothing,
            // What is alone is different from nothing.
            None if self.are == Are::DifferentThreads && is_one_group => Judgement::Nothing,
            None => Judgement::Kept,
        }
    }

    /// The lines that fit.
    fn written<'a>(&self, lines: &'a [String], threads: &[ThreadId]) -> Vec<Written<'a>> {
        let lines = lines.iter().zip(threads).enumerate();
        let fitting = lines.filter_map(|(at, (line, &thread))| {
            let captures = self.line.captures(line)?;
            let group = match (&self.by, self.are) {
                (None, Are::DifferentThreads) => at.to_string(),
                (by, _) => by.as_ref().map_or(String::new(), |by| by.of(&captures)),
            };
            Some(Written { at, line, group, thread })
        });
        fitting.collect()
    }

    fn expected(&self) -> String {
        let line = &self.line;
        match (self.are, &self.by) {
            (Are::OneThread, None) => format!("one thread writes the lines {line}"),
            (Are::OneThread, Some(by)) => format!("one thread for each {by} writes the lines {line}"),
            (Are::DifferentThreads, None) => format!("each line {line} is written by another thread"),
            (Are::DifferentThreads, Some(by)) => {
                format!("the lines {line} are written by another thread for each {by}")
            }
            (Are::Threads, _) => format!("threads of the program write the lines {line}"),
            (Are::NotMain, _) => format!("threads that the program creates write the lines {line}"),
            (Are::Main, _) => format!("the main thread writes the lines {line}"),
        }
    }
}

fn writes(it: &Written<'_>) -> String {
    format!("{} writes line {}, {}", writer(it.thread), it.at + 1, quoted(it.line))
}

/// The first line of a child process: that is no thread.
fn of_child<'a, 'b>(lines: &'a [Written<'b>]) -> Option<(&'a Written<'b>, String)> {
    lines.iter().find(|it| it.thread == CHILD).map(|it| (it, writes(it)))
}

/// The first line that another thread writes than an earlier one of its group.
fn second_thread<'a, 'b>(lines: &'a [Written<'b>]) -> Option<(&'a Written<'b>, String)> {
    let mut owners: BTreeMap<&str, ThreadId> = BTreeMap::new();
    lines.iter().find_map(|it| {
        let owner = *owners.entry(&it.group).or_insert(it.thread);
        (owner != it.thread).then(|| (it, format!("{}, and {} an earlier one", writes(it), writer(owner))))
    })
}

/// The first line whose thread has written one of another group.
fn second_group<'a, 'b>(lines: &'a [Written<'b>]) -> Option<(&'a Written<'b>, String)> {
    let mut first: BTreeMap<ThreadId, &Written<'_>> = BTreeMap::new();
    lines.iter().find_map(|it| {
        let before = *first.entry(it.thread).or_insert(it);
        let what = || format!("{}, and line {}, {}", writes(it), before.at + 1, quoted(before.line));
        (before.group != it.group).then(|| (it, what()))
    })
}

#[cfg(test)]
mod tests {
    use engine::observation::Text;

    use super::*;

    fn key(text: &str) -> Key {
        Key::try_from(text.to_owned()).unwrap()
    }

    fn said(are: Are, by: Option<&str>, lines: &[(ThreadId, &str)]) -> String {
        let line = Pattern::parse("{w:word}: {n}").unwrap();
        let writers = Writers { line, are, by: by.map(key) };
        assert_eq!(writers.check(), Ok(()));
        let stdout = Text::written(lines.iter().map(|(thread, line)| (*thread, line.as_bytes())));
        match writers.judge(&Observation { stdout, ..Observation::default() }) {
            Judgement::Broken(fault) => fault.seen,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lines_of_one_thread() {
        let said = |by, lines: &[_]| said(Are::OneThread, by, lines);
        assert_eq!(said(None, &[(1, "a: 1\n"), (2, "x\n"), (1, "b: 1\n")]), "Kept");
        let second = "thread 2 writes line 2, `b: 1`, and thread 1 an earlier one";
        assert_eq!(said(None, &[(1, "a: 1\n"), (2, "b: 1\n")]), second);
        assert_eq!(said(Some("w"), &[(1, "a: 1\n"), (2, "b: 1\n"), (1, "a: 2\n")]), "Kept");
        assert!(said(Some("w"), &[(1, "a: 1\n"), (2, "a: 2\n")]).starts_with("thread 2 writes line 2"));
        assert_eq!(said(None, &[(1, "x\n")]), "Nothing");
        assert_eq!(said(Some("w"), &[(CHILD, "a: 1\n")]), "a child process writes line 1, `a: 1`");
    }

    #[test]
    fn lines_of_different_threads() {
        let said = |by, lines: &[_]| said(Are::DifferentThreads, by, lines);
        assert_eq!(said(None, &[(1, "a: 1\n"), (2, "b: 1\n")]), "Kept");
        assert_eq!(said(None, &[(1, "a: 1\n")]), "Nothing");
        let both = "thread 1 writes line 2, `a: 2`, and line 1, `a: 1`";
        assert_eq!(said(None, &[(1, "a: 1\n"), (1, "a: 2\n")]), both);
        assert_eq!(said(Some("w"), &[(1, "a: 1\n"), (1, "a: 2\n"), (2, "b: 1\n")]), "Kept");
        assert_eq!(said(Some("w"), &[(1, "a: 1\n"), (1, "a: 2\n")]), "Nothing");
        assert_eq!(said(Some("n % 2"), &[(1, "a: 1\n"), (2, "a: 2\n"), (1, "b: 3\n")]), "Kept");
        assert!(said(Some("w"), &[(1, "a: 1\n"), (1, "b: 2\n")]).starts_with("thread 1 writes line 2"));
    }

    #[test]
    fn lines_of_the_main_thread_and_of_others() {
        assert_eq!(said(Are::NotMain, None, &[(1, "a: 1\n"), (0, "x\n")]), "Kept");
        assert_eq!(said(Are::NotMain, None, &[(0, "a: 1\n")]), "the main thread writes line 1, `a: 1`");
        assert_eq!(said(Are::NotMain, None, &[(CHILD, "a: 1\n")]), "a child process writes line 1, `a: 1`");
        assert_eq!(said(Are::Main, None, &[(0, "a: 1\n"), (1, "x\n")]), "Kept");
        assert_eq!(said(Are::Main, None, &[(3, "a: 1\n")]), "thread 3 writes line 1, `a: 1`");
        assert_eq!(said(Are::Main, None, &[]), "Nothing");
        assert_eq!(said(Are::Threads, None, &[(0, "a: 1\n"), (1, "a: 2\n")]), "Kept");
        assert_eq!(said(Are::Threads, None, &[(CHILD, "a: 1\n")]), "a child process writes line 1, `a: 1`");
    }

    #[test]
    fn unknown_writers_prove_nothing_and_groups_are_captured() {
        let line = Pattern::parse("{w:word}").unwrap();
        let writers = Writers { line, are: Are::NotMain, by: None };
        let seen = Observation { stdout: "a\n".into(), ..Observation::default() };
        assert!(matches!(writers.judge(&seen), Judgement::Unproven(_)));
        let grouped =
            |are, by: &str| Writers { are, by: Some(key(by)), ..writers.clone() }.check().unwrap_err();
        assert!(grouped(Are::Main, "w").contains("has a meaning"));
        assert!(grouped(Are::OneThread, "v").contains("captures no `v`, but `w`"));
    }
}
