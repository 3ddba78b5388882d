//! Any package's tests and programs under controlled schedules.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{check, grade_in};

const LIBRARY: &str = r#"
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[derive(Default)]
pub struct Counter(AtomicU32);

impl Counter {
    pub fn add(&self) {
        let now = self.0.load(SeqCst);
        self.0.store(now + 1, SeqCst);
    }

    pub fn get(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

pub fn move_one(from: &Mutex<u32>, to: &Mutex<u32>) {
    let mut from = from.lock().unwrap();
    let mut to = to.lock().unwrap();
    (*from, *to) = (*from - 1, *to + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_count() {
        let counter = Counter::default();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| counter.add());
            }
        });
        assert_eq!(counter.get(), 2);
    }

    #[test]
    fn one_counts() {
        Counter::default().add();
    }

    /// Has no atomic operation.
    #[test]
    fn nobody_counts() {
        assert_eq!(2 + 2, 4);
    }

    #[test]
    #[SWITCHED_OFF]
    fn not_asked_for() {
        panic!();
    }
}
"#;

const TESTS: &str = r#"
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use account::move_one;

#[test]
fn both_ways() {
    let (one, other) = (Mutex::new(1), Mutex::new(1));
    thread::scope(|scope| {
        scope.spawn(|| move_one(&one, &other));
        scope.spawn(|| move_one(&other, &one));
    });
}

#[test]
fn one_way() {
    let (one, other) = (Mutex::new(2), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| move_one(&one, &other));
        scope.spawn(|| move_one(&one, &other));
    });
    assert_eq!(*other.lock().unwrap(), 2);
}

/// Where nothing is shared, no atomic operation has to be seen.
#[test]
fn no_threads() {
    assert_eq!(1 + 1, 2);
}

/// Right where sleeps are real.
#[test]
fn the_longer_sleep_ends_later() {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(10));
            done.store(true, SeqCst);
        });
        thread::sleep(Duration::from_millis(500));
        assert!(done.load(SeqCst));
    });
}

#[test]
#[should_panic(expected = "as told")]
fn panics() {
    thread::spawn(|| ()).join().unwrap();
    panic!("as told");
}
"#;

const PROGRAM: &str = r#"
use std::sync::mpsc::channel;
use std::thread;

fn main() {
    assert!(cfg!(lockstep), "tests can be smaller here");
    let (sender, receiver) = channel();
    for number in 0..2 {
        let sender = sender.clone();
        thread::spawn(move || sender.send(number).unwrap());
    }
    drop(sender);
    receiver.iter().for_each(|number| println!("{number}"));
}
"#;

fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"account\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
    );
    // Of this test's own tests none is switched off.
    write("src/lib.rs", &LIBRARY.replace("SWITCHED_OFF", concat!("ig", "nore")));
    write("src/main.rs", PROGRAM);
    write("tests/ways.rs", TESTS);
    folder
}

fn explored(folder: &Path, args: &[&str]) -> (i32, Value) {
    let args = ["explore", "--format", "json", "--schedules", "300"].iter().chain(args);
    let assert = grade_in(folder, args.copied());
    let output = assert.get_output();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

#[test]
fn tests_hold_in_all_schedules_or_one_is_shown_in_which_they_do_not() {
    let package = package();
    let (code, report) = explored(package.path(), &[]);
    let targets = report["exercises"].as_array().unwrap();
    let names: Vec<&str> = targets.iter().map(|target| target["exercise"].as_str().unwrap()).collect();
    assert_eq!((code, names), (1, vec!["account --lib", "account --test ways"]), "{report:#}");
    let verdicts = |target: &Value| -> Vec<(String, String)> {
        let of = |check: &Value| {
            (check["id"].as_str().unwrap().to_owned(), check["verdict"].as_str().unwrap().to_owned())
        };
        target["checks"].as_array().unwrap().iter().map(of).collect()
    };
    let expected = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(id, verdict)| ((*id).to_owned(), (*verdict).to_owned())).collect()
    };
    assert_eq!(
        verdicts(&targets[0]),
        expected(&[
            ("tests::nobody_counts", "pass"),
            ("tests::one_counts", "pass"),
            ("tests::two_count", "fail")
        ])
    );
    let others = [
        ("both_ways", "fail"),
        ("no_threads", "pass"),
        ("one_way", "pass"),
        ("panics", "pass"),
        ("the_longer_sleep_ends_later", "pass"),
        ("the_longer_sleep_ends_later (sleeps)", "fail"),
    ];
    assert_eq!(verdicts(&targets[1]), expected(&others));
    let lost = check(&report, "tests::two_count");
    assert_eq!(lost["failure"]["place"]["file"], "src/lib.rs", "{lost:#}");
    assert_eq!(targets[1]["checks"][0]["failure"]["ending"], "deadlock");

    let replay = lost["failure"]["replay"].as_str().unwrap();
    let again = grade_in(package.path(), crate::support::words(replay));
    again.code(1).stdout(contains("tests::two_count fail").and(contains("AtomicU32#1 reads 0")));
}

