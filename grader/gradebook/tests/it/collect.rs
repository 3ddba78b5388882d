//! Grading a class: what one submission does, no other one notices.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use gradebook::attempt::Timestamp;
use gradebook::book::{Book, Claim, Presence, Wanted};
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
    assert_eq!(names.filter(|name| name.to_string_lossy().ends_with(".html")).count(), 6 + 1);
    let index = fs::read_to_string(class.path("pages/index.html")).unwrap();
    assert!(index.contains("href=\"broken.html\"") && index.contains("build-error"), "{index}");
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
    call.stderr(contains("times.csv: line 3: no submission is called eve"));
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

#[test]
fn two_graders_of_one_gradebook_share_the_work() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let stub = |name: &str| format!("fn main() {{ todo!(\"{name}\") }}");
    let class = names.iter().fold(Class::new(), |class, name| class.with(&format!("{name}.rs"), stub(name)));
    let spawn = || class.command(&ONE).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let graded = [spawn(), spawn()].map(|child| {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        let line = text.lines().find(|line| line.contains(" graded, ")).unwrap().to_owned();
        assert!(line.contains(", 0 left"), "{line}");
        line.split(' ').next().unwrap().parse::<usize>().unwrap()
    });
    assert_eq!(graded.iter().sum::<usize>(), names.len(), "{graded:?}");
    assert_eq!(outcomes(&class), names.map(|name| (name.to_owned(), "not-implemented")));
}

#[test]
fn who_waits_for_another_grader_says_so_and_ends_at_once() {
    let class = Class::new().with("ada/notes.txt", "");
    let path = class.path("gradebook.sqlite");
    let mut book = Book::open(&path).unwrap();
    let other = Presence::begin(&path, Timestamp(0), false).unwrap();
    let ada = Wanted { student: "ada".into(), exercise: "even-odd".into(), fingerprint: String::new() };
    assert_eq!(book.claim(&ada, &other).unwrap(), Claim::Ours);
    let mut child = class.command(&ONE).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert_eq!(first, "waiting for another grader of this gradebook: ada even-odd");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(other);
    class.call(&ONE).code(0).stdout(contains("1 graded, 0 unchanged, 0 left"));
}

#[test]
fn what_platforms_and_people_hand_in_is_found() {
    let stub = "fn main() { todo!() }";
    let class = Class::new()
        .with("Ada Lovelace_12_assignsubmission_file_/hw1/src/main.rs", stub)
        .with("Ada Lovelace_12_assignsubmission_file_/report.pdf", "%PDF")
        .with("Ada Lovelace_12_assignsubmission_onlinetext_/onlinetext.html", "")
        .with("hopperg_LATE_12345_67890_main-1.rs", stub)
        .with("hopperg_12345_67001_main.rs", "fn main() {}")
        .with("UPPER.RS", stub)
        .with("Jose\u{301}/target/debug/build/huge.rs", vec![b' '; 5 << 20])
        .with("Jose\u{301}/main.rs", stub)
        .with("pdf/report.pdf", "%PDF");
    fs::write(class.path("times.csv"), "Folder;submitted_at\nJos\u{e9};2026-03-04 20:00\nUPER;-\n").unwrap();
    let call =
        class.call(&[&ONE[..], &["--handed-in", "times.csv", "--time-zone", "Europe/Berlin"]].concat());
    let call = call
        .code(0)
        .stdout(contains("pdf · even-odd · missing nothing for even-odd in it; it has report.pdf"));
    call.stderr(contains("hopperg: class/hopperg_12345_67001_main.rs is not graded"))
        .stderr(contains("times.csv: line 3: no time for `UPER`"))
        .stderr(contains("times.csv: 1 times without an offset are taken as those of Europe/Berlin"))
        .stderr(contains("times.csv: no time for `UPPER`: that of its newest file is taken"));
    let graded =
        ["Ada Lovelace", "Jos\u{e9}", "UPPER", "hopperg"].map(|name| (name.to_owned(), "not-implemented"));
    let missing = [("pdf".to_owned(), "missing")];
    let mut expected = [&graded[..], &missing].concat();
    expected.sort();
    assert_eq!(outcomes(&class), expected);
    let attempts = Book::open_existing(&class.path("gradebook.sqlite")).unwrap().attempts().unwrap();
    let jose = attempts.iter().find(|attempt| attempt.student == "Jos\u{e9}").unwrap();
    assert_eq!(jose.submitted_at.unwrap().to_string(), "2026-03-04T19:00:00Z");
}
