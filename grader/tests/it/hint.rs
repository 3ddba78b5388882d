//! Hints come one at a time.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::support::grade_in;

/// A folder that looks like a workspace and has the README of one exercise.
fn workspace(readme: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("crates/primes")).unwrap();
    fs::write(folder.path().join("Cargo.lock"), "").unwrap();
    fs::write(folder.path().join("crates/primes/README.md"), readme).unwrap();
    folder
}

#[track_caller]
fn hint(folder: &Path, options: &[&str]) -> assert_cmd::assert::Assert {
    grade_in(folder, ["hint", "primes"].into_iter().chain(options.iter().copied()))
}

#[test]
fn each_call_gives_one_more_until_there_are_none() {
    let folder = workspace("# primes\n\n## Hints\n\n1. Look.\n2. Wait.\n");
    hint(folder.path(), &[]).success().stdout(contains("hint 1 of 2").and(contains("Look.")));
    hint(folder.path(), &[]).success().stdout(contains("hint 2 of 2").and(contains("the last one")));
    hint(folder.path(), &[]).success().stdout(contains("hint 2 of 2").and(contains("There are no more")));
    hint(folder.path(), &["--reset"]).success().stdout("primes: hints start over\n");
    hint(folder.path(), &[]).success().stdout(contains("hint 1 of 2"));
    hint(folder.path(), &["--all"]).success().stdout(contains("Look.").and(contains("Wait.")));
}

#[test]
fn a_readme_without_hints_is_named() {
    let folder = workspace("# primes\n");
    hint(folder.path(), &[]).stderr(contains("crates/primes/README.md: it has no numbered list"));
    grade_in(folder.path(), ["hint", "prime"])
        .code(4)
        .stderr(starts_with("cargo grade: no exercise is called `prime`; did you mean `primes`?"));
}
