//! The students' repository, and what students do in it. That all stubs compile without a warning and are
//! not-implemented is the business of `.ci/release`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use engine::solution_region;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::{grade, grade_in, root};

/// A students' repository in a folder of its own.
struct Students {
    outer: TempDir,
}

impl Students {
    #[track_caller]
    fn released() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let students = Self { outer };
        grade(["release", "--out", students.folder().to_str().unwrap()]).success();
        students
    }

    fn folder(&self) -> PathBuf {
        self.outer.path().join("students")
    }

    /// Lets it use the dependencies that are built in this workspace already.
    fn with_dependencies(self) -> Self {
        let below = "target/grade/target";
        let built = root().join(below);
        fs::create_dir_all(&built).unwrap();
        fs::create_dir_all(self.folder().join("target/grade")).unwrap();
        std::os::unix::fs::symlink(built, self.folder().join(below)).unwrap();
        self
    }

    /// Every file's path, from the folder.
    fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.folder(), Path::new(""), &mut files);
        files.sort();
        files
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder().join(path)).unwrap()
    }
}

fn collect(root: &Path, below: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap().flatten() {
        let below = below.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => collect(root, &below, files),
            false => files.push(below.display().to_string()),
        }
    }
}

#[test]
fn nothing_of_the_solutions_is_in_it() {
    let students = Students::released();
    let files = students.files();
    let exercises = files.iter().filter(|path| path.starts_with("crates/"));
    for path in exercises {
        let text = students.read(path);
        assert_eq!(solution_region::strip(&text).unwrap(), (text, 0), "{path}");
    }
    let fixtures: Vec<&String> = files.iter().filter(|path| path.starts_with("fixtures/")).collect();
    let judged_by = ["/rubric.toml", "/checks.rs", "/cases.toml"];
    let is_known = |path: &str| {
        judged_by.iter().any(|file| path.ends_with(file))
            || path.starts_with("fixtures/manifests/")
            || path == "fixtures/course.toml"
    };
    assert!(fixtures.iter().all(|path| is_known(path)), "{fixtures:?}");
    assert!(!files.iter().any(|path| path.starts_with("grader/tests")), "{files:?}");
    assert!(students.read("crates/even-odd/src/main.rs").contains("todo!(\"write print_in_turns\")"));
    let at_top: Vec<&String> = files.iter().filter(|path| !path.contains('/')).collect();
    let wanted = [
        ".dockerignore",
        ".gitignore",
        "Cargo.lock",
        "Cargo.toml",
        "Dockerfile",
        "LICENSE",
        "README.md",
        "clippy.toml",
        "rustfmt.toml",
    ];
    assert_eq!(at_top, wanted);
}

