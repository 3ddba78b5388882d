//! A small builder for calls of the grader, and programs for it to grade.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assert_cmd::assert::Assert;
use confine::run::keeper;
use engine::compile::{self, Build};
use engine::program;
use engine::source::Source;
use engine::workspace::Workspace;
use serde_json::Value;
use tempfile::TempDir;

/// The workspace that these tests are part of.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// All files of Rust in a folder and below it, in order.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A call of the grader in the workspace. A test that hangs is ended long before CI is.
#[track_caller]
pub(crate) fn grade<'a>(args: impl IntoIterator<Item = &'a str>) -> Assert {
    grade_in(&root(), args)
}

/// A call of the grader in another folder.
#[track_caller]
pub(crate) fn grade_in<'a>(folder: &Path, args: impl IntoIterator<Item = &'a str>) -> Assert {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(args).current_dir(folder);
    assert_cmd::Command::from_std(command).timeout(Duration::from_secs(600)).assert()
}

/// The reference solution of an exercise, built as it is for grading.
pub(crate) fn built(exercise: &str) -> program::Program {
    build(exercise, &Source::read(&Workspace::at(root()), exercise, None).unwrap())
}

/// A program of these files, built as a solution is.
pub(crate) fn built_of(files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> program::Program {
    let files = files.into_iter().collect();
    build("hello-threads", &Source { files, origin: None, refused: Vec::new(), checks: None })
}

fn build(exercise: &str, source: &Source) -> program::Program {
    keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
    match compile::build(&Workspace::at(root()), exercise, source, &drop).unwrap() {
        Build::Ready(program) => program,
        other => panic!("{other:?}"),
    }
}

/// A folder with one program in it, for `--source`.
pub(crate) struct Program {
    folder: TempDir,
}

impl Program {
    pub(crate) fn new(main: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.rs"), main).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().join("main.rs").display().to_string()
    }

    /// Grades it as `exercise` and gives the exit code and the report.
    #[track_caller]
    pub(crate) fn grade_as(&self, exercise: &str) -> (i32, Value) {
        let assert = grade(["check", exercise, "--source", &self.path(), "--format", "json"]);
        let output = assert.get_output();
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), report)
    }
}

/// The check called `id` in the report's first exercise.
#[track_caller]
pub(crate) fn check<'a>(report: &'a Value, id: &str) -> &'a Value {
    let checks = report["exercises"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id} in {checks:#?}"))
}

/// An even-odd program that prints the numbers from one thread, with a change to `body`.
pub(crate) fn even_odd(body: &str) -> String {
    format!(
        "fn main() {{
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    {body}
}}
"
    )
}

/// The arguments in a command that a report prints, as a shell would split them: a schedule stands
/// in quotes.
#[track_caller]
pub(crate) fn words(command: &str) -> Vec<&str> {
    let arguments = command.strip_prefix("cargo grade ").unwrap();
    let parts = arguments.split('\'').enumerate();
    parts
        .flat_map(|(index, part)| if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .collect()
}

/// The arguments of all processes that have `text` among them. A process that has ended and is not waited for has
/// none.
pub(crate) fn processes_with(text: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let arguments = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    let arguments = arguments.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
    arguments.filter(|arguments| arguments.contains(text)).collect()
}

/// Two threads that take turns, as even-odd asks for: right in every schedule, and with nothing but std, so that it is built
/// soon. What stands for `BEFORE` is done by the main thread before, for `INSIDE` by each of the two.
pub(crate) const TURNS: &str = "
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().unwrap());
    /* BEFORE */
    let (next, changed) = (Mutex::new(1), Condvar::new());
    let write = |parity: u64| {
        /* INSIDE */
        let mut next = next.lock().unwrap();
        loop {
            next = changed.wait_while(next, |next| *next <= max && *next % 2 != parity).unwrap();
            if *next > max {
                return;
            }
            println!(\"{next}\");
            *next += 1;
            changed.notify_all();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| write(0));
        scope.spawn(|| write(1));
    });
}
";
