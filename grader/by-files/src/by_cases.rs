//! Exercises by cases: a program, judged by what `fixtures/<exercise>/cases.toml` says of its calls. Nothing of it is
//! compiled into the grader.
//!
//! # The file
//!
//! ```toml
//! summary = "prints 1 to N from two threads that take turns"   # one line, for lists
//!
//! [untried]                # optional: sentences of the contract that no case tries, each with the reason
//! cannot-write = "no call leads there"
//!
//! [[check]]                # a promise, in the order of reports
//! id = "alternates"        # as rubric.toml names it
//! about = "the output is exactly 1 to N"
//!
//! [[check]]
//! id = "terminates"
//! about = "the program ends"
//! needs = ["alternates"]   # a pass counts only where one of these was kept: needed by what a program keeps that does nothing
//!
//! [[case]]                 # a call of the program; the smallest first, as what fails there is the easiest to read
//! id = "ten"               # as `replay` names it
//! args = ["--max", "10"]   # optional
//! files = { "in.txt" = "text" }   # optional: what is in the program's folder before
//! stdout = { closed-after = 2 }   # optional: nobody reads on after 2 writes; or "full": nothing can be written, not explored
//! percent = 30             # optional: its share of the schedules; else one of what is left. 0: it is not explored
//! runs = 10                # optional: how often it is run without control
//! idle = true              # optional: it asks for nothing, so what is kept here alone does not count
//!
//! [[case.expect]]          # what the call must do: belongs to one check, and says exactly one thing
//! check = "alternates"
//! tries = ["numbers"]      # optional: sentences of the contract, by their ids in the README; the first is said to be broken
//! expected = "the numbers 1 to 10"   # optional: what reports say is expected
//! lines = { from = 1, to = 10 }
//!
//! [groups]                 # optional: names for several cases
//! counts = ["two", "ten"]
//!
//! [[expect]]               # what several cases must do; `$max` is a number of the case's own, `with = { max = 10 }`
//! cases = ["counts"]
//! check = "alternates"
//! lines = { from = 1, to = "$max" }
//! ```
//!
//! # What can be expected
//!
//! | key | value | what must be |
//! |---|---|---|
//! | `lines` | lines | standard output is exactly these, in this order |
//! | `any-order` | lines | exactly these, in any order |
//! | `groups` | a list of lines | exactly these: those of a group in any order, the groups in theirs |
//! | `fits` | a list of patterns | line by line, each fits the pattern in its place, and there are no others |
//! | `first` | pattern | the first line fits |
//! | `last` | pattern | the last line fits, and no other |
//! | `has` | a list of patterns | some line fits each of them |
//! | `each` | a list of patterns | every line fits one of them |
//! | `among` | `{ line = pattern, are = lines }` | the lines that fit are exactly these, in this order |
//! | `count` | `{ line = pattern, is = 3 }` | so many lines fit |
//! | `where` | `{ line = pattern, holds = condition }` | for each line that fits the condition holds |
//! | `ascending` | `{ line = pattern, of = "n", by = "w" }` | each number `n` is higher than the one before it; with `by`, for each `w` |
//! | `writers` | `{ line = pattern, are = …, by = "w" }` | who writes the lines that fit |
//! | `one-write` | `true` | each line comes in one write |
//! | `shows` | a list of patterns, or several | some schedule shows lines that fit them, in this order, with others between; or those of one of the lists |
//! | `overlaps` | the same | the same, and it is not one thread that writes them |
//! | `shared` | `{ threads = 2, operations = 3 }` | in some schedule so many threads each operate so often on one object |
//! | `sleeps` | `true` | a thread that waits sleeps |
//! | `ends` | `true` | the program ends by itself, in every schedule |
//! | `quiet` | `true` | where nobody reads on: exit code 0, and nothing on standard error |
//! | `help` | `{ "--max" = "10" }` | exit code 0, and these options are named with their defaults |
//! | `exit` | 0 to 255 | the same, with this exit code |
//! | `stderr` | pattern | some line of standard error fits; `""` for none at all |
//! | `files` | `{ "out.txt" = "text" }` | these files are in the program's folder after the run |
//!
//! *Lines* are a list, `["a", "b"]`, or numbers in a form: `{ from = 1, to = 10, form = "number {n}" }`; without a form
//! they stand alone. *Writers* are `"one thread"`, `"different threads"`, `"not main"`, `"main"`, or `"threads"`: any of the
//! program's, and no child process. With `by`, one thread writes all lines of a group, and different threads those of
//! different groups. A group is those lines for which a
//! capture is the same, `by = "w"`, or a sum of some, `by = "n % 2"`.
//!
//! A *pattern* is literal text for a whole line, with `{name}` for an integer of 64 bits, `{name:word}` for a word without
//! blanks and `{name:text}` for any text; `{{` and `}}` are braces. From the left, each is as long as it can be.
//!
//! A *condition* compares integers: `n == 2 * m and n > 0`, with `+ - * / %`, parentheses and `== != < <= > >=`.
//!
//! # What is given for nothing
//!
//! Nothing: a check that is kept by a program which prints nothing and ends is refused, if it has no `needs`. `first`,
//! `last`, `each`, `where`, `ascending` and `writers` say nothing where there are no lines to judge.

