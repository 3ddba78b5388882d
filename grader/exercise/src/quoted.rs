//! Lines of programs within sentences.

/// A line in backticks for a message; a long one is cut.
pub fn quoted(line: &str) -> String {
    const LONGEST: usize = 80;
    match line.char_indices().nth(LONGEST) {
        None => format!("`{line}`"),
        Some((end, _)) => format!("`{}…`", &line[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_between_characters() {
        assert_eq!(quoted("short"), "`short`");
        let cut = quoted(&"é".repeat(1000));
        assert_eq!(cut, format!("`{}…`", "é".repeat(80)));
    }
}
