//! The compiler's errors in colours, for a terminal. The text is kept plain, and the colours are the grader's own, put
//! around what the lines look like: so nothing that stands in a source can steer the terminal.

use anstyle::{AnsiColor, Style};

use engine::escape::terminal;

const GUTTER: Style = AnsiColor::BrightBlue.on_default().bold();
const BOLD: Style = Style::new().bold();

/// `text` without anything invisible in it, its lines coloured as rustc does.
pub(super) fn coloured(text: &str) -> String {
    terminal(text).split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> String {
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    let coloured = match level(text) {
        Some(style) => {
            let (head, rest) = text.split_at(text.find(": ").unwrap_or(text.len()));
            format!("{style}{head}{style:#}{BOLD}{rest}{BOLD:#}")
        }
        None => match gutter(text) {
            0 => text.to_owned(),
            width => {
                let (gutter, rest) = text.split_at(width);
                let style = under(rest);
                format!("{GUTTER}{gutter}{GUTTER:#}{style}{rest}{style:#}")
            }
        },
    };
    coloured + end
}

/// The colour of a line that begins a message.
fn level(text: &str) -> Option<Style> {
    let colours =
        [("error", AnsiColor::BrightRed), ("warning", AnsiColor::Yellow), ("note", AnsiColor::BrightGreen)];
    let (_, colour) = colours.into_iter().find(|(level, _)| text.starts_with(level))?;
    Some(colour.on_default().bold())
}

/// How many bytes of a line are line number and frame: `12 |`, `-->`, `=`.
fn gutter(text: &str) -> usize {
    let rest = text.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit());
    let mark = ["|", "--> ", "= ", "..."].iter().find(|mark| rest.starts_with(**mark));
    mark.map_or(0, |mark| text.len() - rest.len() + mark.len())
}

/// The colour of what stands below a line of the source: what is wrong there, or what it has to do with.
fn under(rest: &str) -> Style {
    let marks = rest.trim_start_matches([' ', '|', '_']);
    match marks.chars().next() {
        Some('^') => AnsiColor::BrightRed.on_default().bold(),
        Some('-') if !marks.starts_with("->") => GUTTER,
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS: &str = "error[E0308]: mismatched types\n --> main.rs:1:2\n  |\n12 |     f(\"\u{1b}[2J\");\n   |       \
        ^^ expected `u32`\n  = note: \u{202e}x\n::error::y\n";

    #[test]
    fn without_its_colours_the_text_is_what_it_was() {
        let plain = anstream::adapter::strip_str(&coloured(ERRORS)).to_string();
        assert_eq!(plain, terminal(ERRORS));
    }

    #[test]
    fn errors_are_red_and_nothing_of_the_text_is_an_escape() {
        let text = coloured(ERRORS);
        assert!(text.contains("\u{1b}[91merror[E0308]"), "{text:?}");
        assert!(text.contains("\\u{1b}[2J") && text.contains("\\u{202e}"), "{text:?}");
        let sequences: Vec<&str> = text.split('\u{1b}').skip(1).collect();
        assert!(sequences.iter().all(|rest| {
            rest.starts_with('[')
                && rest
                    .split_once('m')
                    .is_some_and(|(code, _)| code[1..].chars().all(|c| c.is_ascii_digit() || c == ';'))
        }));
    }

    #[test]
    fn a_line_that_a_runner_takes_for_a_command_stays_one_line_without_colours() {
        assert_eq!(line("::error::y\n"), "::error::y\n");
        assert_eq!(line("  ::: src/a.rs:1:2"), "  ::: src/a.rs:1:2");
    }
}