/// What is left out of the course's repository leaves no gaps that a student would meet.
#[test]
fn a_dev_container_and_links_lead_to_what_is_in_it() {
    let students = Students::released();
    let files = students.files();
    let container = files.iter().filter(|path| path.starts_with(".devcontainer/"));
    assert!(container.eq([".devcontainer/devcontainer.json", ".devcontainer/seccomp.json"]), "{files:?}");
    for page in files.iter().filter(|path| path.ends_with(".md")) {
        let text = students.read(page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for link in links.filter(|link| !link.is_empty() && !link.contains(':')) {
            let target = students.folder().join(page).with_file_name(link);
            assert!(target.exists(), "{page}: {link}");
        }
    }
}

#[test]
fn what_is_there_stays_and_a_failure_leaves_nothing() {
    let students = Students::released();
    grade(["release", "--out", students.folder().to_str().unwrap()])
        .code(2)
        .stderr(contains("it is not empty"));
    // Made from the students' repository, whose exercises have no solutions.
    let out = students.outer.path().join("again");
    let main = students.folder().join("crates/hello-threads/src/main.rs");
    grade_in(&students.folder(), ["release", "--out", out.to_str().unwrap()])
        .code(2)
        .stderr(contains("crates/hello-threads/src: it has no solution region"));
    fs::write(&main, "fn main() {\n    // BEGIN SOLUTION\n}\n").unwrap();
    grade_in(&students.folder(), ["release", "--out", out.to_str().unwrap()])
        .code(2)
        .stderr(contains("crates/hello-threads/src/main.rs: line 2: this solution region is never ended"));
    let left: Vec<_> = fs::read_dir(students.outer.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn the_selftest_says_that_there_is_nothing_to_test() {
    let students = Students::released();
    grade_in(&students.folder(), ["selftest"]).code(2).stderr(contains("no mutants"));
}

#[test]
fn what_a_student_adds_to_a_manifest_is_not_used_and_that_is_said() {
    let students = Students::released().with_dependencies();
    let folder = students.folder();
    for manifest in ["Cargo.toml", "Cargo.lock", "crates/even-odd/Cargo.toml"] {
        assert_eq!(students.read(manifest), students.read(&format!("fixtures/manifests/{manifest}")));
    }
    let manifest = folder.join("crates/even-odd/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let text = text.replace("clap.workspace = true", "clap = { workspace = true, features = [\"env\"] }");
    fs::write(&manifest, text + "\n[target.'cfg(unix)'.dependencies]\nrand = \"0.9\"\n").unwrap();
    fs::write(folder.join("Cargo.lock"), "version = 4\n").unwrap();
    let main = folder.join("crates/even-odd/src/main.rs");
    fs::write(&main, "use rand::Rng;\nfn main() {}\n").unwrap();
    grade_in(&folder, ["even-odd"])
        .code(1)
        .stderr(contains("crates/even-odd/Cargo.toml asks for rand, the feature env of clap: not used"))
        .stdout(
            contains("build-error")
                .and(contains("note: what can be used here is std, anyhow, clap, crossbeam")),
        );
}

/// A watch of an exercise, as a program would start it: standard input and output are pipes.
struct Watching {
    grader: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watching {
    fn start(folder: &Path, exercise: &str) -> Self {
        let mut grader = Command::new(env!("CARGO_BIN_EXE_grader"))
            .args(["watch", exercise])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(grader.stdout.take().unwrap()).lines();
        Self { grader, lines }
    }

    /// The lines up to the one that says that it waits.
    fn next_result(&mut self) -> String {
        let mut text = String::new();
        for line in &mut self.lines {
            let line = line.unwrap();
            text += &line;
            text.push('\n');
            if line.starts_with("watching ") {
                return text;
            }
        }
        panic!("the watch has ended: {text}");
    }

    /// What is shown after a key.
    fn press(&mut self, key: &[u8]) -> String {
        self.grader.stdin.as_mut().unwrap().write_all(key).unwrap();
        self.next_result()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.grader.kill();
        let _ = self.grader.wait();
    }
}

#[test]
fn a_stub_may_stay_where_that_is_allowed() {
    let students = Students::released().with_dependencies();
    grade_in(&students.folder(), ["prepare", "even-odd"]).success().stdout("ready to grade even-odd\n");
    grade_in(&students.folder(), ["even-odd"]).code(1);
    let allowed = grade_in(&students.folder(), ["even-odd", "--allow-stubs"]).success();
    allowed.stdout(contains("not-implemented").and(contains("0/10 points")));
    let wrong = students.folder().join("crates/even-odd/src/main.rs");
    fs::write(&wrong, "fn main() {}\n").unwrap();
    grade_in(&students.folder(), ["even-odd", "--allow-stubs"]).code(1);
}

#[test]
fn a_stub_is_not_implemented_until_the_solution_is_saved() {
    let students = Students::released().with_dependencies();
    let mut watching = Watching::start(&students.folder(), "even-odd");
    let stub = watching.next_result();
    assert!(stub.contains("not-implemented") && stub.contains("src/main.rs:"), "{stub}");

    let keys = watching.press(b"?");
    assert!(keys.contains("one more hint") && !keys.contains("not-implemented"), "{keys}");
    assert!(watching.press(b"h").starts_with("even-odd, hint 1 of "));
    assert!(watching.press(b"n").starts_with("only these are watched; then: cargo grade watch race-counter"));
    assert_eq!(watching.press(b"a").lines().next(), stub.lines().next(), "the report again");
    assert!(watching.press(b"r").contains("not-implemented"), "graded again");

    // As editors save: a new file is renamed into the old one's place.
    let solution = fs::read(root().join("crates/even-odd/src/main.rs")).unwrap();
    let new = students.folder().join("crates/even-odd/main.rs.new");
    fs::write(&new, solution).unwrap();
    fs::rename(&new, students.folder().join("crates/even-odd/src/main.rs")).unwrap();
    let solved = watching.next_result();
    assert!(solved.contains("1 exercise: 1 pass · 10/10 points"), "{solved}");

    watching.grader.stdin.take().unwrap().write_all(b"q").unwrap();
    assert_eq!(watching.grader.wait().unwrap().code(), Some(0));
}
