//! Parts of a program's run as a report may show them.

use std::fmt::Write;
use std::path::Path;

use engine::escape::{as_word, in_line, is_invisible};
use engine::rules::Refusal;
use engine::source::Source;

/// Where and why a source was refused, a line a rule.
pub(super) fn refused(exercise: &str, source: &Source, refusals: &[Refusal]) -> String {
    refusals.iter().fold(String::new(), |mut text, Refusal { file, line, rule }| {
        let path = source.display_path(exercise, file);
        let line = if *line == 0 { String::new() } else { format!(":{line}") };
        let _ = writeln!(text, "{}{line}: {rule}", in_line(&path.display().to_string()));
        text
    })
}

/// Up to four lines on both sides of the line at fault, or the last lines.
pub(crate) fn lines_around(lines: &[String], fault: Option<usize>) -> Vec<String> {
    const AROUND: usize = 4;
    let centre = fault.unwrap_or(lines.len());
    let first = centre.saturating_sub(AROUND);
    lines
        .iter()
        .enumerate()
        .skip(first)
        .take(centre - first + AROUND + 1)
        .map(|(index, line)| {
            let mark = if fault == Some(index) { '>' } else { ' ' };
            format!("{mark}{:>5} │ {}", index + 1, shown(line))
        })
        .collect()
}

/// The last lines that a program wrote to standard error, as far as they help. Threads have numbers of the system
/// there, which are others in each run.
pub(crate) fn last_said(lines: &[String]) -> Vec<String> {
    const MOST: usize = 12;
    let helps = |line: &&String| !line.starts_with("note: run with `RUST_BACKTRACE=1`") && !line.is_empty();
    let lines: Vec<String> = lines.iter().filter(helps).map(|line| shown(&without_number(line))).collect();
    lines[lines.len().saturating_sub(MOST)..].to_vec()
}

/// `thread 'NAME' (NUMBER) panicked at PLACE` without the number.
pub(super) fn without_number(line: &str) -> String {
    let parts = line.split_once(" panicked at ").filter(|(thread, _)| thread.starts_with("thread '"));
    let named = parts.and_then(|(thread, place)| Some((thread.rsplit_once(" (")?.0, place)));
    named.map_or_else(|| line.to_owned(), |(thread, place)| format!("{thread} panicked at {place}"))
}

/// A line as a report may show it: control characters escaped, length bounded.
fn shown(line: &str) -> String {
    const MOST: usize = 200;
    let escaped = line.chars().flat_map(|c| {
        let is_shown = !is_invisible(c);
        is_shown.then_some(c).into_iter().chain((!is_shown).then(|| c.escape_default()).into_iter().flatten())
    });
    let mut text: String = escaped.take(MOST + 1).collect();
    if text.chars().count() > MOST {
        text.pop();
        text.push('…');
    }
    text
}

/// `path` as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    as_word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(count: usize) -> Vec<String> {
        (1..=count).map(|number| number.to_string()).collect()
    }

    #[test]
    fn the_line_at_fault_is_marked_between_its_neighbours() {
        let lines = lines_around(&numbered(20), Some(9));
        assert_eq!(lines.len(), 9);
        assert_eq!((lines[3].as_str(), lines[4].as_str()), ("     9 │ 9", ">   10 │ 10"));
    }

    #[test]
    fn without_a_line_at_fault_the_last_ones_are_shown() {
        assert_eq!(
            lines_around(&numbered(20), None),
            ["    17 │ 17", "    18 │ 18", "    19 │ 19", "    20 │ 20"]
        );
    }

    #[test]
    fn what_a_student_prints_cannot_steer_the_terminal() {
        assert_eq!(shown("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 201);
    }

    #[test]
    fn what_is_said_beside_the_output_is_the_same_in_each_run() {
        let said = [
            "",
            "mine = 3",
            "thread '<unnamed>' (712) panicked at src/main.rs:3:1:",
            "no turn",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        ];
        let lines = last_said(&said.map(String::from));
        assert_eq!(lines, ["mine = 3", "thread '<unnamed>' panicked at src/main.rs:3:1:", "no turn"]);
        assert_eq!(last_said(&numbered(40)).len(), 12);
    }

    #[test]
    fn a_path_with_a_quote_survives_the_shell() {
        assert_eq!(quoted(Path::new("it's.rs")), r"'it'\''s.rs'");
        assert_eq!(quoted(Path::new("a/b-1.rs")), "a/b-1.rs");
    }
}
