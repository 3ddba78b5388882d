//! What may change between two calls, and what every view shows then: the table of docs/for-teachers.md, cell by cell.
//!
//! Attempts are put into the gradebook as they would be graded; the rubric is one of a workspace of its own.

use std::fs;

use engine::workspace::Workspace;
use exercises::Course;
use gradebook::attempt::{Attempt, AttemptOutcome, Timestamp};
use gradebook::book::Book;
use gradebook::page;
use gradebook::sight::Sight;
use report::Report;
use report::verdict::Verdict;
use serde_json::json;

use crate::support::{Class, root, stdout};

const FORMATS: [&str; 4] = ["csv", "nbgrader", "canvas", "moodle"];
const RUBRIC: &str =
    "[points]\nalternates = 4\ntwo-threads = 3\nterminates = 3\nusage = 0\ncannot-write = 0\nblocks = 0\n";

/// A class with a workspace around it, in which nothing but the checks and the rubric of even-odd matters.
fn class(rubric: &str) -> Class {
    let class = Class::new();
    fs::create_dir_all(class.path("crates/even-odd")).unwrap();
    fs::create_dir_all(class.path("fixtures/even-odd")).unwrap();
    let cases = "fixtures/even-odd/cases.toml";
    fs::copy(root().join(cases), class.path(cases)).unwrap();
    fs::write(class.path("Cargo.lock"), "").unwrap();
    say(&class, rubric);
    class
}

fn say(class: &Class, rubric: &str) {
    fs::write(class.path("fixtures/even-odd/rubric.toml"), rubric).unwrap();
}

/// An attempt of ada's at one source, in which two checks failed. `visibility` is what the rubric said then.
fn attempt(source: &str, graded_at: i64, visibility: &str) -> Attempt {
    let check = |id: &str, verdict: &str, score: f64, max_score: f64| {
        json!({
            "id": id, "verdict": verdict, "score": score, "max_score": max_score, "visibility": visibility,
            "message": format!("the words of {id}"),
            "failure": if verdict == "fail" { failure(id) } else { json!(null) },
        })
    };
    let checks = [
        check("alternates", "fail", 0.0, 4.0),
        check("two-threads", "fail", 0.0, 3.0),
        check("terminates", "pass", 3.0, 3.0),
    ];
    let report = json!({
        "schema_version": 1, "seed": 0, "sandbox": "strong", "verdict": "fail", "score": 3.0, "max_score": 10.0,
        "exercises": [{
            "exercise": "even-odd", "verdict": "fail", "score": 3.0, "max_score": 10.0, "seconds": 1.0,
            "explored": {"schedules": 0, "distinct": 0, "per_second": 0.0}, "stressed": {"runs": 1}, "checks": checks,
        }],
    });
    let _: Report = serde_json::from_value(report.clone()).expect("it is a report");
    Attempt {
        student: "ada".into(),
        exercise: "even-odd".into(),
        fingerprint: format!("{source} {graded_at}"),
        source: Some(source.into()),
        rules: None,
        outcome: AttemptOutcome::Graded(Verdict::Fail),
        score: 3.0,
        max_score: 10.0,
        late_penalty: 0.0,
        message: None,
        submitted_at: Some(Timestamp(1_700_000_000_000)),
        graded_at: Timestamp(graded_at),
        seconds: 1.0,
        report: Some(report.to_string()),
    }
}

fn failure(id: &str) -> serde_json::Value {
    json!({
        "expected": format!("expected of {id}"), "seen": format!("seen of {id}"), "ending": "exit", "ended": "",
        "case": "ten", "call": "even-odd", "schedule": null, "replay": "cargo grade replay", "lines": [], "trace": [],
    })
}

