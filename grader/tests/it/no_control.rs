//! Programs whose threads cannot be controlled: it is said, and nothing passes by silence.

use std::collections::BTreeSet;
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

/// Grades a right program, and again after `replace` made another one of its build with hooks, out of the plain build
/// and a folder for it. `mark` is the test's own.
#[track_caller]
fn replaced(mark: &str, reason: &str, replace: impl Fn(&Path, &Path) -> PathBuf) {
    // Else an earlier run's builds would be found.
    let mark = format!("{mark}-{}", std::process::id());
    let program = Program::new(&RIGHT.replace("MARK", &mark));
    let path = program.path();
    let args = ["check", "even-odd", "--schedules", "40", "--source", &path];
    let known = programs();
    grade(args).success();
    let builds = Builds::find(&mark, &known);
    let other = replace(&builds.plain, program.folder());
    // Anew: the file may still be open as a program.
    fs::remove_file(&builds.controlled).unwrap();
    fs::copy(other, &builds.controlled).unwrap();
    let said = contains(reason).and(contains("1 inconclusive"));
    grade(args).code(3).stdout(said);
}

/// What the grader built of one program. Removed with this: one of them is not what its name says.
struct Builds {
    plain: PathBuf,
    controlled: PathBuf,
}

impl Builds {
    /// Those with `mark` in them, which are not among the `known`.
    fn find(mark: &str, known: &BTreeSet<PathBuf>) -> Self {
        let now = programs();
        // Another test may have removed its own meanwhile.
        let new = now.difference(known).filter_map(|path| Some((path.clone(), fs::read(path).ok()?)));
        let mut marked = new.filter(|(_, program)| contains_text(program, mark));
        let (first, second) = (marked.next().unwrap(), marked.next().unwrap());
        assert!(marked.next().is_none());
        let has_hooks = |(_, program): &(PathBuf, Vec<u8>)| contains_text(program, "__tsan_");
        let (controlled, plain) = if has_hooks(&first) { (first, second) } else { (second, first) };
        Self { plain: plain.0, controlled: controlled.0 }
    }
}

impl Drop for Builds {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.plain);
        let _ = fs::remove_file(&self.controlled);
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

#[test]
fn a_program_without_hooks_is_inconclusive() {
    replaced("mark-without-hooks", "it was built without hooks", |plain, _| plain.to_owned());
}

/// It needs no library: not all systems have a static libc.
#[test]
fn a_statically_linked_program_is_inconclusive() {
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
    replaced("mark-static", "linked statically?", |_, folder| {
        let (source, program) = (folder.join("exits.rs"), folder.join("exits"));
        fs::write(&source, EXITS.replace("EXIT", EXIT)).unwrap();
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
