//! What of a report a screen shows.

/// How many last lines are always shown: what it came to, and what to do next.
const LAST: usize = 2;

/// The first and last lines of a text, as many as a screen of so many rows and columns has room for.
pub fn fitted(text: &str, rows: usize, columns: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let height = |lines: &[&str]| lines.iter().map(|line| height(line, columns)).sum::<usize>();
    if height(&lines) <= rows {
        return text.to_owned();
    }
    let (first, last) = lines.split_at(lines.len().saturating_sub(LAST));
    let room = rows.saturating_sub(height(last) + 1);
    let count = (0..=first.len()).rev().find(|&count| height(&first[..count]) <= room).unwrap_or(0);
    let hidden = [format!("… {} more lines: press a for all", first.len() - count)];
    let shown = first[..count].iter().copied().chain(hidden.iter().map(String::as_str));
    shown.chain(last.iter().copied()).map(|line| format!("{line}\n")).collect()
}

/// How many rows a line takes.
fn height(line: &str, columns: usize) -> usize {
    let length = anstream::adapter::strip_str(line).to_string().chars().count();
    length.div_ceil(columns.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";

    #[test]
    fn what_fits_is_shown_whole() {
        assert_eq!(fitted(TEXT, 6, 80), TEXT);
    }

    #[test]
    fn the_middle_is_left_out() {
        assert_eq!(fitted(TEXT, 5, 80), "one\ntwo\n… 2 more lines: press a for all\nfive\nsix\n");
    }

    #[test]
    fn a_long_line_takes_several_rows_and_colours_take_none() {
        assert_eq!(height("12345", 2), 3);
        assert_eq!(height("\u{1b}[31m12\u{1b}[0m", 2), 1);
        assert_eq!(height("", 2), 1);
    }

    #[test]
    fn a_screen_of_one_row_shows_the_last_lines() {
        assert_eq!(fitted(TEXT, 1, 80), "… 4 more lines: press a for all\nfive\nsix\n");
    }
}
