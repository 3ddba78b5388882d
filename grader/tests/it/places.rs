//! Where checkouts and compilers stand, and what is set around them: nothing of it changes a grade.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::{TURNS, root};

/// A course of one exercise that needs no crates.
struct Course {
    folder: TempDir,
    root: PathBuf,
}

impl Course {
    /// At `name` in a folder of its own.
    fn at(name: impl AsRef<Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let course = Self { root: folder.path().join(name), folder };
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/even-odd\", \"grader/memory\", \"grader/runtime\", \"grader/schedule\"]\n\
            [profile.release]\ndebug = \"line-tables-only\"\n";
        course.write("Cargo.toml", manifest);
        let entry =
            |name: &str, rest: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{rest}\n");
        let runtime = entry("runtime", "dependencies = [\"memory\", \"schedule\"]\n");
        let [memory, schedule] = ["memory", "schedule"].map(|name| entry(name, ""));
        let lock = ["version = 4\n", &entry("even-odd", ""), &memory, &runtime, &schedule].join("\n");
        course.write("Cargo.lock", &lock);
        course.package("crates/even-odd", "even-odd", "");
        course.write("crates/even-odd/src/main.rs", TURNS);
        let lib = |name: &str| {
            format!("path = '{}'\n", root().join("grader").join(name).join("src/lib.rs").display())
        };
        let runtime = format!(
            "[lib]\nname = \"lockstep_runtime\"\ncrate-type = [\"cdylib\"]\n{}[dependencies]\nmemory = {{ path = \"../memory\" }}\n\
            schedule = {{ path = \"../schedule\" }}\n",
            lib("runtime")
        );
        course.package("grader/runtime", "runtime", &runtime);
        for name in ["memory", "schedule"] {
            course.package(&format!("grader/{name}"), name, &format!("[lib]\n{}", lib(name)));
        }
        for folder in ["fixtures", "grader/hooks"] {
            symlink(root().join(folder), course.root.join(folder)).unwrap();
        }
        course
    }

    fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn package(&self, folder: &str, name: &str, rest: &str) {
        let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        self.write(format!("{folder}/Cargo.toml"), &(head + rest));
    }

    /// A call of the grader in it, as strict with new files as can be.
    fn grade<const COUNT: usize>(&self, args: [&str; COUNT], variables: &[(&str, OsString)]) -> Assert {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_grader")]).args(args);
        command.current_dir(&self.root).envs(variables.iter().map(|(name, value)| (name, value)));
        assert_cmd::Command::from_std(command).timeout(Duration::from_secs(600)).assert()
    }
}

/// What makes another program of a source, or none.
const SETTINGS: &str = r#"
[build]
target = "wasm32-unknown-unknown"
rustc-wrapper = "/nonexistent"
rustflags = ["-Cpanic=abort"]
incremental = true
[profile.release]
panic = "abort"
incremental = true
lto = true
strip = true
[target.'cfg(all())']
linker = "/nonexistent"
rustflags = ["-Ctarget-feature=+crt-static"]
[env]
PATH = { value = "/nonexistent", force = true }
"#;

const VARIABLES: [(&str, &str); 14] = [
    ("CARGO", "/nonexistent"),
    ("CARGO_INCREMENTAL", "1"),
    ("CARGO_BUILD_TARGET", "wasm32-unknown-unknown"),
    ("CARGO_BUILD_RUSTC", "/nonexistent"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "/nonexistent"),
    ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-Cpanic=abort"),
    ("CARGO_ENCODED_RUSTFLAGS", "-Cpanic=abort"),
    ("RUSTFLAGS", "-Cpanic=abort"),
    ("RUSTC", "/nonexistent"),
    ("RUSTC_WRAPPER", "/nonexistent"),
    ("RUSTC_WORKSPACE_WRAPPER", "/nonexistent"),
    ("CC", "/nonexistent"),
];

#[test]
fn a_checkout_at_an_odd_path_among_hostile_settings_is_graded_as_ever() {
    let course = Course::at("a b'\"=$ORIGIN;é,\n");
    let args = ["check", "even-odd", "--schedules", "20"];
    course.write("../.cargo/config.toml", SETTINGS);
    course.write("../home/config.toml", SETTINGS);
    let hostile = VARIABLES.map(|(name, value)| (name, value.into()));
    let home = ("CARGO_HOME", course.folder.path().join("home").into());
    course.grade(args, &[&hostile[..], &[home]].concat()).success().stdout(contains("10/10"));
    fs::remove_dir_all(course.folder.path().join(".cargo")).unwrap();
    course.grade(args, &[]).success().stdout(contains("10/10"));
}

