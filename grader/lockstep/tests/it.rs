//! The command as its users meet it, far from the repository that it was built in.

use std::fs;
use std::process::Command;

use predicates::prelude::*;
use predicates::str::contains;

const LIBRARY: &str = "
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

#[test]
fn counts() {
    let count = AtomicU32::new(0);
    let add = || count.store(count.load(SeqCst) + 1, SeqCst);
    std::thread::scope(|scope| {
        scope.spawn(add);
        scope.spawn(add);
    });
    assert_eq!(count.load(SeqCst), 2);
}
";

#[test]
fn it_brings_along_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let (package, cache) = (folder.path().join("package"), folder.path().join("cache"));
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = "[package]\nname = \"counter\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::write(package.join("src/lib.rs"), LIBRARY).unwrap();
    for first in ["lockstep", ""] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-lockstep"));
        command.args([first].iter().filter(|word| !word.is_empty())).args(["test", "--schedules", "100"]);
        command.current_dir(&package).env("XDG_CACHE_HOME", &cache);
        let again = contains("again     cargo lockstep test --lib --exact counts --schedule 'T0");
        assert_cmd::Command::from_std(command).assert().code(1).stdout(again.and(contains("src/lib.rs:7")));
    }
}
