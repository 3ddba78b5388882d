//! Which atomic operations are a program's own, in what the grader builds of exercises.

use std::collections::BTreeSet;

use engine::sites::Sites;
use engine::symbols::{OwnCode, Symbols};
use schedule::protocol::Event;

use crate::support::{built, root};

/// The lines of an exercise's own source in which an operation is the program's own, each with its file.
fn lines(exercise: &str) -> BTreeSet<String> {
    let program = built(exercise);
    let own = OwnCode::of_exercise(exercise);
    let (sites, symbols) = (Sites::read(&program.path, &own), Symbols::of(&program.path, own));
    let line = |address| {
        let mut event = Event::default();
        event.frames[0] = address + 1;
        let place = symbols.place(&event, 0);
        format!("{}:{}", place.file, place.line)
    };
    sites.own().flatten().map(line).collect()
}

#[test]
fn what_the_counter_does_with_atomic_types_is_its_own_and_its_mutex_is_not() {
    let text = std::fs::read_to_string(root().join("crates/race-counter/src/main.rs")).unwrap();
    let operations = ["counter.load(", "counter.store(", "counter.fetch_add("];
    let asked_for =
        (1..).zip(text.lines()).filter(|(_, line)| operations.iter().any(|call| line.contains(call)));
    let asked_for: BTreeSet<String> = asked_for.map(|(number, _)| format!("main.rs:{number}")).collect();
    assert_eq!(asked_for.len(), 3);
    assert_eq!(lines("race-counter"), asked_for);
}

/// The optimiser makes one of several unlocks there, which have no line.
#[test]
fn a_program_with_mutexes_alone_has_none_of_its_own() {
    assert_eq!(lines("bank-account"), BTreeSet::new());
}
