//! What is made from a gradebook: exports, pages, and other gradebooks.

use std::fs;

use gradebook::attempt::{Attempt, AttemptOutcome, Timestamp};
use gradebook::book::Book;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use report::verdict::Verdict;

use crate::support::{Class, stdout};

fn record(class: &Class, book: &str, student: &str, score: f64, graded_at: i64) {
    let attempt = Attempt {
        student: student.into(),
        exercise: "even-odd".into(),
        fingerprint: format!("{graded_at}"),
        source: Some(format!("{graded_at}")),
        rules: None,
        outcome: AttemptOutcome::Graded(if score == 10.0 { Verdict::Pass } else { Verdict::Fail }),
        score,
        max_score: 10.0,
        late_penalty: 0.0,
        message: None,
        submitted_at: None,
        graded_at: Timestamp(graded_at),
        seconds: 1.0,
        report: None,
    };
    Book::open(&class.path(book)).unwrap().record(&attempt).unwrap();
}

#[test]
fn the_policy_chooses_what_is_exported() {
    let class = Class::new();
    record(&class, "gradebook.sqlite", "ada", 10.0, 1);
    record(&class, "gradebook.sqlite", "ada", 6.5, 2);
    fs::write(class.path("roster.csv"), "folder,id,email\nada,17,ada@example.org\nbob,18,\n").unwrap();
    let canvas = ["export", "--format", "canvas", "--roster", "roster.csv"];
    let best = class.call(&canvas).code(0);
    assert_eq!(
        stdout(&best),
        "Student,ID,SIS User ID,SIS Login ID,Section,even-odd\nPoints Possible,,,,,10\nada,17,,,,10\nbob,18,,,,\n"
    );
    class.call(&[&canvas[..], &["--policy", "last"]].concat()).code(0).stdout(contains("ada,17,,,,6.5"));
    class.call(&[&canvas[..], &["--output", "points.csv"]].concat()).code(0).stdout("");
    assert_eq!(fs::read_to_string(class.path("points.csv")).unwrap(), stdout(&best));
}

#[test]
fn gradebooks_are_put_together_without_doubling() {
    let class = Class::new();
    record(&class, "one.sqlite", "ada", 10.0, 1);
    record(&class, "two.sqlite", "bob", 6.5, 2);
    let merge = ["merge", "gradebook.sqlite", "one.sqlite", "two.sqlite"];
    class.call(&merge).code(0).stdout(contains("one.sqlite: 1 new attempts"));
    let again = class.call(&[&merge[..], &["gradebook.sqlite"]].concat()).code(0);
    again.stdout(contains("one.sqlite: 0 new attempts").and(contains("gradebook.sqlite: 0 new")));
    class.call(&["show", "bob"]).code(0).stdout(contains("even-odd  fail     6.5/10"));
    class.call(&["show", "bop"]).code(4).stderr(contains("no student is called `bop`; did you mean `bob`?"));
}

#[test]
fn the_overview_is_one_page_that_needs_nothing_else() {
    let class = Class::new();
    record(&class, "gradebook.sqlite", "<script>alert(1)</script>", 6.5, 1);
    class.call(&["overview", "--html", "overview.html"]).code(0);
    let page = fs::read_to_string(class.path("overview.html")).unwrap();
    assert!(page.contains("prefers-color-scheme") && page.contains("even-odd"));
    for outside in ["<script", "http://", "https://", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
}
