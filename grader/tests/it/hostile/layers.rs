//! Each layer of the sandbox alone: what one lets through, another one holds.

use super::{Hostile, World};
use crate::support::Program;

/// Grades a program without one layer. It must find out that it cannot do what it tries, and answer right.
#[track_caller]
fn holds_without(layer: &str, name: &str) {
    let world = World::new();
    let program = Program::new(&world.fill_in(&Hostile::read(name).main));
    let graded = world.grade("even-odd", &program.path(), &[], &["--without", layer]);
    assert_eq!(graded.report["exercises"][0]["verdict"], "pass", "{name} without {layer}: {graded}");
    world.assert_intact(&graded);
}

#[test]
fn files_outside_are_kept_by_landlock_alone() {
    for name in ["reads-outside", "changes-outside"] {
        holds_without("namespaces", name);
    }
}

#[test]
fn modes_outside_are_kept_by_filters_alone() {
    for name in ["changes-modes", "changes-its-parent", "little-used-calls"] {
        holds_without("namespaces", name);
    }
}

#[test]
fn files_outside_are_kept_by_the_small_root_alone() {
    for name in ["reads-outside", "changes-outside"] {
        holds_without("landlock", name);
    }
}

#[test]
fn other_processes_are_kept_by_landlock_and_filters_alone() {
    for name in ["traces-others", "kills-one"] {
        holds_without("namespaces", name);
    }
}

#[test]
fn other_processes_are_kept_by_namespaces_alone() {
    for name in ["reads-processes", "traces-others", "kills-one"] {
        holds_without("landlock", name);
    }
    for name in ["reads-processes", "kills-one"] {
        holds_without("seccomp", name);
    }
}

#[test]
fn servers_are_kept_by_namespaces_alone() {
    holds_without("landlock", "network");
}

#[test]
fn a_daemon_is_found_without_namespaces() {
    holds_without("namespaces", "child-keeps-output-open");
}
