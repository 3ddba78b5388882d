//! A page for one student: every exercise, its checks, and the run that shows what went wrong.
//!
//! The pages need nothing but themselves: no script, no other file. All text in them is escaped.

mod index;
mod stored;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, html};
use report::{Audience, CheckReport, Failure, Format};

use crate::attempt::Attempt;
use crate::error::Error;
use crate::policy::{self, Policy};
use crate::sight::{Seen, Sight};

pub use stored::failed_checks;
pub(crate) use stored::judged_checks;

/// Shared by all pages. The colours follow the reader's system.
const STYLE: &str = include_str!("page/style.css");

/// Renders the attempts of one student. The only place that decides what a student's page looks like.
pub fn student(student: &str, attempts: &[Seen]) -> String {
    let body = html! {
        h1 { (student) }
        @for attempt in attempts { (section(attempt)) }
    };
    document(student, &body)
}

/// Writes a page for each student whose attempts are in `attempts`, into `folder`; beside it a folder with the
/// grader's own HTML report of each exercise, which has the pictures of schedules and the source; and `index.html`,
/// which leads teachers to all of them. Returns the pages in `folder` that are of nobody in `attempts`: they may show what
/// is hidden now.
///
/// # Errors
/// When a file cannot be written.
pub fn write_all(folder: &Path, attempts: Vec<Attempt>, sight: &Sight) -> Result<Vec<PathBuf>, Error> {
    std::fs::create_dir_all(folder).map_err(grader::error::Error::file(folder))?;
    let chosen = sight.all(&policy::choose(attempts, Policy::Best));
    let students: Vec<&[Seen]> = chosen.chunk_by(|one, other| one.student == other.student).collect();
    for attempts in &students {
        let name = &attempts[0].student;
        write(&folder.join(stem(name) + ".html"), &student(name, attempts))?;
        for attempt in *attempts {
            write_report(&folder.join(stem(name)), attempt)?;
        }
    }
    write(&folder.join("index.html"), &index::render(&students))?;
    let names = students.iter().map(|attempts| stem(&attempts[0].student)).chain(["index".to_owned()]);
    Ok(left_over(folder, &names.collect()))
}

/// The pages in `folder` that are none of `names`.
fn left_over(folder: &Path, names: &BTreeSet<String>) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_other = |path: &PathBuf| {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        path.extension().is_some_and(|extension| extension == "html")
            && !name.is_some_and(|name| names.contains(&name))
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_other).collect();
    paths.sort();
    paths
}

