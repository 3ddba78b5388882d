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
//!
//! /// What is written under a permit is seen
//! /// under the next.
//! /// Memory: weak                             also where loads return what is overwritten already
//! #[test]
//! fn memory_order() { … }
//! ```

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

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
    /// Whether it is about memory orders: it has to pass also where atomic loads return values that are overwritten already, as far
    /// as C++20 allows.
    pub has_weak_memory: bool,
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
        let tokens: TokenStream = text.parse().map_err(|error: LexError| {
            format!("line {}: it cannot be read as Rust", error.span().start().line)
        })?;
        let lines: Vec<&str> = text.lines().collect();
        let items: Vec<Item> = items(tokens).collect();
        if let Some(line) = items.iter().find_map(|item| item.nested_test) {
            return Err(format!(
                "line {line}: a `#[test]` inside of something is no check: put it at the top"
            ));
        }
        let tests = items.iter().filter(|item| item.is_test()).map(|item| item.test(&lines));
        let tests = tests.collect::<Result<Vec<_>, _>>()?;
        if tests.is_empty() {
            return Err("it has no `#[test]` at its top: each is a check".into());
        }
        apart(&tests)?;
        let own = lines.iter().map_while(|line| line.strip_prefix("//!"));
        let summary = paragraph(own);
        let summary = if summary.is_empty() { "a library, judged by tests".to_owned() } else { summary };
        Ok(Self { summary, tests })
    }

    /// The text without the tests that are not `kept`, nor the comments above them. What only they use stays.
    pub fn without(&self, text: &str, kept: impl Fn(&str) -> bool) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let is_of_no_item = |line: &str| line.trim().is_empty() || line.trim_start().starts_with("//");
        let left_out: Vec<RangeInclusive<usize>> = self
            .tests
            .iter()
            .filter(|test| !kept(&test.name))
            .map(|test| {
                let above = lines[..test.lines.start() - 1].iter().rev();
                let above = above.take_while(|line| is_of_no_item(line) && !line.starts_with("//!"));
                test.lines.start() - above.count()..=*test.lines.end()
            })
            .collect();
        let is_kept = |line: usize| !left_out.iter().any(|lines| lines.contains(&line));
        let kept = lines.iter().enumerate().filter(|(at, _)| is_kept(at + 1));
        kept.map(|(_, line)| format!("{line}\n")).collect()
    }
}

/// Each test has a name and lines of its own: by these it is called, and left out.
fn apart(tests: &[Test]) -> Result<(), String> {
    for (at, test) in tests.iter().enumerate() {
        let others = &tests[..at];
        if others.iter().any(|other| other.name == test.name) {
            return Err(format!("line {}: there are two tests called `{}`", test.lines.start(), test.name));
        }
        if others.iter().any(|other| other.lines.end() == test.lines.start()) {
            return Err(format!(
                "line {}: `{}` begins in the line of another test",
                test.lines.start(),
                test.name
            ));
        }
    }
    Ok(())
}

/// The line of the first `#[test]` in `tokens`, at any depth. No recursion: brackets can stand in each other deeper than a
/// stack goes.
fn test_within(tokens: TokenStream) -> Option<usize> {
    let mut streams = vec![tokens];
    while let Some(tokens) = streams.pop() {
        let mut is_after_hash = false;
        for token in tokens {
            if let TokenTree::Group(group) = &token {
                if is_after_hash
                    && group.delimiter() == Delimiter::Bracket
                    && group.stream().to_string() == "test"
                {
                    return Some(group.span_open().start().line);
                }
                streams.push(group.stream());
            }
            is_after_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        }
    }
    None
}

/// The first paragraph of a comment, without the full stop at its end: what was seen follows it.
fn paragraph<'a>(comment: impl Iterator<Item = &'a str>) -> String {
    let is_said = |line: &&str| !line.is_empty() && directive(line).is_none();
    let words: Vec<&str> = comment.map(str::trim).take_while(is_said).collect();
    let text = words.join(" ");
    text.strip_suffix('.').map(str::to_owned).unwrap_or(text)
}