/// The points that every view of students and teachers has for ada, by `policy`; they are one number.
fn points(class: &Class, policy: &str) -> f64 {
    let column = |format: &str, name: &str| {
        let call = class.call(&["export", "--format", format, "--policy", policy]).code(0);
        let text = stdout(&call);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let place = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        let row = rows.iter().find(|row| row.iter().any(|cell| cell == "ada")).unwrap();
        row[place].parse::<f64>().unwrap()
    };
    let found = [
        column("csv", "score"),
        column("nbgrader", "score"),
        column("canvas", "even-odd"),
        column("moodle", "even-odd"),
    ];
    assert!(found.iter().all(|points| *points == found[0]), "{found:?}");
    class.call(&["overview", "--html", "overview.html", "--policy", policy]).code(0);
    let page = fs::read_to_string(class.path("overview.html")).unwrap();
    assert!(page.contains(&format!("mean {:.2}", found[0])), "{page}");
    if policy == "best" {
        let page = pages(class);
        assert!(page.contains(&format!(">{}/", found[0])), "{found:?}: {page}");
    }
    found[0]
}

/// All that is written for students, as one text.
fn pages(class: &Class) -> String {
    let folder = class.path("pages");
    let book = Book::open_existing(&class.path("gradebook.sqlite")).unwrap();
    let attempts = book.attempts().unwrap();
    let workspace = Workspace::at(class.path("."));
    let now = std::time::SystemTime::now().into();
    let sight =
        Sight::new((&workspace, &Course::of(&workspace).unwrap()), &book, &attempts, None, now).unwrap();
    page::write_all(&folder, attempts, &sight).unwrap();
    let names = ["ada.html", "ada/even-odd.html", "index.html"];
    names.map(|name| fs::read_to_string(folder.join(name)).unwrap()).concat()
}

fn exports(class: &Class) -> String {
    let of = |format| stdout(&class.call(&["export", "--format", format]).code(0));
    FORMATS.map(of).concat()
}

fn record(class: &Class, attempts: &[Attempt]) {
    let mut book = Book::open(&class.path("gradebook.sqlite")).unwrap();
    attempts.iter().for_each(|attempt| book.record(attempt).unwrap());
}

/// What changed, the attempts that are there then, and the points by the policies `best` and `last`.
#[test]
fn the_attempt_that_counts() {
    let before = Attempt { score: 10.0, ..attempt("one", 1, "visible") };
    let after = |change: &dyn Fn(Attempt) -> Attempt| change(attempt("one", 2, "visible"));
    let other = |score| Attempt { score, ..attempt("two", 2, "visible") };
    let cells: [(&str, Vec<Attempt>, f64, f64); 10] = [
        ("nothing", vec![before.clone()], 10.0, 10.0),
        ("another source, worse", vec![before.clone(), other(6.0)], 10.0, 6.0),
        (
            "another source, better",
            vec![other(6.0), Attempt { score: 7.0, ..attempt("one", 3, "visible") }],
            7.0,
            7.0,
        ),
        (
            "fewer points in the rubric",
            vec![before.clone(), after(&|it| Attempt { score: 4.0, ..it })],
            4.0,
            4.0,
        ),
        (
            "a rule for being late",
            vec![before.clone(), after(&|it| Attempt { score: 10.0, late_penalty: 3.0, ..it })],
            7.0,
            7.0,
        ),
        (
            "a later date, so no penalty",
            vec![
                Attempt { late_penalty: 3.0, ..before.clone() },
                after(&|it| Attempt { score: 10.0, submitted_at: Some(Timestamp(5)), ..it }),
            ],
            10.0,
            10.0,
        ),
        (
            "seed, options or grader",
            vec![before.clone(), after(&|it| Attempt { score: 3.0, ..it })],
            3.0,
            3.0,
        ),
        (
            "the grader fails when it grades again",
            vec![
                before.clone(),
                after(&|it| Attempt { outcome: AttemptOutcome::GraderError, score: 0.0, ..it }),
            ],
            10.0,
            10.0,
        ),
        (
            "another source, then rules that lower both",
            vec![
                before.clone(),
                other(6.0),
                Attempt { score: 5.0, ..attempt("two", 3, "visible") },
                Attempt { score: 4.0, ..attempt("one", 4, "visible") },
            ],
            5.0,
            4.0,
        ),
        (
            "back to an earlier source",
            vec![before.clone(), other(6.0), Attempt { score: 9.5, ..attempt("one", 3, "visible") }],
            9.5,
            9.5,
        ),
    ];
    for (change, attempts, best, last) in cells {
        let class = class(RUBRIC);
        record(&class, &attempts);
        assert_eq!((points(&class, "best"), points(&class, "last")), (best, last), "{change}");
    }
}