/// A report of before, of an attempt that has none now, is taken away: it may show what is hidden now.
fn write_report(folder: &Path, attempt: &Seen) -> Result<(), Error> {
    let path = folder.join(format!("{}.html", stem(&attempt.exercise)));
    let Some(report) = attempt.report() else {
        return match std::fs::remove_file(&path) {
            Err(error) if !is_absent(&error) => Err(grader::error::Error::file(&path)(error).into()),
            _ => Ok(()),
        };
    };
    std::fs::create_dir_all(folder).map_err(grader::error::Error::file(folder))?;
    // It was filtered already, for those who may see the least of it now.
    write(&path, &Format::Html.render_for(report, Audience::AfterDue))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

fn write(path: &Path, page: &str) -> Result<(), Error> {
    Ok(grader::cli::output::Output::open(Some(path))?.write(page)?)
}

/// A whole page.
pub(crate) fn document(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string() + "\n"
}

fn section(attempt: &Seen) -> Markup {
    let checks = attempt.checks();
    let withheld = attempt.exercise_report().and_then(|report| report.withheld);
    html! {
        section {
            h2 { (attempt.exercise) " " (badge(attempt.outcome.word())) " " (points(attempt.final_score(), attempt.max_score)) }
            p.note {
                @if let Some(time) = attempt.submitted_at { "handed in " (time) ", " }
                "graded " (attempt.graded_at)
                @if attempt.late_penalty > 0.0 { ", " (attempt.late_penalty) " points off for being late" }
            }
            @if attempt.report().is_some() {
                p { a href=(report_of(attempt)) { "the whole report, with pictures and the source" } }
            }
            @if let Some(message) = &attempt.message { pre { (message) } }
            @if !checks.is_empty() || withheld.is_some() {
                table {
                    tr { th { "check" } th { "verdict" } th { "points" } th { "what was found" } }
                    @for check in checks { (row(check)) }
                    @if let Some(of) = withheld {
                        tr { td { "not shown" } td {} td { (points(of.score, of.max_score)) } td {} }
                    }
                }
            }
            @for check in checks {
                @if let Some(failure) = &check.failure { (run(&check.id, failure)) }
            }
        }
    }
}

fn row(check: &CheckReport) -> Markup {
    html! {
        tr {
            td { code { (check.id) } }
            td { (badge(check.verdict.word())) }
            td { (points(check.score, check.max_score)) }
            td { (check.message) }
        }
    }
}

fn run(check: &str, failure: &Failure) -> Markup {
    // What it printed, then what its threads did.
    let lines = [failure.lines.as_slice(), &failure.trace].concat();
    html! {
        details {
            summary { "the run that shows it: " code { (check) } }
            dl {
                @if let Some(of) = &failure.sentence { dt { "contract" } dd { (of.text) } }
                dt { "expected" } dd { (failure.expected) }
                dt { "seen" } dd { (failure.seen) }
                dt { "called" } dd { code { (failure.call) } }
                dt { "again" } dd { code { (failure.replay) } }
            }
            @if !lines.is_empty() { pre { (lines.join("\n")) } }
        }
    }
}

/// The word of a verdict; its colour only repeats what the word says.
pub(crate) fn badge(word: &str) -> Markup {
    let class = match word {
        "pass" => "badge good",
        "fail" | "build-error" | "not-implemented" | "refused" => "badge bad",
        _ => "badge",
    };
    html! { span class=(class) { (word) } }
}

pub(crate) fn points(score: f64, max_score: f64) -> Markup {
    html! { span.points { (score) "/" (max_score) } }
}

/// Where the report of an attempt is, seen from its student's page. A `%` of the names is no escape in an address.
fn report_of(attempt: &Attempt) -> String {
    format!("{}/{}.html", stem(&attempt.student), stem(&attempt.exercise)).replace('%', "%25")
}

/// A name for a student's files, whoever chose the student's name: different for different names, without
/// separators, not hidden, and not too long.
fn stem(student: &str) -> String {
    const LONGEST: usize = 120;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let escape =
        |byte: u8| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
    let name: String = student.bytes().map(escape).collect();
    if name == "index" {
        // That is the page of all.
        return "%69ndex".to_owned();
    }
    if name.len() <= LONGEST {
        return name;
    }
    // `%` is never followed by `-` in an escaped name, so this is no other student's.
    format!("{}%-{}", &name[..LONGEST], crate::fingerprint::of_text(student))
}

#[cfg(test)]
pub(crate) mod tests {
    use engine::workspace::Workspace;
    use exercises::Course;
    use proptest::prelude::*;

    use super::*;
    use crate::policy::tests::attempt;

    pub(crate) const REPORT: &str = r#"{"schema_version":1,"seed":0,"sandbox":"strong","verdict":"fail","score":6.5,"max_score":10.0,
        "exercises":[{"exercise":"even-odd","verdict":"fail","score":6.5,"max_score":10.0,"seconds":1.0,
        "explored":{"schedules":0,"distinct":0,"per_second":0.0},"stressed":{"runs":3},"checks":[
        {"id":"alternates","verdict":"fail","score":0.0,"max_score":3.5,"message":"a line is missing: <script>",
         "failure":{"expected":"1 to 10","seen":"</pre><script>alert(1)</script>","call":"even-odd --max 10",
                    "ending":"exit","ended":"it ended","case":"ten","schedule":null,
                    "replay":"cargo grade replay even-odd --case ten","lines":["> 3","  4"],"trace":["T0 & T1"]}},
        {"id":"terminates","verdict":"pass","score":6.5,"max_score":6.5,"message":"0 failures in 3 runs"}]}]}"#;

    /// As the rubrics of the workspace say; nothing in them is hidden.
    pub(crate) fn sight() -> Sight {
        let book = crate::book::Book::in_memory();
        let attempts =
            [attempt("ada", 0.0, 0), Attempt { exercise: "hello-threads".into(), ..attempt("ada", 0.0, 0) }];
        Sight::new((&workspace(), &course()), &book, &attempts, None, attempts[0].graded_at).unwrap()
    }

    fn workspace() -> Workspace {
        Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
    }

    /// The course of the workspace.
    pub(crate) fn course() -> Course {
        Course::of(&workspace()).unwrap()
    }

    #[test]
    fn a_page_escapes_what_students_wrote() {
        let attempts = [
            Attempt { report: Some(REPORT.into()), ..attempt("<b>ada</b>", 6.5, 1_700_000_100_000) },
            Attempt { message: Some("error: <img src=x onerror=y>".into()), ..attempt("<b>ada</b>", 0.0, 0) },
        ];
        let page = student("<b>ada</b>", &sight().all(&attempts));
        insta::assert_snapshot!(page.replace(STYLE, "…"));
        for raw in ["<script>", "<b>", "<img"] {
            assert!(!page.contains(raw), "{raw}");
        }
    }

    #[test]
    fn a_report_that_is_none_is_a_page_without_checks() {
        let broken =
            Attempt { report: Some("{\"exercises\":[{\"checks\":7}]}".into()), ..attempt("ada", 6.5, 1) };
        assert!(student("ada", &[sight().of(&broken)]).contains("even-odd"));
    }

    #[test]
    fn pages_of_nobody_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["of-before.html", "ada.html", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let left = write_all(folder.path(), vec![attempt("ada", 6.5, 1)], &sight()).unwrap();
        assert_eq!(left, [folder.path().join("of-before.html")]);
    }

    #[test]
    fn file_names_stay_in_their_folder() {
        assert_eq!(stem("ada-17"), "ada-17");
        assert_eq!(stem("../../.bashrc"), "%2e%2e%2f%2e%2e%2f%2ebashrc");
        assert_eq!(stem("index"), "%69ndex");
    }

    proptest! {
        #[test]
        fn different_students_have_different_files(one in "\\PC{0,150}", other in "\\PC{0,150}") {
            prop_assert_eq!(stem(&one) == stem(&other), one == other);
            prop_assert!(stem(&one).len() < 200);
        }
    }
}
