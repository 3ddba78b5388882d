//! Parts of a program's run as a report may show them.

use std::fmt::Write;
use std::path::Path;

use crate::report::escape::{in_line, is_invisible};
use crate::rules::Refusal;
use crate::source::Source;

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
pub(super) fn lines_around(lines: &[String], fault: Option<usize>) -> Vec<String> {
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
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
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
    fn a_path_with_a_quote_survives_the_shell() {
        assert_eq!(quoted(Path::new("it's.rs")), r"'it'\''s.rs'");
        assert_eq!(quoted(Path::new("a/b-1.rs")), "a/b-1.rs");
    }
}
