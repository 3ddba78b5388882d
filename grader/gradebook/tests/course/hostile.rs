//! Twenty submissions that try to do harm, or to take for ever, among twenty right ones.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use engine::workspace::Workspace;
use grader::course::sample_programs::{self, Expected};

use crate::{Course, workspace};

const EXERCISE: &str = "even-odd";
const OF_EACH: usize = 20;

/// Each stands in `grader/tests/hostile/`, and is bounded, so that one that escapes does no harm.
const HOSTILE: [&str; OF_EACH] = [
    "changes-its-parent",
    "changes-modes",
    "compile-bomb",
    "computes-for-long",
    "double-fork-daemon",
    "endless-loop",
    "error-flood",
    "fills-temporary-folder",
    "fork-bomb",
    "fork-chains",
    "huge-file",
    "ignores-signals",
    "kills-its-parent",
    "kills-others",
    "many-small-children",
    "much-memory",
    "nested-folders",
    "never-at-rest",
    "page-tables",
    "stops-its-parent",
];

/// The most memory that the grader itself may have used, in KiB: it keeps reports, not what programs fill.
const MOST_MEMORY: u64 = 1 << 20;

#[test]
fn a_hostile_class_takes_nothing_from_the_others() {
    let course = Course::new("hostile");
    fs::create_dir(course.path("class")).unwrap();
    hand_in(&workspace(), &course.path("class"));

    let memory = graded(&course);
    println!("the grader had {memory} KiB of memory at most");
    assert!(memory < MOST_MEMORY, "{memory} KiB");

    let attempts = course.attempts();
    assert_eq!(attempts.len(), 2 * OF_EACH, "every submission has its attempt");
    for attempt in &attempts {
        let outcome = attempt.outcome.word();
        assert_ne!(outcome, "grader-error", "{}", attempt.student);
        if attempt.student.ends_with("-right") {
            assert_eq!((outcome, attempt.final_score()), ("pass", attempt.max_score), "{}", attempt.student);
        }
    }
}

/// In the order of their names hostile and right ones take turns.
fn hand_in(workspace: &Workspace, class: &Path) {
    let write = |name: &str, source: &Path| {
        let folder = class.join(name).join(EXERCISE).join("src");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(source, folder.join("main.rs")).unwrap();
    };
    let crates = workspace.root().join("crates").join(EXERCISE).join("src/main.rs");
    let course = exercises::Course::of(workspace).unwrap();
    let exercise = course.find(EXERCISE).unwrap();
    let variants = sample_programs::all(workspace, exercise).unwrap().into_iter();
    let variants = variants.filter(|it| matches!(it.expected, Expected::Passes { .. })).map(|it| it.path);
    let right: Vec<_> = variants.filter(|path| path.is_file()).chain([crates]).collect();
    for (number, (name, right)) in HOSTILE.into_iter().zip(right.iter().cycle()).enumerate() {
        write(
            &format!("{number:02}-{name}"),
            &workspace.root().join(format!("grader/tests/hostile/{name}.rs")),
        );
        write(&format!("{number:02}-right"), right);
    }
}

/// Grades the class, and looks after each submission how much memory the grader has had until then.
fn graded(course: &Course) -> u64 {
    let limits = ["cpu=2", "wall=20", "build=20"].map(|limit| ["--limit", limit]);
    let args = ["collect", "class", "--exercise", EXERCISE, "--schedules", "100"];
    let args = [&args[..], limits.as_flattened()].concat();
    let mut child = course.command(&args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    for line in BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok) {
        println!("{line}");
        let status = fs::read_to_string(&status).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        most = most.max(peak.map_or(0, |peak| peak.trim().parse().unwrap()));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(most > 0, "it was looked at");
    most
}
