//! What `file-reader` promises on its command line. Whether it keeps that under every schedule is for
//! `cargo grade file-reader` to say; these tests see one schedule a run.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{self, Stdio};
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_file-reader");

/// A program that has not ended by then hangs, and is killed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the program in `folder`.
fn file_reader(folder: &TempDir, args: &[&str]) -> Assert {
    Command::new(PROGRAM).args(args).current_dir(folder).timeout(PATIENCE).assert()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// What `wc` prints, with single spaces.
fn wc(folder: &TempDir, files: &[&str]) -> String {
    let mut command = process::Command::new("wc");
    let output = command.args(files).current_dir(folder).env("LC_ALL", "C").output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

fn assert_counts_like_wc(files: &[(&str, &[u8])]) {
    let folder = folder(files);
    let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
    let expected = wc(&folder, &names);
    for workers in ["1", "2", "64"] {
        let args = [&["--workers", workers], names.as_slice()].concat();
        file_reader(&folder, &args).success().stdout(expected.clone()).stderr("");
    }
}

#[test]
fn counts_like_wc() {
    // Where a word consists of nothing printable, not every `wc` gives the same answer: see the next test.
    let bytes: Vec<u8> = (0..=255).flat_map(|byte| [b'a', byte, b'b']).collect();
    assert_counts_like_wc(&[
        ("empty", b""),
        ("newline", b"\n"),
        ("no-last-newline", b"one two\nthree"),
        ("white", b"  \t\n\n \x0b \x0c \r "),
        ("separators", b"a\x0bb\x0cc\rd\te f\ng"),
        ("utf8", "żółw  naïve\u{a0}word — …\n".as_bytes()),
        ("bytes", &bytes),
        ("dos", b"one\r\ntwo\r\n\r\n"),
    ]);
}

#[test]
fn a_word_has_something_printable() {
    let folder = folder(&[("binary", b"\x00 \x01\x02 \x7f\n\xff\xfe a\x00 \x00b c\x80d\n")]);
    file_reader(&folder, &["binary"]).success().stdout("2 3 20 binary\n");
}

#[test]
fn counts_lines_longer_than_any_buffer() {
    let huge = vec![b'x'; 3_000_001];
    let words = "word\n ".repeat(300_007).into_bytes();
    assert_counts_like_wc(&[("huge", &huge), ("words", &words), ("huge-again", &huge)]);
}

#[test]
fn a_single_file_has_no_total() {
    let folder = folder(&[("a", b"one two\n")]);
    file_reader(&folder, &["a"]).success().stdout("1 2 8 a\n");
}

#[test]
fn keeps_the_order_of_the_arguments_and_repeats_a_file_that_is_named_twice() {
    let names: Vec<_> = (0..40).map(|number| format!("{:02}", 97 * number % 40)).collect();
    let folder = TempDir::new().unwrap();
    let mut expected = String::new();
    for (length, name) in names.iter().enumerate() {
        fs::write(folder.path().join(name), "x".repeat(length)).unwrap();
        expected += &format!("0 {} {length} {name}\n", length.min(1));
    }
    let args: Vec<_> = names.iter().chain([&names[3]]).map(String::as_str).collect();
    expected += &format!("0 1 3 {}\n0 40 {} total\n", names[3], (0..40).sum::<usize>() + 3);
    for workers in ["1", "3", "18446744073709551615"] {
        file_reader(&folder, &[&["--workers", workers], &args[..]].concat())
            .success()
            .stdout(expected.clone());
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_the_others_are_counted() {
    let folder = folder(&[("a", b"1\n"), ("b", b"2 3\n")]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    file_reader(&folder, &["a", "missing", "folder", "b"])
        .code(1)
        .stdout("1 1 2 a\n1 2 4 b\n2 3 6 total\n")
        .stderr(predicate::str::is_match("^file-reader: missing: .*\nfile-reader: folder: .*\n$").unwrap());
    file_reader(&folder, &["missing"])
        .code(1)
        .stdout("")
        .stderr(predicate::str::starts_with("file-reader: missing: "));
    file_reader(&folder, &["missing", "missing"]).code(1).stdout("0 0 0 total\n");
}

#[test]
fn reads_so_many_files_at_once_as_there_are_workers() {
    let folder = TempDir::new().unwrap();
    let names = ["one", "two", "three"];
    for name in names {
        make_pipe(&folder.path().join(name));
    }
    // A pipe can be opened for writing when a reader has it open; so nobody writes before all have readers.
    let paths = names.map(|name| folder.path().join(name));
    let feeder = thread::spawn(move || {
        let pipes = paths.map(|path| File::options().write(true).open(path).unwrap());
        pipes.into_iter().for_each(|mut pipe| pipe.write_all(b"a b\n").unwrap());
    });
    let expected = "1 2 4 one\n1 2 4 two\n1 2 4 three\n3 6 12 total\n";
    file_reader(&folder, &[&["--workers=3"], &names[..]].concat()).success().stdout(expected);
    feeder.join().unwrap();
}

fn make_pipe(path: &Path) {
    assert!(process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let folder = TempDir::new().unwrap();
    let size = 2 << 30;
    File::create(folder.path().join("large")).unwrap().set_len(size).unwrap();
    let script = "ulimit -v 131072 && exec \"$0\" --workers=1 large";
    Command::new("sh")
        .args(["-c", script, PROGRAM])
        .current_dir(&folder)
        .timeout(PATIENCE)
        .assert()
        .success()
        .stdout(format!("0 0 {size} large\n"));
}

#[test]
fn help_names_the_option_and_its_default() {
    let folder = TempDir::new().unwrap();
    let line = predicate::str::is_match(r"--workers <W> .*\[default: 4\]").unwrap();
    file_reader(&folder, &["--help"]).success().stdout(line);
}

#[test]
fn refuses_wrong_usage() {
    let folder = folder(&[("a", b"")]);
    for workers in ["0", "-1", "many", "", "1.5", "18446744073709551616"] {
        file_reader(&folder, &["--workers", workers, "a"])
            .code(2)
            .stdout("")
            .stderr(predicate::str::contains("error:"));
    }
    file_reader(&folder, &[]).code(2).stdout("").stderr(predicate::str::contains("<FILE>"));
    file_reader(&folder, &["--lines", "a"]).code(2).stdout("");
}

#[test]
fn ends_quietly_when_nobody_reads() {
    let folder = folder(&[("a", b"")]);
    for files in [&["a"][..], &["a", "a", "a"]] {
        let (_, writer) = io::pipe().unwrap();
        assert_eq!(run(&folder, files, writer), (Some(0), String::new()));
    }
}

#[test]
fn reports_an_output_that_cannot_be_written() {
    let folder = folder(&[("a", b"")]);
    for files in [&["a"][..], &["missing", "missing"]] {
        let (code, stderr) = run(&folder, files, File::options().write(true).open("/dev/full").unwrap());
        assert_eq!(code, Some(1));
        assert!(stderr.contains("file-reader: standard output: "), "{stderr}");
    }
}

fn run(folder: &TempDir, args: &[&str], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = process::Command::new(PROGRAM);
    let child = command.args(args).current_dir(folder).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
