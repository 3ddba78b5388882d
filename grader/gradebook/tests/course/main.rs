//! A course from end to end: exercises are released, thirty submissions are graded, the grader is killed half-way
//! and called again, and what comes out must add up everywhere.
//!
//! It takes minutes, so `cargo test` leaves it out; `.ci/course` runs it.

mod class;
mod hostile;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use engine::workspace::Workspace;
use gradebook::attempt::Attempt;
use gradebook::book::Book;
use gradebook::policy::{self, Policy};
use grader::course::release;
use report::{Audience, Format, Report};
use serde_json::Value;

use class::{CERTAIN, EXERCISES, FORMULA, STUDENTS};

const TASKS: usize = STUDENTS * EXERCISES.len();

struct Course {
    folder: PathBuf,
    /// Removes the folder.
    _temporary: Option<tempfile::TempDir>,
}

impl Course {
    /// In a folder that is kept, where one is named, so that other programs can read what came of it.
    fn new(name: &str) -> Self {
        if let Some(folder) = std::env::var_os("LOCKSTEP_COURSE") {
            let folder = PathBuf::from(folder).join(name);
            fs::create_dir(&folder).unwrap();
            return Self { folder, _temporary: None };
        }
        let temporary = tempfile::tempdir().unwrap();
        Self { folder: temporary.path().to_owned(), _temporary: Some(temporary) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradebook"));
        command.args(args).current_dir(&self.folder);
        command
    }

    #[track_caller]
    fn call(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        assert_eq!(status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    fn attempts(&self) -> Vec<Attempt> {
        Book::open_existing(&self.path("gradebook.sqlite")).unwrap().attempts().unwrap()
    }

    fn export(&self, format: &str) -> Vec<BTreeMap<String, String>> {
        let file = format!("{format}.csv");
        self.call(&["export", "--format", format, "--output", &file]);
        let mut reader = csv::Reader::from_path(self.path(&file)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }
}

fn workspace() -> Workspace {
    Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap())
}

const COLLECT: [&str; 8] =
    ["collect", "class", "--exercise", "hello-threads", "--exercise", "even-odd", "--schedules", "200"];

#[test]
fn a_course_survives_a_kill_and_adds_up_everywhere() {
    let course = Course::new("usual");
    fs::create_dir(course.path("class")).unwrap();
    let workspace = workspace();
    release::release(&workspace, &course.path("released")).unwrap();
    class::make(&workspace, &course.path("released"), &course.path("class"));

    let before = killed_half_way(&course);
    let text = course.call(&[&COLLECT[..], &["--reports", "pages"]].concat());
    println!("{text}");
    assert!(text.contains(&format!("{} graded, {before} unchanged, 0 left", TASKS - before)), "{text}");
    assert!(course.call(&COLLECT).contains(&format!("0 graded, {TASKS} unchanged, 0 left")));

    let attempts = course.attempts();
    assert_eq!(attempts.len(), TASKS);
    let chosen = policy::choose(attempts, Policy::Best);
    assert_eq!(chosen.len(), TASKS, "nothing was graded twice");
    outcomes_are_as_they_must_be(&chosen);
    exports_add_up(&course, &chosen);
    reports_add_up(&chosen);
    others_are_made_from_it(&course);
}

/// Kills the grader when half of the tasks are graded; how many attempts that left.
fn killed_half_way(course: &Course) -> usize {
    let mut child = course.command(&COLLECT).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let seen = lines.map_while(Result::ok).filter(|line| line.contains(" of ")).take(TASKS / 2).count();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it was killed");
    assert_eq!(seen, TASKS / 2);
    let left = course.attempts().len();
    assert!((TASKS / 2..TASKS).contains(&left), "{left} attempts");
    left
}

fn outcomes_are_as_they_must_be(chosen: &[Attempt]) {
    let outcome = |student: &str, exercise: &str| {
        let mut of = chosen.iter().filter(|it| it.student == student && it.exercise == exercise);
        of.next().map(|attempt| attempt.outcome.word())
    };
    for (student, hello, even_odd) in CERTAIN {
        let found = (outcome(student, "hello-threads"), outcome(student, "even-odd"));
        assert_eq!(found, (Some(hello), Some(even_odd)), "{student}");
    }
    assert!(chosen.iter().all(|attempt| attempt.outcome.word() != "grader-error"));
    let failed = chosen.iter().filter(|attempt| attempt.outcome.word() == "fail").count();
    assert!(failed >= 10, "most mutants fail: {failed}");
}

/// Every form has the same points, and nobody is left out.
fn exports_add_up(course: &Course, chosen: &[Attempt]) {
    let forms = ["nbgrader", "csv", "canvas", "moodle"].map(|format| (format, course.export(format)));
    for exercise in EXERCISES {
        let of = chosen.iter().filter(|attempt| attempt.exercise == exercise);
        let wanted: f64 = of.map(Attempt::final_score).sum();
        assert!(wanted > 0.0);
        for (format, rows) in &forms {
            let long = rows[0].contains_key("score");
            let key = if long { "score" } else { exercise };
            let is_of = |row: &&BTreeMap<String, String>| {
                !long || row.get("assignment").or(row.get("exercise")).is_some_and(|name| name == exercise)
            };
            let is_person = |row: &&BTreeMap<String, String>| {
                row.get("Student").is_none_or(|name| name != "Points Possible")
            };
            let points: Vec<f64> =
                rows.iter().filter(is_of).filter(is_person).map(|row| row[key].parse().unwrap()).collect();
            assert_eq!(points.len(), STUDENTS, "{format}");
            assert!((points.iter().sum::<f64>() - wanted).abs() < 1e-9, "{format} {exercise}");
        }
    }
    for (format, rows) in &forms {
        let cells = || rows.iter().flat_map(BTreeMap::values);
        assert!(cells().all(|cell| !cell.starts_with('=')), "{format}");
        assert!(cells().any(|cell| *cell == format!("'{FORMULA}")), "{format}");
    }
}

/// Every format of a report has the points of the gradebook.
fn reports_add_up(chosen: &[Attempt]) {
    let mut reports = 0;
    for attempt in chosen {
        let Some(report) = &attempt.report else { continue };
        let report: Report = serde_json::from_str(report).unwrap();
        let value = |format: Format| {
            serde_json::from_str::<Value>(&format.render_for(&report, Audience::Teacher)).unwrap()
        };
        let classroom = value(Format::Classroom);
        let tests = classroom["tests"].as_array().unwrap().iter();
        let sums = [
            value(Format::Json)["score"].as_f64().unwrap(),
            value(Format::Gradescope)["score"].as_f64().unwrap(),
            tests.map(|test| test["score"].as_f64().unwrap()).sum(),
        ];
        for sum in sums {
            assert!((sum - attempt.final_score()).abs() < 1e-9, "{} {}", attempt.student, attempt.exercise);
        }
        let points = format!("{}/{} points", attempt.final_score(), attempt.max_score);
        for format in [Format::Human, Format::Html, Format::Github] {
            assert!(format.render_for(&report, Audience::Teacher).contains(&points), "{format:?}: {points}");
        }
        let passes = value(Format::Exercism)["status"] == "pass";
        assert_eq!(passes, attempt.outcome.word() == "pass", "{}", attempt.student);
        reports += 1;
    }
    assert!(reports >= STUDENTS / 2, "{reports} reports");
}

fn others_are_made_from_it(course: &Course) {
    let pages = fs::read_dir(course.path("pages")).unwrap().flatten();
    let (folders, pages): (Vec<_>, Vec<_>) = pages.map(|entry| entry.path()).partition(|path| path.is_dir());
    assert_eq!(pages.len(), STUDENTS + 1, "one a student, and the index");
    assert!(!folders.is_empty());
    for folder in folders {
        let page = fs::read_to_string(folder.with_extension("html")).unwrap();
        for report in fs::read_dir(&folder).unwrap().flatten() {
            let link = format!("{}/{}", folder.file_name().unwrap().display(), report.file_name().display());
            assert!(page.contains(&link.replace('%', "%25")), "{link}");
        }
    }
    course.call(&["overview", "--html", "overview.html"]);
    let page = fs::read_to_string(course.path("overview.html")).unwrap();
    assert!(page.contains(&format!("{STUDENTS} students")));
    let merge = ["merge", "all.sqlite", "gradebook.sqlite"];
    assert!(course.call(&merge).contains(&format!("{TASKS} new attempts")));
    assert!(course.call(&merge).contains(": 0 new attempts"));
    let shown = course.call(&["show", "reference"]);
    assert_eq!(shown.lines().filter(|line| line.contains(" pass ")).count(), EXERCISES.len(), "{shown}");
}
