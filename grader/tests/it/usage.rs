//! Wrong calls get one clear line and the right exit code.

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use crate::support::{Program, grade};

#[test]
fn an_unknown_exercise_is_answered_with_the_nearest_name() {
    grade(["check", "evn-odd"])
        .code(4)
        .stderr("cargo grade: no exercise is called `evn-odd`; did you mean `even-odd`?\n");
}

#[test]
fn a_missing_source_is_named() {
    grade(["check", "even-odd", "--source", "/no/such/file.rs"])
        .code(2)
        .stderr(starts_with("cargo grade: /no/such/file.rs: No such file"));
}

#[test]
fn a_source_that_is_no_regular_file_is_not_opened() {
    grade(["check", "even-odd", "--source", "/dev/zero"]).code(2).stderr(contains("not a regular file"));
}

#[test]
fn a_source_folder_without_main_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    grade(["check", "even-odd", "--source", empty.path().to_str().unwrap()])
        .code(2)
        .stderr(contains("it has no main.rs"));
}

#[test]
fn what_to_rename_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Main.rs"), "fn main() {}\n").unwrap();
    grade(["check", "even-odd", "--source", folder.path().to_str().unwrap()])
        .code(2)
        .stderr(contains("it has no main.rs: rename Main.rs to main.rs"));
}

#[test]
fn an_unknown_name_that_is_like_no_other_gets_all_there_are() {
    grade(["check", "nope"]).code(4).stderr(
        contains("no exercise is called `nope`; there are hello-threads, even-odd, ")
            .and(contains("`cargo grade list`")),
    );
    let program = Program::new(&crate::support::even_odd("for n in 1..=max { println!(\"{n}\"); }"));
    grade(["replay", "even-odd", "--case", "nope", "--source", &program.path()])
        .code(4)
        .stderr(contains("no case is called `nope`; there are ").and(contains("max-7")));
}

#[test]
fn no_temporary_name_is_told() {
    for option in ["--report=junit=/nonexistent/x.xml", "--output=/nonexistent/x.xml"] {
        grade(["check", "even-odd", option])
            .code(2)
            .stderr("cargo grade: /nonexistent/x.xml: No such file or directory (os error 2)\n");
    }
    grade(["release", "--out", "/nonexistent/x"])
        .code(2)
        .stderr(contains(".partial").not().and(contains("/nonexistent")));
}

#[test]
fn a_source_needs_one_exercise() {
    grade(["check", "--source", "x.rs"]).code(2).stderr(contains("name that exercise"));
}

#[test]
fn an_unwritable_output_is_said_before_anything_is_graded() {
    grade(["check", "--output", "/no/such/folder/report.json"])
        .code(2)
        .stdout("")
        .stderr(starts_with("cargo grade: /no/such/folder/report.json: "));
}

#[test]
fn an_unknown_option_shows_the_usage() {
    grade(["check", "--sauce", "x.rs"]).code(2).stderr(contains("--source"));
}

#[test]
fn an_unknown_case_is_answered_with_the_nearest_name() {
    let program = Program::new(&crate::support::even_odd("for n in 1..=max { println!(\"{n}\"); }"));
    grade(["replay", "even-odd", "--case", "max-77", "--source", &program.path()])
        .code(4)
        .stderr(contains("no case is called `max-77`; did you mean `max-7`?"));
}

#[test]
fn list_names_every_check_with_its_points() {
    grade(["list"]).success().stdout(contains("even-odd (10 points)").and(contains("terminates")));
}

#[test]
fn help_names_the_commands() {
    grade(["--help"]).success().stdout(contains("selftest").and(contains("replay")));
}

#[test]
fn collecting_is_left_to_the_gradebook() {
    grade(["collect", "--help"]).code(0).stdout(contains("cargo gradebook collect"));
}

#[test]
fn the_help_of_collect_needs_no_gradebook() {
    for help in ["--help", "-h"] {
        grade(["collect", help]).code(0).stdout(contains("Usage: cargo gradebook collect")).stderr("");
    }
}
