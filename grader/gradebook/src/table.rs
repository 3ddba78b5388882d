//! Plain text in columns, for terminals.

/// `rows` with their columns aligned: the first to the left, the others to the right unless they
/// are text. No cell can move the cursor or change colours.
pub fn render(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| aligned(cell, width)).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// The text in one line, without control characters: names and messages come from students.
pub fn harmless(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn aligned(cell: &str, width: usize) -> String {
    let is_number = cell.starts_with(|char: char| char.is_ascii_digit()) && !cell.contains(['-', ' ']);
    if is_number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_harmless() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = render(&[
            row(["name", "points", "verdict"]),
            row(["a\u{1b}[31m", "6.5", "pass"]),
            row(["bob", "10", ""]),
        ]);
        assert_eq!(text, "name    points  verdict\na\u{fffd}[31m     6.5  pass\nbob         10\n");
    }
}