/// What a line of a comment says to the grader: `Tries: a, b`, `Holds: in some schedule`, `Memory: weak`.
fn directive(line: &str) -> Option<(&'static str, &str)> {
    let value = |name: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim());
    ["Tries", "Holds", "Memory"].into_iter().find_map(|name| Some((name, value(name)?)))
}

/// One item at the top of the file.
struct Item {
    /// Its attributes without brackets, comments among them.
    attributes: Vec<String>,
    /// What follows them.
    words: Vec<String>,
    /// The line of a test inside of it.
    nested_test: Option<usize>,
    lines: RangeInclusive<usize>,
}

/// The items of a file. An item ends with its block, or with a semicolon.
fn items(tokens: TokenStream) -> impl Iterator<Item = Item> {
    let mut tokens = tokens.into_iter();
    std::iter::from_fn(move || {
        let first = tokens.next()?;
        let begin = first.span().start().line;
        let mut item =
            Item { attributes: Vec::new(), words: Vec::new(), nested_test: None, lines: begin..=begin };
        let mut next = Some(first);
        let mut is_of_file = false;
        while let Some(token) = next {
            item.lines = begin..=token.span().end().line;
            match &token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    item.nested_test = test_within(group.stream());
                    break;
                }
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
            has_weak_memory: false,
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
                ("Memory", "weak") => test.has_weak_memory = true,
                ("Memory", other) => {
                    return Err(at(&format!("the memory of `{name}` is `{other}`: it can only be `weak`")));
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
    fn memory_is_weak_where_a_comment_says_so() {
        let text = FILE.replace("/// Holds", "/// Memory: weak.\n/// Holds");
        let file = TestsFile::parse(&text).unwrap();
        let weak: Vec<bool> = file.tests.iter().map(|test| test.has_weak_memory).collect();
        assert_eq!(weak, [false, true]);
        assert_eq!(file.tests[1].about, "two at once", "the line is no part of the promise");
        assert_eq!(file.tests[1].holds, Holds::InSomeSchedule);
    }

    #[test]
    fn nothing_is_left_of_a_test_that_is_left_out() {
        let text = FILE.replace("/// Holds", "// A secret of the next one.\n\n/// Holds");
        let file = TestsFile::parse(&text).unwrap();
        let left = file.without(&text, |name| name == "never_more");
        assert!(left.contains("fn never_more") && left.contains("};\n\nfn helper"), "{left}");
        assert!(
            !left.contains("two_at_once") && !left.contains("Holds") && !left.contains("secret"),
            "{left}"
        );
        assert_eq!(TestsFile::parse(&left).unwrap().tests, file.tests[..1]);
        let first = file.without(&text, |name| name == "two_at_once");
        assert!(first.starts_with("//! A lock with permits.\n") && !first.contains("never_more"), "{first}");
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
        for memory in ["strong", "Weak", "weak, relaxed", ""] {
            let text = format!("/// Memory: {memory}\n#[test]\nfn a() {{}}\n");
            let expected = format!("line 1: the memory of `a` is `{memory}`");
            assert!(error(&text).starts_with(&expected), "{memory}");
        }
        let ignored = concat!("\n#[test]\n#[", "ignore = \"slow\"]\nfn a() {}\n");
        assert!(error(ignored).starts_with("line 2: `a` is ignored"));
        assert!(error("#[test]\nstruct A;\n").contains("before a function"));
        assert!(error("\n#[test] fn a() {").contains("cannot be read as Rust"));
        assert!(
            error("mod more {\n    #[test]\n    fn a() {}\n}\n").starts_with("line 2: a `#[test]` inside")
        );
        assert!(error("#[test]\nfn a() {}\n#[test]\nfn a() {}\n").starts_with("line 3: there are two"));
        assert!(error("#[test] fn a() {} #[test] fn b() {}\n").contains("begins in the line of another"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(#\\[test\\]|fn a\\(\\)|\\{|\\}|;|/// |Holds: |Tries: |Memory: |\n|[a-z!#]){0,40}") {
            let _ = TestsFile::parse(&text).map(|file| file.without(&text, |_| false));
        }
    }
}
