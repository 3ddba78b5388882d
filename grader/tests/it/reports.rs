//! Reports in several formats at once: whole, also when the grader is stopped.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use predicates::str::contains;
use serde_json::Value;

use crate::support::{Program, even_odd, grade, processes_with, root};

/// Prints the numbers from the main thread: right numbers, wrong threads.
const ONE_THREAD: &str = "for n in 1..=max { println!(\"{n}\"); }";

/// `--report` for each format, to a file of its own in `folder`.
fn report_arguments(folder: &Path) -> Vec<String> {
    let formats = ["json", "html", "junit", "github", "classroom", "gradescope", "exercism"];
    formats.iter().map(|format| format!("--report={format}={}", folder.join(format).display())).collect()
}

/// A call that grades `program` in every format, in a step of GitHub Actions whose files are in `folder`.
fn command(program: &Program, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command
        .args(["check", "even-odd", "--source", &program.path()])
        .args(report_arguments(folder))
        .env("GITHUB_STEP_SUMMARY", folder.join("summary"))
        .env("GITHUB_OUTPUT", folder.join("output"))
        .current_dir(root());
    command
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const WRITTEN: [&str; 9] =
    ["classroom", "exercism", "github", "gradescope", "html", "json", "junit", "output", "summary"];

#[test]
fn one_call_writes_every_format_that_is_asked_for() {
    let (program, folder) = (Program::new(&even_odd(ONE_THREAD)), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let output = command(&program, folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("even-odd · two-threads fail"));
    assert_eq!(names(folder), WRITTEN);
    let json: Value = serde_json::from_str(&read(folder, "json")).unwrap();
    let gradescope: Value = serde_json::from_str(&read(folder, "gradescope")).unwrap();
    assert_eq!(json["score"], gradescope["score"]);
    let failed = crate::support::check(&json, "two-threads");
    assert_eq!(failed["failure"]["place"]["file"], "main.rs");
    assert_eq!(failed["failure"]["picture"]["rows"][0]["operation"], "writes \"1\"");
    let place = format!("::error file={},line=3,title=even-odd%3A two-threads::", program.path());
    assert!(read(folder, "github").contains(&place));
    assert!(read(folder, "output").starts_with("result=") && read(folder, "summary").contains("two-threads"));
    assert!(read(folder, "html").contains("for n in 1..=max"));
}

#[test]
fn a_grader_that_is_stopped_writes_every_report_and_says_that_it_is_incomplete() {
    // A sandboxed program cannot write where the test looks; its child's arguments can be seen.
    let (folder, marker) = (tempfile::tempdir().unwrap(), "the-program-of-a-stopped-grader");
    let reports = folder.path();
    let body = format!(
        "let _ = max;
    let _ = std::process::Command::new(\"sh\").args([\"-c\", \"sleep 1000; : {marker}\"]).status();"
    );
    let program = Program::new(&even_odd(&body));
    let mut grader = command(&program, reports).stdout(Stdio::null()).spawn().unwrap();
    while processes_with(marker).is_empty() {
        assert!(grader.try_wait().unwrap().is_none(), "the grader ended before the program ran");
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &grader.id().to_string()]).status().unwrap();
    assert_eq!(grader.wait().unwrap().code(), Some(130));
    assert_eq!(names(reports), WRITTEN);
    let json: Value = serde_json::from_str(&read(reports, "json")).unwrap();
    assert_eq!((&json["incomplete"], &json["not_graded"]), (&true.into(), &serde_json::json!(["even-odd"])));
    assert_ne!(json["verdict"], "pass");
    for name in WRITTEN.into_iter().filter(|name| *name != "output") {
        assert!(read(reports, name).contains("interrupted"), "{name}");
    }
}

#[test]
fn every_format_is_written_whatever_is_wrong_with_the_source() {
    let empty = tempfile::tempdir().unwrap();
    let no_file = empty.path().join("main.rs");
    fs::create_dir(&no_file).unwrap();
    let rename = tempfile::tempdir().unwrap();
    fs::write(rename.path().join("MAIN.RS"), "").unwrap();
    for (source, why) in [
        ("/no/such/folder", "No such file"),
        ("/dev/zero", "not a regular file"),
        (empty.path().to_str().unwrap(), "it has no main.rs"),
        (no_file.to_str().unwrap(), "it has no main.rs"),
        (rename.path().to_str().unwrap(), "rename MAIN.RS to main.rs"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_grader"))
            .args(["check", "even-odd", "--source", source])
            .args(report_arguments(folder.path()))
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary"))
            .env("GITHUB_OUTPUT", folder.path().join("output"))
            .current_dir(root())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{source}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{source}");
        assert_eq!(names(folder.path()), WRITTEN, "{source}");
        for name in WRITTEN.into_iter().filter(|name| !["output", "classroom"].contains(name)) {
            assert!(read(folder.path(), name).contains(why), "{source}, {name}");
        }
        let json: Value = serde_json::from_str(&read(folder.path(), "json")).unwrap();
        assert_eq!((&json["verdict"], &json["score"]), (&"build-error".into(), &0.0.into()));
        assert_eq!(json["max_score"], 10.0);
    }
}

#[test]
fn two_reports_to_one_file_are_refused_before_the_work() {
    grade(["check", "even-odd", "--report", "junit=x", "--report", "json=x"])
        .code(2)
        .stderr(contains("two reports cannot go to one file"));
}

#[test]
fn an_unknown_format_gets_the_known_ones() {
    grade(["check", "--report", "juni=x"])
        .code(2)
        .stderr(contains("no format is called `juni`: there are human"));
}

#[test]
fn late_points_need_a_rule() {
    grade(["check", "even-odd", "--handed-in", "2026-03-01T10:00:00Z"]).code(2).stderr(contains("`[late]`"));
    grade(["check", "even-odd", "--handed-in", "yesterday"]).code(2).stderr(contains("--handed-in"));
}