mod amount;
mod call;
mod cases_file;
mod condition;
mod expectation;
mod key;
mod lines;
mod numbers;
mod output;
mod pattern;
mod shows;
mod together;
mod writers;

use std::fs;

use engine::case::{Call, Case};
use engine::error::Error;
use engine::workspace::Workspace;

use call::CallAndLook;
pub use cases_file::{CasesFile, OneCase, Promise};
use exercise::{Check, Exercise};
pub use expectation::{Expectation, Kind};
use together::{Together, together};

/// What `exercise` promises, and its cases.
///
/// # Errors
/// When the file cannot be read, or is not what it must be; with its line, where that is known.
pub fn read(workspace: &Workspace, exercise: &str) -> Result<CasesFile, Error> {
    let path = workspace.cases(exercise);
    let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
    CasesFile::parse(&text).map_err(|reason| Error::Content { path, reason })
}

/// The exercise called `name`. What is known of it lives as long as the process, as that of all others does.
///
/// # Errors
/// As for [`read`].
pub fn exercise(workspace: &Workspace, name: &str) -> Result<&'static Exercise, Error> {
    let file: &'static CasesFile = Box::leak(Box::new(read(workspace, name)?));
    let checks: Vec<Check> = file.checks.iter().map(|it| Check { id: it.id, about: it.about }).collect();
    let needing = file.checks.iter().filter(|it| !it.needs.is_empty());
    let after: Vec<(&str, &[&str])> = needing.map(|it| (it.id, &*it.needs)).collect();
    let untried: Vec<(&str, &str)> = file.untried.iter().map(|(id, reason)| (&**id, &**reason)).collect();
    let judged = |case: &'static OneCase| -> (&'static [Together], Tried) {
        (together(&case.expectations).leak(), tried(case))
    };
    let of_cases: Vec<_> = file.cases.iter().map(judged).collect();
    let cases = move |_seed: u64| {
        file.cases.iter().zip(&of_cases).map(|(it, (judges, tried))| case(it, judges, tried)).collect()
    };
    Ok(Box::leak(Box::new(Exercise {
        name: name.to_owned().leak(),
        root: "main.rs",
        summary: &file.summary,
        checks: checks.leak(),
        after: after.leak(),
        untried: untried.leak(),
        cases: Box::leak(Box::new(cases)),
    })))
}

/// The sentences that a case tries for each check.
type Tried = Vec<(&'static str, &'static [&'static str])>;

fn tried(case: &'static OneCase) -> Tried {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for Expectation { check, tries, .. } in &case.expectations {
        match all.iter_mut().find(|(known, _)| known == check) {
            Some((_, sentences)) => sentences.extend(tries),
            None => all.push((check, tries.clone())),
        }
    }
    all.retain(|(_, sentences)| !sentences.is_empty());
    all.into_iter().map(|(check, sentences)| (check, &*sentences.leak())).collect()
}

fn case(one: &'static OneCase, judges: &'static [Together], tried: &Tried) -> Case {
    let files = one.files.iter().map(|(name, text)| (name, text.clone().into_bytes()));
    let call = Call::new(one.args.iter()).with(files).to(one.stdout);
    let case = match one.files_due() {
        names if names.is_empty() => Case::new(&one.id, call),
        names => Case::new(&one.id, CallAndLook::new(call, names)),
    };
    let case = case.explored(one.percent);
    let case = if one.is_small { case.small() } else { case };
    let case = one.runs.into_iter().fold(case, Case::runs);
    let case = if one.is_idle { case.idle() } else { case };
    let case = one.sharing.into_iter().fold(case, Case::shared);
    let case = judges.iter().fold(case, |case, judge| judge.add_to(case));
    let case = one.expectations.iter().fold(case, |case, expectation| expectation.add_witness(case));
    tried.iter().fold(case, |case, (check, sentences)| case.tries(check, sentences))
}

impl OneCase {
    /// The names of the files that the program must leave behind.
    fn files_due(&self) -> Vec<String> {
        let kinds = self.expectations.iter().map(|it| &it.kind);
        let names = kinds.flat_map(|kind| {
            if let Kind::Files(due) = kind { due.keys().cloned().collect() } else { Vec::new() }
        });
        names.collect()
    }
}
