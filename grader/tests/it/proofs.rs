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

fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let files = rust_files(&root().join("grader/tests/proofs")).into_iter();
    let named = files.map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap()));
    let mut named: BTreeMap<PathBuf, Vec<u8>> = named.collect();
    // Called `main.rs` there it would be taken for a test of its own.
    let main = named.remove(Path::new("program.rs")).unwrap();
    named.insert("main.rs".into(), main);
    named
}

/// The names of the programs of a group.
fn programs(group: &str) -> Vec<String> {
    let file = format!("{group}.rs");
    let text = String::from_utf8(files()[Path::new(&file)].clone()).unwrap();
    let words = text.split('"').filter(|word| word.starts_with(&format!("{group}-")));
    words.map(str::to_owned).collect()
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
    let program = built_of(files());
    for name in programs("right") {
        let exploration = explored(&program, &name);
        let proof = exploration.proof.unwrap_or_else(|| panic!("{name}: {:?}", exploration.unproved));
        let orders = orders.get(name.as_str()).copied().unwrap_or(proof.classes);
        assert_eq!(proof.classes, orders, "{name}: {proof:?}");
    }
}

#[test]
fn what_is_wrong_in_one_order_is_found() {
    let program = built_of(files());
    for name in programs("wrong") {
        let exploration = explored(&program, &name);
        assert!(exploration.proof.is_none(), "{name}");
        assert!(exploration.findings[0].counterexample.is_some(), "{name}: {:?}", exploration.unproved);
    }
}

#[test]
fn nothing_is_proved_of_what_is_not_all_seen() {
    let program = built_of(files());
    for name in programs("unseen") {
        let exploration = explored(&program, &name);
        assert!(exploration.proof.is_none(), "{name}: {:?}", exploration.proof);
        println!("{name}: {}", exploration.unproved.unwrap_or_default());
    }
}
