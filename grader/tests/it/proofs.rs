//! What is proved is proved: small programs whose orders can be counted, wrong ones, and ones of which not all is seen.
//!
//! They are in `grader/tests/proofs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use confine::run::Ending;
use engine::case::Case;
use engine::explore::{self, Exploration, Extent};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::program::Program;

use crate::support::{built_of, root, rust_files};

/// The files of a program, of which this is the first.
fn files_of(main: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = rust_files(&root().join("grader/tests/proofs")).into_iter();
    let named = files.map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap()));
    let mut named: BTreeMap<PathBuf, Vec<u8>> = named.collect();
    // Called `main.rs` there it would be taken for a test of its own.
    let main = named.remove(Path::new(main)).unwrap();
    named.insert("main.rs".into(), main);
    named
}

fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    files_of("program.rs")
}

/// The names of the programs of a group.
fn programs(group: &str) -> Vec<String> {
    let files = rust_files(&root().join("grader/tests/proofs")).into_iter();
    let texts: Vec<String> = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let words = texts.iter().flat_map(|text| text.split('"'));
    words.filter(|word| word.starts_with(&format!("{group}-"))).map(str::to_owned).collect()
}

fn ends_well(seen: &Observation) -> Judgement {
    match seen.ending() {
        Ending::Exited(0) => Judgement::Kept,
        other => Fault::new("it ends", other.to_string()).into(),
    }
}

/// After so few schedules chance has hardly found anything.
fn explored(program: &Program, name: &str) -> Exploration {
    let case = Case::of_args(name, [name]).judge_ending("ends", ends_well).small();
    let extent = Extent { schedules: 1, preemptions: None, time: None };
    explore::explore(program, &case, 0, extent, |_| false, drop).unwrap()
}

/// Asks this of all programs of a group.
#[track_caller]
fn all(group: &str, is_so: impl Fn(&str, &Exploration) -> bool) {
    let program = built_of(files());
    let others = programs(group).into_iter().filter_map(|name| {
        let exploration = explored(&program, &name);
        let said = format!("{name}: {:?} {:?}", exploration.proof, exploration.unproved);
        (!is_so(&name, &exploration)).then_some(said)
    });
    assert_eq!(others.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn of_small_programs_all_orders_are_tried_once() {
    // Orders of as many operations of so many threads: multinomials.
    let orders = BTreeMap::from([
        ("right-mutex-2x1", 2),
        ("right-mutex-2x2", 6),
        ("right-mutex-3x1", 6),
        ("right-mutex-3x2", 90),
        ("right-atomic-2x2", 6),
        ("right-atomic-3x2", 90),
        ("right-atomic-2x4", 70),
        ("right-apart", 1),
        ("right-one-thread", 1),
        ("right-two-locks", 2),
        ("right-joined", 2),
    ]);
    all("right", |name, exploration| {
        let classes = exploration.proof.map(|proof| proof.classes);
        classes.is_some_and(|classes| *orders.get(name).unwrap_or(&classes) == classes)
    });
}

#[test]
fn what_is_wrong_in_one_order_is_found() {
    all("wrong", |_, exploration| exploration.findings[0].counterexample.is_some());
}

#[test]
fn nothing_is_proved_of_what_is_not_all_seen() {
    all("unseen", |_, exploration| exploration.proof.is_none());
}

/// Each is a program of its own: what is not called is not in it.
#[test]
fn nothing_is_proved_of_a_program_that_calls_what_is_hidden() {
    let files = files_of("hidden.rs");
    let main = String::from_utf8(files[Path::new("main.rs")].clone()).unwrap();
    for name in programs("hidden") {
        let is_other = |line: &&str| line.trim_start().starts_with("(\"hidden-") && !line.contains(&name);
        let alone: String =
            main.lines().filter(|line| !is_other(line)).map(|line| format!("{line}\n")).collect();
        let main = (PathBuf::from("main.rs"), format!("#![allow(dead_code, unused)]\n{alone}").into_bytes());
        let exploration = explored(&built_of(files.clone().into_iter().chain([main])), &name);
        assert!(exploration.proof.is_none(), "{name}: {:?}", exploration.proof);
    }
}