#[test]
fn a_rule_that_was_mended_counts_for_everyone_alike() {
    let class = class(RUBRIC);
    for student in ["ada", "bob", "eve"] {
        let of = |attempt: Attempt| Attempt { student: student.into(), ..attempt };
        record(&class, &[of(Attempt { score: 10.0, ..attempt(student, 1, "visible") })]);
        record(&class, &[of(Attempt { score: 10.0, late_penalty: 2.5, ..attempt(student, 2, "visible") })]);
    }
    // Eve's grade was already by the new rule.
    let text = stdout(&class.call(&["export", "--format", "moodle"]).code(0));
    assert_eq!(text.matches(",7.5,").count(), 3, "{text}");
}

/// Each with what the rubric says now, and the checks of which students may then read something.
#[test]
fn what_students_see_is_what_the_rubric_says_now() {
    let past = "[late]\ndue = 2020-01-01T00:00:00Z\nper_day = 0\n";
    let future = "[late]\ndue = 2999-01-01T00:00:00Z\nper_day = 0\n";
    let hidden = "[visibility]\nalternates = \"hidden\"\n";
    let after_due = "[visibility]\nalternates = \"after-due\"\ntwo-threads = \"hidden\"\n";
    let all = ["alternates", "two-threads", "terminates"];
    let cells: [(String, &[&str]); 6] = [
        (RUBRIC.into(), &all),
        (format!("{RUBRIC}{hidden}"), &["two-threads", "terminates"]),
        (format!("{RUBRIC}{after_due}"), &["terminates"]),
        (format!("{RUBRIC}{after_due}{future}"), &["terminates"]),
        (format!("{RUBRIC}{after_due}{past}"), &["alternates", "terminates"]),
        (
            format!(
                "{RUBRIC}[visibility]\nalternates = \"hidden\"\ntwo-threads = \"hidden\"\nterminates = \"hidden\"\n"
            ),
            &[],
        ),
    ];
    for then in ["visible", "hidden", "after-due"] {
        let class = class(RUBRIC);
        record(&class, &[attempt("one", 1, then)]);
        // Pages of before are there, and are written anew.
        for (rubric, seen) in &cells {
            say(&class, rubric);
            let (exports, pages) = (exports(&class), pages(&class));
            for id in all {
                let is_seen = seen.contains(&id);
                let is_failed = id != "terminates";
                let context = format!("{id}, {then} then, and now {rubric}");
                assert_eq!(exports.contains(id), is_seen && is_failed, "{context}: {exports}");
                for words in [format!("<code>{id}</code>"), format!("the words of {id}")] {
                    assert_eq!(pages.contains(&words), is_seen, "{words}: {context}");
                }
                assert_eq!(pages.contains(&format!("seen of {id}")), is_seen && is_failed, "{context}");
                assert!(is_seen || !pages.contains(id), "{context}");
            }
            assert!(exports.contains(",3,"), "the points stay: {exports}");
        }
    }
}

#[test]
fn a_date_that_was_put_off_keeps_checks_back_until_then() {
    let rubric = format!(
        "{RUBRIC}[visibility]\nalternates = \"after-due\"\n[late]\ndue = 2020-01-01T00:00:00Z\nper_day = 0\n"
    );
    let class = class(&rubric);
    record(&class, &[attempt("one", 1, "visible")]);
    let moodle = ["export", "--format", "moodle"];
    assert!(stdout(&class.call(&moodle).code(0)).contains("alternates"));
    let put_off = stdout(&class.call(&[&moodle[..], &["--due", "2999-01-01T00:00:00Z"]].concat()).code(0));
    assert!(!put_off.contains("alternates"), "{put_off}");
    // What `collect --due` said is kept.
    let book = Book::open(&class.path("gradebook.sqlite")).unwrap();
    book.keep_due("even-odd", "2999-01-01T00:00:00Z".parse().ok()).unwrap();
    assert!(!stdout(&class.call(&moodle).code(0)).contains("alternates"));
    assert!(!pages(&class).contains("alternates"));
}

