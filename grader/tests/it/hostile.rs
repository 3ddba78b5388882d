//! Programs that try to do harm: what comes of them, and that nothing else does.
//!
//! Each stands in `tests/hostile/` as `NAME.rs` and says in its header what it tries, which exercise it stands in for,
//! and what must come of it: the `ending` word of a failure, a verdict, or `contained` for any verdict.
//! All are bounded, so that one that escapes does no harm either. Between `@`s stand what only the test knows: see
//! [`World::fill_in`].

mod folders;
mod layers;
pub(crate) mod world;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Program, grade, root};
use world::World;

/// One `#[test]` a program. Those that make system calls by the numbers of x86-64 are tried there alone.
macro_rules! programs {
    ($($(#[$only:meta])? $name:ident)*) => {
        $(#[test]
        $(#[$only])?
        fn $name() {
            is_contained(&stringify!($name).replace('_', "-"));
        })*

        #[test]
        fn every_program_is_graded() {
            let graded = [$(stringify!($name).replace('_', "-")),*];
            assert_eq!(names(), graded);
        }
    };
}

programs! {
    aborts
    #[cfg(target_arch = "x86_64")]
    changes_its_parent
    #[cfg(target_arch = "x86_64")]
    changes_modes
    changes_outside
    child_keeps_output_open
    compile_bomb
    computes_for_long
    double_fork_daemon
    endless_loop
    endless_recursion
    error_flood
    exits_137
    exits_at_once
    fake_compiler_errors
    fake_report
    fakes_a_limit
    fakes_the_watchdog
    fills_temporary_folder
    forges_lifetimes
    fork_bomb
    fork_chains
    fork_hopper
    huge_file
    ignores_signals
    include_outside
    kills_its_parent
    kills_one
    kills_others
    #[cfg(target_arch = "x86_64")]
    leaves_traces
    link_for_folder
    link_for_pipe
    links_for_files
    #[cfg(target_arch = "x86_64")]
    little_used_calls
    #[cfg(target_arch = "x86_64")]
    makes_namespaces
    many_files
    many_small_children
    #[cfg(target_arch = "x86_64")]
    memory_of_nobody
    much_memory
    nested_folders
    network
    network_of_downloader
    never_at_rest
    output_flood
    page_tables
    prints_variables
    reads_outside
    reads_processes
    #[cfg(target_arch = "x86_64")]
    shared_memory
    sleeps_for_ever
    stops_its_parent
    #[cfg(target_arch = "x86_64")]
    traces_others
    variables_of_the_build
    writes_to_descriptors
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// A program with what its header says.
struct Hostile {
    main: String,
    exercise: String,
    ends: String,
    limits: Vec<String>,
}

impl Hostile {
    #[track_caller]
    fn read(name: &str) -> Self {
        let main = fs::read_to_string(folder().join(name).with_extension("rs")).unwrap();
        let word = |key: &str| {
            let mut lines = main.lines().take_while(|line| line.starts_with("//!"));
            lines.find_map(|line| Some(line.strip_prefix(key)?.trim().to_owned()))
        };
        assert!(word("//! Hostile:").is_some(), "{name} does not say what it tries");
        Self {
            exercise: word("//! Exercise:").unwrap(),
            ends: word("//! Ends:").unwrap(),
            limits: word("//! Limits:").into_iter().collect(),
            main,
        }
    }
}

/// Grades a program among secrets and checks what must be true of every program; then that the next submission in the
/// same place is graded as ever.
#[track_caller]
fn is_contained(name: &str) {
    let hostile = Hostile::read(name);
    let world = World::new();
    let program = Program::new(&world.fill_in(&hostile.main));
    let graded = world.grade(&hostile.exercise, &program.path(), &hostile.limits, &[]);
    assert!(ends_as(&graded.report, &hostile.ends), "{name} must end as {}: {graded}", hostile.ends);
    world.assert_intact(&graded);
    let normal = root().join("crates/even-odd/src/main.rs").display().to_string();
    let graded = world.grade("even-odd", &normal, &[], &[]);
    assert_eq!(graded.report["exercises"][0]["verdict"], "pass", "after {name}: {graded}");
}

fn ends_as(report: &Value, word: &str) -> bool {
    let exercise = &report["exercises"][0];
    let mut checks = exercise["checks"].as_array().into_iter().flatten();
    match word {
        "contained" => true,
        "pass" | "fail" | "refused" | "build-error" => exercise["verdict"] == word,
        _ => checks.any(|check| check["failure"]["ending"] == word),
    }
}

#[test]
fn text_that_looks_like_commands_is_text_for_people_too() {
    for name in ["fake-report", "fake-compiler-errors"] {
        let hostile = Hostile::read(name);
        let program = Program::new(&hostile.main);
        let assert = grade(["check", &hostile.exercise, "--schedules", "20", "--source", &program.path()]);
        let text = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        let is_command =
            |line: &str| line.trim_start().starts_with("::") || line.trim_start().starts_with("##[");
        assert!(!text.lines().any(is_command), "{text}");
    }
}

/// The programs can find what the sandbox keeps from them: else that they find nothing would mean nothing.
#[test]
fn without_a_sandbox_the_secrets_are_found() {
    for name in ["reads-outside", "reads-processes"] {
        let world = World::new();
        let program = Program::new(&world.fill_in(&Hostile::read(name).main));
        let graded = world.grade("even-odd", &program.path(), &[], &["--unsafe-no-sandbox"]);
        assert!(graded.has_secret(&world), "{name}: {graded}");
    }
}
