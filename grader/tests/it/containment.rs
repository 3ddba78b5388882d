//! Whatever happens to the grader or the program, nothing is left running.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Program, even_odd, root};

/// A program that leaves a helper process behind, in a session of its own, and tells its id.
fn with_daemon(folder: &Path, then: &str) -> Program {
    let pid_file = folder.join("pid").display().to_string();
    Program::new(&even_odd(&format!(
        "let _ = max;
    let script = format!(\"setsid sh -c 'echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 1000' & wait\");
    let _ = std::process::Command::new(\"sh\").args([\"-c\", &script]).spawn();
    while !std::path::Path::new(\"{pid_file}\").exists() {{ std::thread::yield_now(); }}
    {then}"
    )))
}

/// Waits for the process to be gone; the test's own limit ends a wait in vain.
fn wait_until_gone(pid: &str) {
    while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        std::thread::yield_now();
    }
}

fn wait_for_pid(folder: &Path, grader: &mut Child) -> String {
    loop {
        if let Ok(pid) = fs::read_to_string(folder.join("pid")) {
            return pid.trim().to_owned();
        }
        assert!(grader.try_wait().unwrap().is_none(), "the grader ended before the program ran");
        std::thread::yield_now();
    }
}

fn start_grading(program: &Program) -> Child {
    Command::new(env!("CARGO_BIN_EXE_grader"))
        .args(["check", "even-odd", "--source", &program.path()])
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_daemon_does_not_outlive_its_program() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_daemon(folder.path(), "std::process::exit(0)");
    program.grade_as("even-odd");
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[test]
fn a_killed_grader_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_daemon(folder.path(), "loop { std::thread::park(); }");
    let mut grader = start_grading(&program);
    let pid = wait_for_pid(folder.path(), &mut grader);
    grader.kill().unwrap();
    grader.wait().unwrap();
    wait_until_gone(&pid);
}

#[test]
fn ctrl_c_ends_the_run_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let program = with_daemon(folder.path(), "loop { std::thread::park(); }");
    let mut grader = start_grading(&program);
    let pid = wait_for_pid(folder.path(), &mut grader);
    Command::new("kill").args(["-INT", &grader.id().to_string()]).status().unwrap();
    assert_eq!(grader.wait().unwrap().code(), Some(130));
    assert!(!Path::new("/proc").join(&pid).exists());
    let said: Vec<String> =
        BufReader::new(grader.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
    assert_eq!(said, ["cargo grade: interrupted"]);
}