#[test]
fn a_program_is_held_against_what_must_hold_of_any() {
    let package = package();
    let (code, report) = explored(package.path(), &["--run", "--bin", "account"]);
    let verdict = |id: &str| check(&report, id)["verdict"].clone();
    assert_eq!(
        (code, verdict("deadlock"), verdict("panic")),
        (0, "pass".into(), "pass".into()),
        "{report:#}"
    );
    assert_eq!(verdict("same-output"), "fail", "as advice");
    let (code, report) = explored(package.path(), &["--run", "--bin", "account", "--deterministic"]);
    assert_eq!(code, 1);
    let replay = check(&report, "same-output")["failure"]["replay"].as_str().unwrap();
    let again = grade_in(package.path(), crate::support::words(replay));
    again.code(1).stdout(contains("same-output fail"));
}

#[test]
fn sleeps_that_a_result_depends_on_are_found_where_they_are_asked_for() {
    let package = package();
    let (code, report) = explored(package.path(), &["--eager", "--exact", "the_longer_sleep_ends_later"]);
    assert_eq!(code, 1, "{report:#}");
    let (code, report) = explored(package.path(), &["--exact", "the_longer_sleep_ends_later"]);
    let advice = check(&report, "the_longer_sleep_ends_later (sleeps)");
    assert_eq!((code, &advice["max_score"]), (0, &0.0.into()), "{report:#}");
    let replay = advice["failure"]["replay"].as_str().unwrap();
    grade_in(package.path(), crate::support::words(replay)).code(1).stdout(contains("assertion failed"));
}

/// `cargo test` fails, too: it has no harness that would expect a panic.
#[test]
fn tests_with_a_main_of_their_own_have_to_end_well() {
    let package = package();
    let manifest = fs::read_to_string(package.path().join("Cargo.toml")).unwrap();
    let target = "[[test]]\nname = \"ways\"\nharness = false\n";
    fs::write(package.path().join("Cargo.toml"), format!("{manifest}\n{target}")).unwrap();
    let ends = |with: &str| {
        fs::write(package.path().join("tests/ways.rs"), format!("fn main() {{ {with} }}\n")).unwrap();
        explored(package.path(), &["--test", "ways"]).0
    };
    assert_eq!(ends(""), 0);
    assert_eq!(ends("panic!()"), 1);
    assert_eq!(ends("std::process::exit(3)"), 1);
}

#[test]
fn tests_of_a_program_are_replayed_as_tests() {
    let package = package();
    let program = "fn main() {}\n#[test]\nfn races() {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let add = || COUNT.store(COUNT.load(std::sync::atomic::Ordering::SeqCst) + 1, std::sync::atomic::Ordering::SeqCst);
    std::thread::scope(|scope| { scope.spawn(add); scope.spawn(add); });
    assert_eq!(COUNT.load(std::sync::atomic::Ordering::SeqCst), 2);
}\n";
    fs::write(package.path().join("src/main.rs"), program).unwrap();
    let (code, report) = explored(package.path(), &["--bin", "account"]);
    let replay = check(&report, "races")["failure"]["replay"].as_str().unwrap();
    assert_eq!(code, 1);
    grade_in(package.path(), crate::support::words(replay)).code(1).stdout(contains("races fail"));
}

#[test]
fn a_library_that_is_shared_as_well_is_linked_and_flags_in_settings_are_used() {
    let package = package();
    let write = |file: &str, text: &str| fs::write(package.path().join(file), text).unwrap();
    let manifest = fs::read_to_string(package.path().join("Cargo.toml")).unwrap();
    write("Cargo.toml", &format!("{manifest}\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n"));
    fs::create_dir(package.path().join(".cargo")).unwrap();
    write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"as_set\"]\n");
    write(
        "tests/ways.rs",
        "#[test]\nfn as_set() { account::Counter::default().add(); assert!(cfg!(as_set)); }\n",
    );
    let (code, report) = explored(package.path(), &["--test", "ways"]);
    assert_eq!((code, &check(&report, "as_set")["verdict"]), (0, &"pass".into()), "{report:#}");
}

#[test]
fn what_is_not_there_or_does_not_compile_is_said() {
    let package = package();
    let call = |args: &[&str]| grade_in(package.path(), ["explore"].iter().chain(args).copied());
    call(&["no_such_test"]).code(4).stderr(contains("there is no such test or program"));
    call(&["--test", "nothing"]).code(1).stdout(contains("no test target named `nothing`"));
    fs::write(package.path().join("src/lib.rs"), "pub fn broken( {}\n").unwrap();
    call(&[]).code(1).stdout(contains("build-error").and(contains("src/lib.rs:1")));
    let empty = tempfile::tempdir().unwrap();
    grade_in(empty.path(), ["explore"]).code(2).stderr(contains("Cargo.toml"));
}
