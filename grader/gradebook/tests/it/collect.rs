//! Grading a class: what one submission does, no other one notices.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use gradebook::book::Book;
use predicates::str::contains;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Class, root, stdout};

/// Each student with the outcome of the latest attempt.
fn outcomes(class: &Class) -> Vec<(String, &'static str)> {
    let attempts = Book::open_existing(&class.path("gradebook.sqlite")).unwrap().attempts().unwrap();
    let mut outcomes: Vec<_> = attempts.into_iter().map(|it| (it.student, it.outcome.word())).collect();
    outcomes.sort();
    outcomes
}

const ONE: [&str; 6] = ["collect", "class", "--exercise", "even-odd", "--schedules", "40"];

#[test]
fn what_cannot_be_graded_is_an_attempt_with_a_reason() {
    let class = Class::new()
        .with("broken/main.rs", "fn main() { let number: u32 = \"text\"; }")
        .with("cut.zip", "PK\x03\x04 and no more")
        .with("empty/notes.txt", "")
        .with("packed.tar.gz", "")
        .with("stub/even-odd/src/main.rs", "fn main() { todo!() }");
    symlink("/etc", class.submissions().join("link")).unwrap();
    let call = class.call(&[&ONE[..], &["--reports", "pages"]].concat()).code(0);
    let text = stdout(&call);
    assert!(text.contains("6 graded, 0 unchanged, 0 left"), "{text}");
    assert!(text.contains("link · even-odd · refused class/link: it is a symbolic link"), "{text}");
    let expected = [
        ("broken", "build-error"),
        ("cut", "unreadable"),
        ("empty", "missing"),
        ("link", "refused"),
        ("packed.tar", "unreadable"),
        ("stub", "not-implemented"),
    ];
    assert_eq!(outcomes(&class), expected.map(|(student, outcome)| (student.to_owned(), outcome)));
    let page = fs::read_to_string(class.path("pages/broken.html")).unwrap();
    assert!(page.contains("class/broken/main.rs"), "{page}");
    let names = fs::read_dir(class.path("pages")).unwrap().flatten().map(|entry| entry.file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().ends_with(".html")).count(), 6);
    // What was graded has its whole report, too.
    assert!(class.path("pages/broken/even-odd.html").exists() && !class.path("pages/cut").exists());
}

#[test]
fn only_what_has_changed_is_graded_again() {
    let class =
        Class::new().with("ada.rs", "fn main() { todo!() }").with("bob.rs", "fn main() { todo!(\"b\") }");
    let first = stdout(&class.call(&ONE).code(0).stdout(contains("2 graded, 0 unchanged")));
    let seed = first.split("seed ").nth(1).unwrap().split(' ').next().unwrap();
    assert_ne!(seed, "0", "it is drawn");
    class.call(&ONE).code(0).stdout(contains(format!("0 graded, 2 unchanged, 0 left · seed {seed} ·")));
    let class = class.with("bob.rs", "fn main() { todo!(\"better\") }");
    class.call(&ONE).code(0).stdout(contains("1 graded, 1 unchanged"));
    class.call(&[&ONE[..], &["--seed", "7"]].concat()).code(0).stdout(contains("2 graded, 0 unchanged"));
    let times = "folder,submitted_at\nbob,2026-03-01T00:00:00Z\neve,2026-03-01T00:00:00Z\n";
    fs::write(class.path("times.csv"), times).unwrap();
    let args = [&ONE[..], &["--seed", "7", "--handed-in", "times.csv"]].concat();
    let call = class.call(&args).code(0).stdout(contains("1 graded, 1 unchanged"));
    call.stderr(contains("no submission is called eve"));
    class.call(&["show", "bob"]).code(0).stdout(contains("not-implemented"));
    assert_eq!(outcomes(&class).len(), 6);
}

#[test]
fn parts_of_a_class_make_up_the_class() {
    let names = ["ada", "bob", "eve", "kim", "zoe"];
    let class = names.iter().fold(Class::new(), |class, name| class.with(&format!("{name}/notes.txt"), ""));
    for part in ["hash:1/3", "hash:2/3", "hash:3/3"] {
        class.call(&[&ONE[..], &["--partition", part]].concat()).code(0);
    }
    assert_eq!(outcomes(&class), names.map(|name| (name.to_owned(), "missing")));
}

#[test]
fn ctrl_c_keeps_what_was_graded_and_the_same_command_goes_on() {
    let mut class = Class::new();
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let text = fs::read_to_string(root().join("crates/even-odd/src/main.rs")).unwrap();
        class = class.with(&format!("{name}.rs"), format!("{text}// {name}\n"));
    }
    let command = [&ONE[..], &["--jobs", "1"]].concat();
    let mut child = class.command(&command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert_eq!(first, "1 of 8: a even-odd pass 10/10");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let graded = outcomes(&class).len();
    assert!((1..8).contains(&graded), "{rest:?}");
    let go_on = class.call(&command).code(0);
    go_on.stdout(contains(format!("{} graded, {graded} unchanged, 0 left", 8 - graded)));
}
