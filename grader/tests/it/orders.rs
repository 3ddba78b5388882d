//! What memory orders allow is found, and nothing else: litmus programs, under control.
//!
//! `grader/tests/orders` has programs that are wrong by their memory orders alone, the same ones made right, and right ones
//! in which std orders what is `Relaxed`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use confine::run::Ending;
use engine::case::Case;
use engine::counterexample;
use engine::explore::{self, Counterexample, Exploration, Extent};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::program::Program;
use engine::symbols::{OwnCode, Symbols};
use schedule::search::portfolio::Chances;

use crate::support::{built_of, root, rust_files};

/// For each wrong program; a quarter of them are those in which loads return old values.
const FOR_WRONG: u64 = 2_000;
/// For each right one.
const FOR_RIGHT: u64 = 400;

/// What each file is called in the program, and what is in it.
fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let files = rust_files(&root().join("grader/tests/orders")).into_iter();
    let named = files.map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap()));
    let mut named: BTreeMap<PathBuf, Vec<u8>> = named.collect();
    // Called `main.rs` there it would be taken for a test of its own.
    let main = named.remove(Path::new("program.rs")).unwrap();
    named.insert("main.rs".into(), main);
    named
}

fn program() -> Program {
    built_of(files())
}

/// The names of the programs of a group.
fn programs(group: &str) -> Vec<String> {
    let main = String::from_utf8(files()[Path::new("main.rs")].clone()).unwrap();
    let words = main.split('"').filter(|word| word.starts_with(group) && !word.contains(' '));
    words.map(str::to_owned).collect()
}

fn ends_well(seen: &Observation) -> Judgement {
    match seen.ending() {
        Ending::Exited(0) => Judgement::Kept,
        other => Fault::new("it ends", other.to_string()).into(),
    }
}

fn explored(program: &Program, name: &str, schedules: u64, stale_loads: bool) -> Exploration {
    let chances = Chances { stale_loads, ..Chances::ALL };
    let case = Case { chances, ..Case::of_args(name, [name]).judge_ending("ends", ends_well) };
    let extent = Extent { schedules, preemptions: None, time: None };
    explore::explore(program, &case, 0, extent, |_| false, drop).unwrap()
}

fn failure(exploration: Exploration) -> Option<Counterexample> {
    exploration.findings.into_iter().find_map(|finding| finding.counterexample)
}

#[test]
fn a_wrong_memory_order_is_found_with_what_mends_it() {
    let program = program();
    let names = programs("wrong_");
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let found = failure(explored(&program, &name, FOR_WRONG, true));
        let found = found.unwrap_or_else(|| panic!("{name} was not found"));
        assert!(found.record.schedule.is_stale(), "{name}: {}", found.record.schedule);
        assert!(found.remedy.is_some_and(|remedy| !remedy.raised.is_empty()), "{name} has no remedy");
    }
}

#[test]
fn no_wrong_memory_order_shows_where_no_value_is_old() {
    let program = program();
    for name in programs("wrong_") {
        let found = failure(explored(&program, &name, FOR_RIGHT, false));
        assert!(found.is_none(), "{name}: {}", found.unwrap().fault.seen);
    }
}

fn assert_that_all_pass(group: &str) {
    let program = program();
    let names = programs(group);
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let exploration = explored(&program, &name, FOR_RIGHT, true);
        assert_eq!(exploration.findings[0].unproven, None, "{name}");
        assert!(exploration.findings[0].kept > 0, "{name}");
        if let Some(found) = failure(exploration) {
            let symbols = Symbols::of(&program.path, OwnCode::of_exercise("hello-threads"));
            let picture = counterexample::picture(&found.record, &symbols, None, None);
            panic!("{name}: {} {:#?} {:#?}", found.record.schedule, picture.orders, picture.rows);
        }
    }
}

#[test]
fn a_right_memory_order_passes() {
    assert_that_all_pass("right_");
}

#[test]
fn what_libraries_order_is_in_order() {
    assert_that_all_pass("libraries_");
}
