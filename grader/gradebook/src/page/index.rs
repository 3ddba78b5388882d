//! The page that leads to the pages of all students. It has the names and points of all, so it is for teachers.

use maud::html;

use super::{badge, document, points, stem};
use crate::sight::Seen;

/// A row for each of `students`, each with its attempts that count.
pub(super) fn render(students: &[&[Seen]]) -> String {
    let body = html! {
        h1 { "Student pages" }
        p.note { "For teachers: it has the names and points of all. Give students their own page, and the folder beside it." }
        table {
            tr { th { "student" } th { "exercises" } }
            @for attempts in students {
                tr {
                    td { a href=(address(&attempts[0].student)) { (attempts[0].student) } }
                    td {
                        @for attempt in *attempts {
                            (attempt.exercise) " " (badge(attempt.outcome.word())) " "
                            (points(attempt.final_score(), attempt.max_score)) br;
                        }
                    }
                }
            }
        }
    };
    document("Student pages", &body)
}

/// A `%` of the name is no escape in an address.
fn address(student: &str) -> String {
    format!("{}.html", stem(student)).replace('%', "%25")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::tests::sight;
    use crate::policy::tests::attempt;

    #[test]
    fn every_student_has_a_link_and_no_name_is_markup() {
        let ada = sight().all(&[attempt("ada", 10.0, 1)]);
        let mallory = sight().all(&[attempt("<b>m</b>", 0.0, 1)]);
        let page = render(&[&ada, &mallory]);
        assert!(page.contains("href=\"ada.html\"") && page.contains("10/10"), "{page}");
        assert!(
            page.contains("href=\"%253cb%253em%253c%252fb%253e.html\"") && !page.contains("<b>"),
            "{page}"
        );
    }
}
