//! Whatever happens to the grader or the program, nothing is left running.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::hostile::world::assert_nothing_left_in;
use crate::support::{Program, even_odd, processes_with, root};

/// A grader at work, with a folder for temporary files that names its processes: it stands in the arguments of its
/// keepers and of the compiler.
struct Grading {
    grader: Child,
    temporary: TempDir,
    /// Holds the source.
    _program: Program,
}

impl Grading {
    fn start(program: Program) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let grader = Command::new(env!("CARGO_BIN_EXE_grader"))
            .args(["check", "even-odd", "--schedules", "20", "--source", &program.path()])
            .env("TMPDIR", temporary.path())
            .current_dir(root())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { grader, temporary, _program: program }
    }

    /// Waits for a process with `text` among its arguments.
    fn wait_for(&mut self, text: &str) {
        while processes_with(text).is_empty() {
            assert!(self.grader.try_wait().unwrap().is_none(), "the grader ended before the program ran");
            std::thread::yield_now();
        }
    }

    fn kill(&mut self) {
        self.grader.kill().unwrap();
        self.grader.wait().unwrap();
        wait_until_gone(&self.temporary.path().display().to_string());
    }
}

/// The test's own limit ends a wait in vain.
fn wait_until_gone(text: &str) {
    while !processes_with(text).is_empty() {
        std::thread::yield_now();
    }
}

/// A program that leaves a helper process behind, in a session of its own, with `marker` among its arguments.
fn with_daemon(marker: &str, then: &str) -> Program {
    Program::new(&even_odd(&format!(
        "let _ = max;
    let script = \"setsid sh -c 'sleep 1000; : {marker}' < /dev/null > /dev/null 2>&1 &\";
    let _ = std::process::Command::new(\"sh\").args([\"-c\", script]).status();
    {then}"
    )))
}

#[test]
fn a_daemon_does_not_outlive_its_program() {
    let marker = "outlives-its-program";
    let mut grading = Grading::start(with_daemon(marker, "std::process::exit(0)"));
    grading.wait_for(marker);
    assert_eq!(grading.grader.wait().unwrap().code(), Some(1));
    assert_eq!(processes_with(marker), [""; 0]);
    assert_nothing_left_in(&grading.temporary);
}

#[test]
fn a_killed_grader_leaves_nothing_of_a_run() {
    let marker = "outlives-a-killed-grader";
    let mut grading = Grading::start(with_daemon(marker, "loop { std::thread::park(); }"));
    grading.wait_for(marker);
    grading.kill();
    wait_until_gone(marker);
    assert_nothing_left_in(&grading.temporary);
}

#[test]
fn a_killed_grader_leaves_nothing_of_a_build() {
    let endless = fs::read_to_string(root().join("grader/tests/hostile/compile-bomb.rs")).unwrap();
    let mut grading = Grading::start(Program::new(&endless));
    // The compiler has it among its arguments, as the keeper of its build has.
    let out = format!("--remap-path-prefix={}", grading.temporary.path().display());
    grading.wait_for(&out);
    grading.kill();
    assert_nothing_left_in(&grading.temporary);
}

#[test]
fn ctrl_c_ends_the_run_and_says_so() {
    let marker = "outlives-an-interrupted-grader";
    let mut grading = Grading::start(with_daemon(marker, "loop { std::thread::park(); }"));
    grading.wait_for(marker);
    Command::new("kill").args(["-INT", &grading.grader.id().to_string()]).status().unwrap();
    assert_eq!(grading.grader.wait().unwrap().code(), Some(130));
    assert_eq!(processes_with(marker), [""; 0]);
    assert_nothing_left_in(&grading.temporary);
    let mut said = String::new();
    grading.grader.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "cargo grade: interrupted\n");
}

/// Another grader may build for minutes in the same folder: Ctrl-C does not wait for it.
#[test]
fn who_waits_for_another_grader_ends_at_once() {
    for folder in ["target", "runtime"] {
        ends_while_waiting_for(folder);
    }
}

/// Another grader builds in this folder.
fn ends_while_waiting_for(folder: &str) {
    let target = tempfile::tempdir().unwrap();
    let lock = target.path().join(format!("grade/{folder}.lock"));
    fs::create_dir(lock.parent().unwrap()).unwrap();
    let held = fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(["check", "hello-threads"])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target.path())
        .spawn()
        .unwrap();
    let files = format!("/proc/{}/fd", grader.id());
    let has_opened = || {
        let mut links = fs::read_dir(&files).unwrap().flatten().map(|file| fs::read_link(file.path()));
        links.any(|link| link.is_ok_and(|link| link == lock))
    };
    while !has_opened() {
        assert!(grader.try_wait().unwrap().is_none(), "it did not wait");
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &grader.id().to_string()]).status().unwrap();
    assert_eq!(grader.wait().unwrap().code(), Some(130));
}
