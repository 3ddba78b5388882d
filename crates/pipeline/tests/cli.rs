//! What `pipeline` promises on its command line. Whether it keeps that under every schedule is for
//! `cargo grade pipeline` to say; these tests see one schedule a run.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pipeline");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the program in `folder`.
fn pipeline(folder: &TempDir, args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).current_dir(folder).timeout(PATIENCE).assert()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn numbers(range: std::ops::Range<u32>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}

#[test]
fn counts_the_primes_of_each_file_in_argument_order() {
    let folder = folder(&[("large", &numbers(0..30_000)), ("small", "2\n3\n4\n"), ("empty", "")]);
    let expected = "small: 2 of 3 are prime\nlarge: 3245 of 30000 are prime\nempty: 0 of 0 are prime\n\
                    small: 2 of 3 are prime\n";
    for options in [&[][..], &["--readers=1", "--workers=1"], &["--readers=9", "--workers=5"]] {
        let args = [options, &["small", "large", "empty", "small"]].concat();
        pipeline(&folder, &args).success().stdout(expected).stderr("");
    }
}

#[test]
fn takes_every_integer_of_64_bits() {
    let content = "-7\n0\n1\n2\n+3\n 5 \n7\r\n0011\n9223372036854775783\n9223372036854775807\n\
                   -9223372036854775808\n3825123056546413051\n1000000000039";
    let folder = folder(&[("a", content)]);
    pipeline(&folder, &["a"]).success().stdout("a: 7 of 13 are prime\n").stderr("");
}

#[test]
fn a_bad_line_is_named_and_the_rest_counted() {
    let folder = folder(&[("a", "2\nthree\n4\n5.0\n\n7\n9223372036854775808\n1 3"), ("b", "11\n")]);
    pipeline(&folder, &["a", "b"]).code(1).stdout("a: 2 of 3 are prime\nb: 1 of 1 are prime\n").stderr(
        "pipeline: a:2: not a number: three\npipeline: a:4: not a number: 5.0\n\
             pipeline: a:5: not a number: \npipeline: a:7: not a number: 9223372036854775808\n\
             pipeline: a:8: not a number: 1 3\n",
    );
}

#[test]
fn a_line_that_is_not_text_is_a_bad_line() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a"), b"\xff\xfe\n13\n").unwrap();
    pipeline(&folder, &["a"])
        .code(1)
        .stdout("a: 1 of 1 are prime\n")
        .stderr("pipeline: a:1: not a number: \u{fffd}\u{fffd}\n");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_the_others_are_counted() {
    let folder = folder(&[("a", "2\n")]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    pipeline(&folder, &["--readers=1", "missing", "a", "folder"])
        .code(1)
        .stdout("a: 1 of 1 are prime\n")
        .stderr(predicate::str::is_match("^pipeline: missing: .*\npipeline: folder: .*\n$").unwrap());
}

#[test]
fn a_file_that_no_worker_survives_is_lost_alone() {
    let folder = folder(&[("good", &numbers(0..2000)), ("bad", &numbers(1000..9000)), ("also-good", "3\n")]);
    for options in [&["--workers=1"][..], &["--workers=2"], &["--workers=7", "--readers=1"]] {
        let args = [options, &["--crash-on=4321", "good", "bad", "also-good", "bad"]].concat();
        pipeline(&folder, &args)
            .code(1)
            .stdout("good: 303 of 2000 are prime\nalso-good: 1 of 1 are prime\n")
            .stderr("pipeline: bad: worker died\n".repeat(2));
    }
}

#[test]
fn a_crash_on_a_negative_number_or_on_none_that_there_is() {
    let folder = folder(&[("a", "2\n-3\n"), ("b", "3\n")]);
    for crash in [&["--crash-on", "-3"][..], &["--crash-on=-3"]] {
        pipeline(&folder, &[crash, &["a", "b"]].concat())
            .code(1)
            .stdout("b: 1 of 1 are prime\n")
            .stderr("pipeline: a: worker died\n");
    }
    pipeline(&folder, &["--crash-on=4", "a"]).success().stdout("a: 1 of 2 are prime\n").stderr("");
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let folder = TempDir::new().unwrap();
    let mut file = io::BufWriter::new(File::create(folder.path().join("many")).unwrap());
    for _ in 0..2_000_000 {
        writeln!(file, "-1000000000000000000").unwrap();
    }
    file.into_inner().unwrap().set_len(300_000_000).unwrap();
    let script = "ulimit -v 262144 && exec \"$0\" --readers=1 many";
    Command::new("sh")
        .args(["-c", script, PROGRAM])
        .env("MALLOC_ARENA_MAX", "1")
        .current_dir(&folder)
        .timeout(PATIENCE)
        .assert()
        .code(1)
        .stdout("many: 0 of 2000000 are prime\n")
        .stderr(predicate::str::starts_with("pipeline: many:2000001: not a number: \0"));
}

#[test]
fn help_names_every_option_and_its_default() {
    let folder = TempDir::new().unwrap();
    let mut help = pipeline(&folder, &["--help"]).success();
    for (option, default) in [("readers <R>", "4"), ("workers <W>", "2"), ("crash-on <VALUE>", "none")] {
        let line = format!(r"--{option} .*\[default: {default}\]");
        help = help.stdout(predicate::str::is_match(line).unwrap());
    }
}

#[test]
fn refuses_wrong_usage() {
    let folder = folder(&[("a", "")]);
    for (option, value) in [
        ("--readers", "0"),
        ("--readers", "-1"),
        ("--readers", "many"),
        ("--workers", "0"),
        ("--workers", "1025"),
        ("--workers", ""),
        ("--crash-on", "five"),
        ("--crash-on", "9223372036854775808"),
    ] {
        pipeline(&folder, &[option, value, "a"])
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains("error:"));
    }
    pipeline(&folder, &[]).code(2).stdout("").stderr(predicate::str::contains("<FILE>"));
    pipeline(&folder, &["--list", "a"]).code(2).stdout("");
}

#[test]
fn ends_quietly_when_nobody_reads() {
    let folder = folder(&[("a", "2\n")]);
    for files in [&["a"][..], &["a", "a", "a"]] {
        let (_, writer) = io::pipe().unwrap();
        assert_eq!(run(folder.path(), files, writer), (Some(0), String::new()));
    }
}

#[test]
fn reports_an_output_that_cannot_be_written() {
    let folder = folder(&[("a", "2\n")]);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (code, stderr) = run(folder.path(), &["a", "a"], full);
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("pipeline: standard output: "), "{stderr}");
}

#[test]
fn a_worker_that_cannot_be_started_is_an_error() {
    let folder = folder(&[("a", "2\n")]);
    let script = "ulimit -n 16 && exec \"$0\" --workers 64 a";
    let reason = predicate::str::is_match(r"^pipeline: worker \d+: .*\n$").unwrap();
    let mut limited = Command::new("sh");
    limited.args(["-c", script, PROGRAM]).current_dir(&folder).timeout(PATIENCE);
    limited.assert().code(1).stdout("").stderr(reason);
}

fn run(folder: &Path, args: &[&str], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = process::Command::new(PROGRAM);
    let child = command.args(args).current_dir(folder).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