#[test]
fn a_check_that_the_exercise_no_longer_has_is_shown_to_teachers_only() {
    let class = class(RUBRIC);
    let old = attempt("one", 1, "visible");
    let report = old.report.clone().unwrap().replace("alternates", "secret-of-last-year");
    record(&class, &[Attempt { report: Some(report), ..old }]);
    assert!(!exports(&class).contains("secret-of-last-year"));
    assert!(!pages(&class).contains("secret-of-last-year"));
    let shown = stdout(&class.call(&["show", "ada"]).code(0));
    assert!(shown.contains("secret-of-last-year"), "{shown}");
}

#[test]
fn a_report_of_another_form_shows_students_nothing_of_its_checks() {
    let class = class(RUBRIC);
    let report = Some(r#"{"exercises":[{"checks":[{"id":"two-threads","verdict":"fail"}]}]}"#.to_owned());
    record(&class, &[Attempt { report, ..attempt("one", 1, "visible") }]);
    assert!(!exports(&class).contains("two-threads"));
}

#[test]
fn points_by_other_rules_are_said() {
    let class = class(
        "[points]\nalternates = 4\ntwo-threads = 4\nterminates = 4\nusage = 0\ncannot-write = 0\nblocks = 0\n",
    );
    record(&class, &[attempt("one", 1, "visible")]);
    let call = class.call(&["export", "--format", "csv"]).code(0);
    call.stderr(predicates::str::contains("even-odd: 1 were graded by other rules than those of now"));
    say(&class, RUBRIC);
    class.call(&["export", "--format", "csv"]).code(0).stderr("");
}

#[test]
fn who_is_who_may_change_without_a_new_grade() {
    let class = class(RUBRIC);
    let nfd = Attempt { student: "Jose\u{301}".into(), ..attempt("one", 1, "visible") };
    record(&class, &[nfd]);
    fs::write(class.path("roster.csv"), "Folder;First Name;E-Mail\nJos\u{e9};Jos\u{e9};j@x.org\n;;\n")
        .unwrap();
    let call = class.call(&["export", "--format", "moodle", "--roster", "roster.csv"]).code(0).stderr("");
    assert!(stdout(&call).contains("j@x.org,,Jos\u{e9},,3,"), "{}", stdout(&call));
    fs::write(class.path("roster.csv"), "folder,id,mark\nJosef,7,1\n").unwrap();
    let call = class.call(&["export", "--format", "csv", "--roster", "roster.csv"]).code(0);
    call.stderr(
        "roster.csv: line 1: the column `mark` is not used\n\
         roster.csv: line 2: nobody handed in as `Josef`; is it `Jos\u{e9}`, who is not in the roster?\n\
         roster.csv: `Jos\u{e9}` has handed in and is not in it\n",
    );
}

#[test]
fn a_spreadsheet_in_german_reads_numbers_as_numbers() {
    let class = class(RUBRIC);
    record(&class, &[Attempt { score: 7.5, ..attempt("one", 1, "visible") }]);
    let call = class.call(&["export", "--format", "csv", "--decimal", "comma", "--bom"]).code(0);
    let text = stdout(&call);
    assert!(text.starts_with("\u{feff}folder;id;") && text.contains(";7,5;0;7,5;10;"), "{text}");
    for format in ["canvas", "moodle"] {
        let call = class.call(&["export", "--format", format, "--decimal", "comma"]).code(2);
        call.stderr(predicates::str::contains("are for --format csv and nbgrader"));
    }
}
