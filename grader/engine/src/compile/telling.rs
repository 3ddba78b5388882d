//! What cargo has built so far, told while it builds: nobody likes to look at a screen on which nothing moves.

use std::collections::BTreeSet;

use confine::run::{Invocation, Outcome};
use serde::Deserialize;

use super::last_words;
use crate::error::Error;
use crate::escape::in_line;

/// Makes cargo tell of each crate on standard output, one JSON object a line, and say errors as it always does (the
/// cargo book, "External tools").
pub(super) const TELLING: [&str; 2] = ["--message-format", "json-render-diagnostics"];

/// Makes `cargo tree` list what is built, so that [`count`] can count it.
pub(super) const LISTING: [&str; 4] = ["--prefix", "none", "--edges", "normal,build"];

/// Is told what is being done, again and again, by several threads.
pub type Tell<'a> = &'a (dyn Fn(String) + Sync);

/// Runs a build that is [`TELLING`] to its end, and tells how many of `total` crates are built of `what`. They are counted
/// while it has begun.
///
/// # Errors
/// When cargo cannot be run, or fails.
pub(super) fn run(
    build: Invocation,
    what: &str,
    total: impl FnOnce() -> Result<usize, Error>,
    tell: Tell,
) -> Result<(), Error> {
    let running = build.start()?;
    let total = total()?;
    // Each time that cargo has written something there is something to tell, and never an end of it.
    running.wait_for_stdout(|said| {
        let Built { count, last } = Built::so_far(said);
        tell(format!("{what}: {count} of {} crates, {last}", total.max(count)));
        None::<()>
    });
    let outcome = running.wait()?;
    said(&outcome).map(drop)
}

/// What a call of cargo wrote that must not fail.
///
/// # Errors
/// What cargo said of its failure.
pub(super) fn said(outcome: &Outcome) -> Result<&[u8], Error> {
    match outcome.ending.code() {
        Some(0) => Ok(&outcome.stdout),
        _ => Err(Error::Cargo(last_words(outcome))),
    }
}

/// How many crates are in the list that `cargo tree` made, the program itself left out.
pub(super) fn count(list: &[u8]) -> usize {
    let list = String::from_utf8_lossy(list);
    // `clap v4.6.7 (*)`: what follows the version is told of some lines of a crate and not of others.
    let crates: BTreeSet<(&str, &str)> = list
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .collect();
    crates.len().saturating_sub(1)
}

/// What is built already.
#[derive(Debug, PartialEq, Eq)]
struct Built {
    count: usize,
    /// The crate that was built last.
    last: String,
}

/// One object of cargo's.
#[derive(Deserialize)]
struct Message<'a> {
    reason: &'a str,
    #[serde(default, borrow)]
    package_id: &'a str,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Built {
    /// A crate counts once, whether it is built for the program or for what builds it; its build script does not count.
    fn so_far(said: &str) -> Self {
        let mut crates = BTreeSet::new();
        let mut last = String::new();
        for message in said.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok()) {
            let Some(target) = message.target.filter(|_| message.reason == "compiler-artifact") else {
                continue;
            };
            if !target.kind.iter().any(|kind| ["custom-build", "bin"].contains(&kind.as_str())) {
                crates.insert(message.package_id);
                last = in_line(&target.name);
            }
        }
        Self { count: crates.len(), last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_and_its_build_script_does_not() {
        let built = |id: &str, name: &str, kind: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"{id}","target":{{"kind":["{kind}"],"name":"{name}"}}}}"#
            )
        };
        let said = [
            built("registry#libc@0.2", "build-script-build", "custom-build"),
            r#"{"reason":"build-script-executed","package_id":"registry#libc@0.2"}"#.to_owned(),
            built("registry#libc@0.2", "libc", "lib"),
            built("registry#syn@3.0", "syn", "lib"),
            built("registry#syn@3.0", "syn", "lib"),
            "no JSON".to_owned(),
            built("path#even-odd@0.1", "even-odd", "bin"),
        ];
        assert_eq!(Built::so_far(&said.join("\n")), Built { count: 2, last: "syn".into() });
        assert_eq!(Built::so_far(""), Built { count: 0, last: String::new() });
    }

    #[test]
    fn a_list_is_counted_without_repetitions_and_the_program() {
        let list = "even-odd v0.1.0 (/a b)\nclap v4.6.7\nclap_derive v4.6.7 (proc-macro)\nsyn v2.0.1\nsyn v3.0.9\n\nclap v4.6.7 (*)\n";
        assert_eq!(count(list.as_bytes()), 4);
        assert_eq!(count(b""), 0);
    }
}