#[test]
fn a_checkout_where_cargo_cannot_build_is_built_elsewhere() {
    let course = Course::at("a b:c%");
    let cache = course.folder.path().join("cache");
    let args = ["check", "even-odd", "--schedules", "20"];
    course.grade(args, &[("XDG_CACHE_HOME", cache.clone().into())]).success().stdout(contains("10/10"));
    assert!(cache.join("lockstep").is_dir() && !course.root.join("target").exists());
    let named = course.folder.path().join("x:y").into();
    course.grade(args, &[("CARGO_TARGET_DIR", named)]).code(2).stderr(contains("set CARGO_TARGET_DIR"));
}

#[test]
fn a_checkout_that_no_compiler_can_build_says_so() {
    let course = Course::at(OsStr::from_bytes(b"\xff"));
    course
        .grade(["check", "even-odd"], &[])
        .code(2)
        .stderr(contains("needs a path in UTF-8: move the folder"));
}

#[test]
fn trouble_with_one_exercise_does_not_keep_the_others_from_being_graded() {
    let course = Course::at("course");
    course.write(
        "crates/hello-threads/Cargo.toml",
        "[package]\nname = \"hello-threads\"\nedition = \"1999\"\n",
    );
    course.write("crates/hello-threads/src/main.rs", "fn main() {}\n");
    let graded =
        course.grade(["check", "hello-threads", "even-odd", "--schedules", "20", "--format", "json"], &[]);
    let graded = graded.code(70);
    let report: serde_json::Value = serde_json::from_slice(&graded.get_output().stdout).unwrap();
    let of = |index: usize| &report["exercises"][index];
    assert_eq!((&of(1)["verdict"], &of(1)["score"]), (&"pass".into(), &10.0.into()));
    assert_eq!((&of(0)["verdict"], &of(0)["score"]), (&"inconclusive".into(), &0.0.into()));
    assert!(of(0)["message"].as_str().unwrap().contains("1999"), "{report:#}");
    assert_eq!((&report["incomplete"], &report["not_graded"][0]), (&true.into(), &"hello-threads".into()));
}

#[test]
fn where_nothing_can_be_written_there_are_hints_and_advice() {
    let course = Course::at("course");
    course.write("crates/even-odd/README.md", "## Hints\n\n1. Look.\n");
    let file = course.root.join("Cargo.toml").join("target");
    let target = [("CARGO_TARGET_DIR", file.into_os_string())];
    course.grade(["hint", "even-odd"], &target).success().stdout(contains("Look."));
    let advice = "set CARGO_TARGET_DIR to a folder that you may write to";
    course.grade(["check", "even-odd"], &target).code(2).stderr(contains(advice));
}

/// Root without the right to set up a network, as in a container with SYS_ADMIN alone: one of its own can be made, and is
/// of no use. The programs must meet the network that there is.
#[test]
fn a_sandbox_that_cannot_be_had_whole_is_not_begun() {
    let as_root =
        ["--user", "--map-root-user", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"];
    let grader = |args: &[&str]| {
        let mut command = assert_cmd::Command::new("unshare");
        command.args(as_root).arg(env!("CARGO_BIN_EXE_grader")).args(args).current_dir(root());
        command.assert()
    };
    // Programs meet the network in which this test runs, not a new one that nobody can use.
    let routes = fs::read_to_string("/proc/net/route").unwrap();
    let leads_out = routes.lines().skip(1).any(|route| !route.starts_with("lo"));
    let network = if leads_out { "possible" } else { "refused" };
    grader(&["doctor"]).success().stdout(
        contains("missing  namespaces")
            .and(contains("CAP_NET_ADMIN"))
            .and(contains("sandbox: basic"))
            .and(contains(format!("a network to the outside     {network}"))),
    );
    grader(&["check", "even-odd", "--official"]).code(2).stderr(contains("cargo grade doctor"));
}

/// Whoever runs the tests: it has the rights of somebody who is nobody in particular.
#[test]
fn an_ordinary_user_has_a_whole_sandbox() {
    let mut command = assert_cmd::Command::new("unshare");
    command.args(["--user", "--map-user=1000", "--map-group=1000", env!("CARGO_BIN_EXE_grader"), "doctor"]);
    let strong = contains("sandbox: strong").or(contains("sandbox: full"));
    command.current_dir(root()).assert().success().stdout(contains("ok       namespaces").and(strong));
}
