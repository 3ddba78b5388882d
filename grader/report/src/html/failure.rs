//! One failure: what was promised, what happened, and the run that shows it.

use engine::escape::markup;

use super::super::{CheckReport, Failure};
use super::program::Program;
use super::{chip, schedule, waits};
use crate::verdict::Verdict;

/// `known` says that the same run is shown above.
pub(super) fn article(check: &CheckReport, failure: &Failure, known: bool, program: &Program<'_>) -> String {
    let word = match check.verdict {
        Verdict::Pass => "shown",
        _ if check.is_advice() => "advice",
        verdict => verdict.word(),
    };
    let run =
        if known { "<p class=\"dim\">The run is the one above.</p>\n".into() } else { run(failure, program) };
    format!(
        "<article>\n<h3>{} {}</h3>\n<dl>\n{}{}{}{}{}</dl>\n{run}</article>\n",
        markup(&check.id),
        chip(word),
        failure.sentence.as_ref().map(|of| term("contract", &of.text)).unwrap_or_default(),
        term("expected", &failure.expected),
        term("seen", &failure.seen),
        term("ended", &failure.ended),
        place(failure, program),
    )
}

fn term(name: &str, text: &str) -> String {
    format!("<dt>{name}</dt><dd>{}</dd>\n", markup(text))
}

fn place(failure: &Failure, program: &Program<'_>) -> String {
    let Some(place) = &failure.place else { return String::new() };
    format!("<dt>at</dt><dd>{}</dd>\n", program.link(place, "line", &markup(&place.to_string()), ""))
}

fn run(failure: &Failure, program: &Program<'_>) -> String {
    let found = failure.found_after.map(|count| format!(", found by schedule {count}")).unwrap_or_default();
    let mut html = format!("<p class=\"call\"><code>{}</code>{found}</p>\n", markup(&failure.call));
    if let Some(picture) = &failure.picture {
        html += &schedule::figure(picture, program);
        html += &waits::figure(picture, program);
    }
    if !failure.lines.is_empty() {
        let line = |text: &String| {
            let class = if text.starts_with('>') { " class=\"fails\"" } else { "" };
            format!("<span{class}>{}\n</span>", markup(text))
        };
        let lines: String = failure.lines.iter().map(line).collect();
        html += &format!(
            "<details open><summary>Output</summary><pre class=\"output\">{lines}</pre></details>\n"
        );
    }
    if !failure.stderr.is_empty() {
        let said = markup(&failure.stderr.join("\n"));
        html += &format!(
            "<details open><summary>Standard error</summary><pre class=\"output\">{said}</pre></details>\n"
        );
    }
    html + &format!("<p class=\"again\">Again: <code>{}</code></p>\n", markup(&failure.replay))
}
