//! What memory orders allow is found, and nothing else: litmus programs, under control.
//!
//! `grader/tests/orders` has programs that are wrong by their memory orders alone, the same ones made right, and right ones
//! in which std orders what is `Relaxed`.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::path::PathBuf;

use confine::run::{Ending, keeper};
use engine::case::Case;
use engine::compile::{self, Build};
use engine::counterexample;
use engine::explore::{self, Counterexample, Exploration, Extent};
use engine::judgement::{Fault, Judgement};
use engine::observation::Observation;
use engine::program::Program;
use engine::source::Source;
use engine::symbols::{OwnCode, Symbols};
use engine::workspace::Workspace;
use schedule::search::portfolio::Chances;

use crate::support::root;

/// For each wrong program; a quarter of them are those in which loads return old values.
const FOR_WRONG: u64 = 2_000;
/// For each right one.
const FOR_RIGHT: u64 = 400;

fn source() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = fs::read_dir(root().join("grader/tests/orders")).unwrap();
    // Called `main.rs` it would be taken for a test of its own.
    let name = |entry: &DirEntry| {
        if entry.file_name() == "program.rs" { "main.rs".into() } else { entry.file_name() }
    };
    folder.flatten().map(|entry| (name(&entry).into(), fs::read(entry.path()).unwrap())).collect()
}

fn built() -> Program {
    keeper::use_executable(env!("CARGO_BIN_EXE_grader"));
    let source = Source { files: source(), origin: None, refused: Vec::new(), checks: None };
    match compile::build(&Workspace::at(root()), "hello-threads", &source, &drop).unwrap() {
        Build::Ready(program) => program,
        other => panic!("{other:?}"),
    }
}

/// The names of the programs of a group.
fn programs(group: &str) -> Vec<String> {
    let main = String::from_utf8(source()[&PathBuf::from("main.rs")].clone()).unwrap();
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
    let program = built();
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
    let program = built();
    for name in programs("wrong_") {
        let found = failure(explored(&program, &name, FOR_RIGHT, false));
        assert!(found.is_none(), "{name}: {}", found.unwrap().fault.seen);
    }
}

fn assert_that_all_pass(group: &str) {
    let program = built();
    let names = programs(group);
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let exploration = explored(&program, &name, FOR_RIGHT, true);
        assert_eq!(exploration.findings[0].unproven, None, "{name}");
        assert!(exploration.findings[0].kept > 0, "{name}");
        if let Some(found) = failure(exploration) {
            let symbols = Symbols::of(&program.path, OwnCode::of_exercise("hello-threads"));
            let picture = counterexample::picture(&found.record, &symbols, None);
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
