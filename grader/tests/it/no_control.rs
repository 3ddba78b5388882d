//! Programs whose threads cannot be controlled: it is said, and nothing passes by silence.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use confine::run::{Invocation, RunError, keeper};
use engine::controlled::Controlled;
use engine::controlled::runs::Runs;
use engine::sites::Sites;
use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{Program, TURNS, grade, root};

/// The program, with a mark that stands in it when it is built.
fn marked(mark: &str) -> String {
    TURNS.replace(".parse().unwrap()", &format!(".parse().expect({mark:?})"))
}

#[test]
fn a_program_without_hooks_is_inconclusive() {
    // Else an earlier run's build would be found.
    let mark = format!("mark-without-hooks-{}", std::process::id());
    let text = marked(&mark);
    let program = Program::new(&text);
    let path = program.path();
    let args = ["check", "even-odd", "--schedules", "40", "--source", &path];
    let known = programs();
    grade(args).success();
    let built = Built::find(&mark, &known);
    let other = compiled(program.folder(), &text, &[]);
    // Anew: the file may still be open as a program.
    fs::remove_file(&built.0).unwrap();
    fs::copy(other, &built.0).unwrap();
    let said = contains("it was built without hooks").and(contains("1 inconclusive"));
    grade(args).code(3).stdout(said);
}

/// What the grader built of one program. Removed with this: it is not what its name says.
struct Built(PathBuf);

impl Built {
    /// The one with `mark` in it, which is not among the `known`.
    fn find(mark: &str, known: &BTreeSet<PathBuf>) -> Self {
        let now = programs();
        // Another test may have removed its own meanwhile.
        let has_mark = |path: &&PathBuf| fs::read(path).is_ok_and(|program| contains_text(&program, mark));
        let mut marked = now.difference(known).filter(has_mark);
        let built = Self(marked.next().unwrap().clone());
        assert!(marked.next().is_none());
        built
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// All that were built of this exercise.
fn programs() -> BTreeSet<PathBuf> {
    let folder = fs::read_dir(root().join("target/grade/programs")).into_iter().flatten().flatten();
    let is_even_odd = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("even-odd-");
    folder.map(|entry| entry.path()).filter(is_even_odd).collect()
}

fn contains_text(program: &[u8], text: &str) -> bool {
    program.windows(text.len()).any(|part| part == text.as_bytes())
}

/// The program that the compiler alone makes of `text`.
fn compiled(folder: &Path, text: &str, args: &[&str]) -> PathBuf {
    let (source, program) = (folder.join("other.rs"), folder.join("other"));
    fs::write(&source, text).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.arg("--edition=2024").args(args).arg("-o").arg(&program).arg(source);
    assert!(rustc.status().unwrap().success());
    program
}

/// Why this program cannot be put under control.
#[track_caller]
fn lost(program: impl Into<PathBuf>, folder: &Path, runtime: &str) -> String {
    keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
    match Controlled::start(
        Invocation::new(program.into(), folder),
        Path::new(runtime),
        &Sites::default(),
        0,
        Runs::Forked,
    ) {
        Err(RunError::Control(reason)) => reason,
        _ => panic!("it says that the program is under control"),
    }
}

/// It needs no library: not all systems have a static libc.
#[test]
fn a_statically_linked_program_is_noticed() {
    // exit_group(2).
    const EXIT: &str = if cfg!(target_arch = "aarch64") {
        "\"svc 0\", in(\"x8\") 94, in(\"x0\") 0"
    } else {
        "\"syscall\", in(\"rax\") 231, in(\"rdi\") 0"
    };
    const EXITS: &str = "#![no_std]
        #![no_main]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
        #[unsafe(no_mangle)]
        extern \"C\" fn _start() -> ! {
            unsafe { core::arch::asm!(EXIT, options(noreturn)) }
        }";
    let args = ["-Cpanic=abort", "-Crelocation-model=static", "-Clink-args=-nostartfiles -nostdlib -static"];
    let folder = tempfile::tempdir().unwrap();
    let program = compiled(folder.path(), &EXITS.replace("EXIT", EXIT), &args);
    let reason = lost(program, folder.path(), "/dev/null");
    assert!(reason.contains("(it ended with exit code 0): is it linked statically?"), "{reason}");
}

#[test]
fn a_runtime_that_is_not_loaded_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let reason = lost("true", folder.path(), "/dev/null");
    let said = "the program ended before its runtime reported (it ended with exit code 0)";
    assert!(reason.starts_with(said), "{reason}");
}
