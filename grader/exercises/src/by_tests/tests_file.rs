//! `fixtures/<exercise>/checks.rs`: tests, and what their comments say of them.
//!
//! ```text
//! //! A lock with a number of permits.        the exercise in one line, for lists
//!
//! /// Never more threads hold a permit than    the promise, for students
//! /// there are.
//! /// Tries: at-most                           sentences of the contract in the README, by their ids
//! #[test]
//! fn never_more_than_there_are() { … }         the check
//!
//! /// Two threads hold permits at once.
//! /// Holds: in some schedule                  one schedule in which it passes is enough
//! #[cfg(lockstep)]
//! #[test]
//! fn two_at_once() { … }
//! ```

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// All tests of one exercise.
#[derive(Debug, PartialEq, Eq)]
pub struct TestsFile {
    /// The first paragraph of the file's own comment.
    pub summary: String,
    /// The tests, in their order; at least one.
    pub tests: Vec<Test>,
}

/// One test.
#[derive(Debug, PartialEq, Eq)]
pub struct Test {
    /// The function's name, and the check's.
    pub name: String,
    /// The promise: the first paragraph of the function's comment.
    pub about: String,
    /// In which schedules it has to pass.
    pub holds: Holds,
    /// The ids of the sentences of the contract that it tries; those that are broken where it fails come first.
    pub tries: Vec<&'static str>,
    /// Its lines in the file, from 1, with its comment.
    pub lines: RangeInclusive<usize>,
}

/// In which schedules a test has to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// In each: what must not happen.
    InEverySchedule,
    /// In one at least: what must be possible.
    InSomeSchedule,
}

