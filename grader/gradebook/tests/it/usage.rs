//! Exit codes and messages of wrong calls.

use predicates::str::contains;

use crate::support::Class;

#[test]
fn a_class_of_nobody_matches_nothing() {
    let class = Class::new().with("roster.csv", "folder\n");
    let call = class.call(&["collect", "class"]);
    call.code(4).stderr(contains("ignored: class/roster.csv")).stderr(contains("no submission"));
    assert!(!class.path("gradebook.sqlite").exists());
}

#[test]
fn sources_that_do_not_name_their_exercise_ask_for_it() {
    let class = Class::new().with("ada/main.rs", "fn main() {}");
    class.call(&["collect", "class"]).code(4).stderr(contains("--exercise EXERCISE"));
}

#[test]
fn wrong_names_are_usage_errors_that_name_them() {
    let class = Class::new().with("ada/main.rs", "fn main() {}");
    class.call(&["collect", "nowhere", "--exercise", "even-odd"]).code(2).stderr(contains("nowhere: "));
    class.call(&["collect", "class", "--exercise", "evn-odd"]).code(4).stderr(contains("`even-odd`?"));
    class.call(&["collect", "class", "--partition", "slice:3/2"]).code(2).stderr(contains("K from 1 to N"));
    class.call(&["show", "ada"]).code(2).stderr(contains("gradebook.sqlite: "));
    class.call(&["merge", "out.sqlite", "absent.sqlite"]).code(2).stderr(contains("absent.sqlite: "));
    assert!(!class.path("out.sqlite").exists());
}

#[test]
fn a_file_that_is_no_gradebook_is_said_to_be_none() {
    let class = Class::new().with("ada/main.rs", "fn main() {}");
    std::fs::write(class.path("gradebook.sqlite"), "not a database, but long enough to look at").unwrap();
    class.call(&["show", "ada"]).code(2).stderr(contains("gradebook.sqlite: file is not a database"));
}
