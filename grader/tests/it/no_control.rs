//! Programs whose threads cannot be controlled: it is said, and nothing passes by silence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::controlled::Controlled;
use grader::run::{Invocation, RunError, keeper};
use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{Program, grade, root};

/// Right in every schedule: two threads that take turns. `MARK` stands in the built program.
const RIGHT: &str = "
use std::sync::{Condvar, Mutex};
use std::thread;

fn main() {
    let max: u64 = std::env::args().nth(2).map_or(10, |text| text.parse().expect(\"MARK\"));
    let (next, changed) = (Mutex::new(1), Condvar::new());
    let write = |parity: u64| {
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

/// Grades a right program, and again after `replace` made another one of its build with hooks out of the plain build
/// and the folder for it.
#[track_caller]
fn replaced(mark: &str, reason: &str, replace: impl Fn(&Path, &Path) -> PathBuf) {
    let program = Program::new(&RIGHT.replace("MARK", mark));
    let path = program.path();
    let args = ["check", "even-odd", "--schedules", "40", "--source", &path];
    grade(args).success();
    let (plain, controlled) = builds(mark);
    let other = replace(&plain, program.folder());
    let beside = controlled.with_extension("new");
    fs::copy(other, &beside).unwrap();
    fs::rename(&beside, &controlled).unwrap();
    let said = contains(reason).and(contains("1 inconclusive"));
    grade(args).code(3).stdout(said);
    fs::remove_file(controlled).unwrap();
}

/// The plain build with `mark` in it, and the one with hooks.
fn builds(mark: &str) -> (PathBuf, PathBuf) {
    let holds = |path: &PathBuf, text: &str| {
        fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
    };
    let programs = fs::read_dir(root().join("target/grade/programs")).unwrap().flatten();
    let is_even_odd = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("even-odd-");
    let marked = programs.map(|entry| entry.path()).filter(|path| is_even_odd(path) && holds(path, mark));
    let (controlled, plain): (Vec<_>, Vec<_>) = marked.partition(|path| holds(path, "__tsan_"));
    (plain[0].clone(), controlled[0].clone())
}

#[test]
fn a_program_without_hooks_is_inconclusive() {
    replaced("mark-without-hooks", "it was built without hooks", |plain, _| plain.to_owned());
}

/// It needs no library: not all systems have a static libc.
#[test]
fn a_statically_linked_program_is_inconclusive() {
    const EXITS: &str = "#![no_std]
        #![no_main]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
        #[unsafe(no_mangle)]
        extern \"C\" fn _start() -> ! {
            unsafe { core::arch::asm!(\"syscall\", in(\"rax\") 231, in(\"rdi\") 0, options(noreturn)) }
        }";
    replaced("mark-static", "is it linked statically?", |_, folder| {
        let (source, program) = (folder.join("exits.rs"), folder.join("exits"));
        fs::write(&source, EXITS).unwrap();
        let mut rustc = Command::new("rustc");
        rustc.args([
            "-Cpanic=abort",
            "-Crelocation-model=static",
            "-Clink-args=-nostartfiles -nostdlib -static",
        ]);
        assert!(rustc.arg("-o").arg(&program).arg(source).status().unwrap().success());
        program
    });
}

#[test]
fn a_runtime_that_is_not_loaded_is_noticed() {
    keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
    let folder = tempfile::tempdir().unwrap();
    let invocation = Invocation::new("true", folder.path());
    let Err(RunError::Control(reason)) = Controlled::start(invocation, Path::new("/dev/null"), 0) else {
        panic!("it says that the program is under control");
    };
    assert!(
        reason.starts_with("the program ended before its runtime reported (it ended with exit code 0)"),
        "{reason}"
    );
}