impl TestsFile {
    /// Reads the tests at the top of a file. What the compiler complains about is its own affair.
    ///
    /// # Errors
    /// When a comment says what nobody understands, a test can never be run, or there is none; with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens: TokenStream =
            text.parse().map_err(|error| format!("it cannot be read as Rust: {error}"))?;
        let lines: Vec<&str> = text.lines().collect();
        let tests = items(tokens).filter(Item::is_test).map(|item| item.test(&lines));
        let tests = tests.collect::<Result<Vec<_>, _>>()?;
        if tests.is_empty() {
            return Err("it has no `#[test]` at its top: each is a check".into());
        }
        let own = lines.iter().map_while(|line| line.strip_prefix("//!"));
        let summary = paragraph(own);
        let summary = if summary.is_empty() { "a library, judged by tests".to_owned() } else { summary };
        Ok(Self { summary, tests })
    }

    /// The text without the tests that are not `kept`, and with as many lines.
    pub fn without(&self, text: &str, kept: impl Fn(&str) -> bool) -> String {
        let left_out: Vec<&Test> = self.tests.iter().filter(|test| !kept(&test.name)).collect();
        let is_kept = |line: usize| !left_out.iter().any(|test| test.lines.contains(&line));
        let lines = text.lines().enumerate().map(|(at, line)| if is_kept(at + 1) { line } else { "" });
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// The first paragraph of a comment, without the full stop at its end: what was seen follows it.
fn paragraph<'a>(comment: impl Iterator<Item = &'a str>) -> String {
    let is_said = |line: &&str| !line.is_empty() && directive(line).is_none();
    let words: Vec<&str> = comment.map(str::trim).take_while(is_said).collect();
    let text = words.join(" ");
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

/// What a line of a comment says to the grader: `Tries: a, b`, `Holds: in some schedule`.
fn directive(line: &str) -> Option<(&'static str, &str)> {
    ["Tries", "Holds"].into_iter().find_map(|name| Some((name, line.strip_prefix(name)?.strip_prefix(": ")?)))
}

/// One item at the top of the file.
struct Item {
    /// Its attributes without brackets, comments among them.
    attributes: Vec<String>,
    /// What follows them.
    words: Vec<String>,
    lines: RangeInclusive<usize>,
}

/// The items of a file. An item ends with its block, or with a semicolon.
fn items(tokens: TokenStream) -> impl Iterator<Item = Item> {
    let mut tokens = tokens.into_iter();
    std::iter::from_fn(move || {
        let first = tokens.next()?;
        let begin = first.span().start().line;
        let mut item = Item { attributes: Vec::new(), words: Vec::new(), lines: begin..=begin };
        let mut next = Some(first);
        let mut is_of_file = false;
        while let Some(token) = next {
            item.lines = begin..=token.span().end().line;
            match &token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
                TokenTree::Group(_) if is_of_file => break,
                TokenTree::Group(group)
                    if group.delimiter() == Delimiter::Bracket && item.words.is_empty() =>
                {
                    item.attributes.push(group.stream().to_string());
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => break,
                TokenTree::Punct(punct) if punct.as_char() == '#' => {}
                // `#![…]` is the file's own.
                TokenTree::Punct(punct) if punct.as_char() == '!' && item.words.is_empty() => {
                    is_of_file = true;
                }
                token => item.words.push(token.to_string()),
            }
            next = tokens.next();
        }
        Some(item)
    })
}

impl Item {
    fn is_test(&self) -> bool {
        self.attributes.iter().any(|attribute| attribute == "test")
    }

    fn test(&self, lines: &[&str]) -> Result<Test, String> {
        let at = |reason: &str| format!("line {}: {reason}", self.lines.start());
        let name = self.words.iter().skip_while(|word| *word != "fn").nth(1);
        let name = name.ok_or_else(|| at("`#[test]` stands before a function"))?;
        if self.attributes.iter().any(|attribute| attribute.starts_with("ignore")) {
            return Err(at(&format!("`{name}` is ignored, and checks nothing: take it out")));
        }
        let own = lines.iter().take(*self.lines.end()).skip(self.lines.start() - 1);
        let comment: Vec<&str> = own.filter_map(|line| line.trim().strip_prefix("///")).collect();
        let about = paragraph(comment.iter().copied());
        let mut test = Test {
            name: name.clone(),
            about: if about.is_empty() { name.replace('_', " ") } else { about },
            holds: Holds::InEverySchedule,
            tries: Vec::new(),
            lines: self.lines.clone(),
        };
        for (what, value) in comment.iter().filter_map(|line| directive(line.trim())) {
            match (what, value.trim_end_matches('.')) {
                ("Holds", "in some schedule") => test.holds = Holds::InSomeSchedule,
                ("Holds", "in every schedule") => test.holds = Holds::InEverySchedule,
                ("Holds", other) => {
                    let allowed = "`in every schedule` or `in some schedule`";
                    return Err(at(&format!("`{name}` holds `{other}`, which is neither {allowed}")));
                }
                (_, ids) => {
                    let ids = ids.split(',').map(|id| &*id.trim().to_owned().leak());
                    test.tries.extend(ids);
                }
            }
        }
        Ok(test)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\
//! A lock with permits.
//!
//! More of it.

use semaphore::{Semaphore, other};

/// Never more threads hold a permit
/// than there are.
///
/// Tries: at-most, waits
#[test]
fn never_more() {
    assert!(\"/// #[test] fn no() {}\".len() > 1);
}

const N: [u8; 2] = { [1, 2] };

/// Holds: in some schedule
#[cfg(lockstep)]
#[test]
fn two_at_once() -> Result<(), String> {
    Ok(())
}

fn helper() {}
";

    #[test]
    fn tests_are_read_with_what_their_comments_say() {
        let file = TestsFile::parse(FILE).unwrap();
        assert_eq!(file.summary, "A lock with permits");
        let of = |test: &Test| (test.name.clone(), test.about.clone(), test.holds, test.lines.clone());
        let expected = [
            (
                "never_more".to_owned(),
                "Never more threads hold a permit than there are".to_owned(),
                Holds::InEverySchedule,
                7..=14,
            ),
            ("two_at_once".to_owned(), "two at once".to_owned(), Holds::InSomeSchedule, 18..=23),
        ];
        assert_eq!(file.tests.iter().map(of).collect::<Vec<_>>(), expected);
        assert_eq!(file.tests[0].tries, ["at-most", "waits"]);
    }

    #[test]
    fn a_test_that_is_left_out_leaves_its_lines_empty() {
        let file = TestsFile::parse(FILE).unwrap();
        let text = file.without(FILE, |name| name == "never_more");
        assert_eq!(text.lines().count(), FILE.lines().count());
        assert!(text.contains("fn never_more") && text.contains("fn helper"), "{text}");
        assert!(!text.contains("two_at_once") && !text.contains("Holds"), "{text}");
        assert_eq!(TestsFile::parse(&text).unwrap().tests, file.tests[..1]);
    }

    #[test]
    fn the_files_own_comment_belongs_to_no_test() {
        let text = "//! Locks.\n#![allow(x)]\n/// It locks.\n#[test]\nfn a() {}\n";
        let file = TestsFile::parse(text).unwrap();
        assert_eq!((file.summary.as_str(), file.tests[0].lines.clone()), ("Locks", 3..=5));
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_its_line() {
        let error = |text: &str| TestsFile::parse(text).unwrap_err();
        assert!(error("fn main() {}").contains("no `#[test]`"));
        assert!(error("/// Holds: always\n#[test]\nfn a() {}\n").starts_with("line 1: `a` holds `always`"));
        let ignored = concat!("\n#[test]\n#[", "ignore = \"slow\"]\nfn a() {}\n");
        assert!(error(ignored).starts_with("line 2: `a` is ignored"));
        assert!(error("#[test]\nstruct A;\n").contains("before a function"));
        assert!(error("#[test] fn a() {").contains("cannot be read as Rust"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(#\\[test\\]|fn a\\(\\)|\\{|\\}|;|/// |Holds: |Tries: |\n|[a-z!#]){0,40}") {
            let _ = TestsFile::parse(&text).map(|file| file.without(&text, |_| false));
        }
    }
}
