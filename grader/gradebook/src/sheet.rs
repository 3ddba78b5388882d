//! Tables that people keep in spreadsheets and platforms write: CSV in any of its dialects.
//!
//! A row is known by its line, and what is not understood is said with it.

use std::path::Path;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::error::Error;
use crate::name::one_form;

/// A column that is understood.
pub(crate) struct Column {
    /// What it is called here.
    pub(crate) name: &'static str,
    /// What else it is called elsewhere; see [`plain`].
    pub(crate) also: &'static [&'static str],
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    columns: Vec<Option<&'static str>>,
    /// The rows that are not empty.
    pub(crate) rows: Vec<Row>,
    /// What a person should know about how it was read.
    pub(crate) notes: Vec<String>,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The line of the file in which it begins, from 1.
    pub(crate) line: u64,
    cells: Vec<String>,
}

/// Reads the file at `path`: comma, semicolon or tab; UTF-8, UTF-16 with its mark, or else Windows-1252.
///
/// # Errors
/// When it cannot be read, or a row has another number of cells than the header.
pub(crate) fn read(path: &Path, columns: &[Column]) -> Result<Sheet, Error> {
    let bytes = std::fs::read(path).map_err(grader::error::Error::file(path))?;
    parse(&bytes, columns).map_err(|reason| Error::content(path, reason))
}

pub(crate) fn parse(bytes: &[u8], columns: &[Column]) -> Result<Sheet, String> {
    let mut sheet = Sheet::default();
    let text = decoded(bytes, &mut sheet.notes);
    let (text, skipped) = without_separator_line(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    sheet.columns = sheet.understood(&header, columns)?;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = line_at(text, record.position().map_or(0, csv::Position::byte)) + skipped;
        let cells: Vec<String> = record.iter().map(one_form).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let more = cells.iter().skip(header.len()).any(|cell| !cell.is_empty());
        if more || cells.len() < header.len() {
            return Err(format!(
                "line {line}: it has {} cells, and the header {}",
                cells.len(),
                header.len()
            ));
        }
        if cells.iter().any(|cell| cell.contains('\n')) {
            return Err(format!(
                "line {line}: a cell goes over several lines: is a quotation mark not closed?"
            ));
        }
        sheet.rows.push(Row { line, cells });
    }
    Ok(sheet)
}

impl Sheet {
    /// Whether there is such a column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.contains(&Some(column))
    }

    /// What `row` says in `column`; nothing where there is no such column.
    pub(crate) fn cell<'a>(&self, row: &'a Row, column: &str) -> &'a str {
        let place = self.columns.iter().position(|known| *known == Some(column));
        place.and_then(|place| row.cells.get(place)).map_or("", String::as_str)
    }

    /// Which column each cell of the header is.
    fn understood(
        &mut self,
        header: &csv::StringRecord,
        columns: &[Column],
    ) -> Result<Vec<Option<&'static str>>, String> {
        let mut found: Vec<Option<&'static str>> = Vec::new();
        for cell in header {
            let word = plain(cell);
            let is = |column: &&Column| plain(column.name) == word || column.also.contains(&word.as_str());
            let column = columns.iter().find(is).map(|column| column.name);
            if column.is_some() && found.contains(&column) {
                return Err(format!("line 1: two columns are `{}`", column.unwrap_or_default()));
            }
            if column.is_none() && !cell.is_empty() {
                self.notes.push(format!("line 1: the column `{cell}` is not used"));
            }
            found.push(column);
        }
        Ok(found)
    }
}

/// The line of the row that is the next from byte `start` on: the reader counts neither empty lines nor the second half
/// of `\r\n` before it.
fn line_at(text: &str, start: u64) -> u64 {
    let bytes = text.as_bytes();
    let start = usize::try_from(start).unwrap_or(bytes.len()).min(bytes.len());
    let ends = bytes[start..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    1 + bytes[..start + ends].iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The letters and digits of a header, small: `E-Mail` and `email` are one.
fn plain(header: &str) -> String {
    header.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The text without a mark of its encoding.
fn decoded(bytes: &[u8], notes: &mut Vec<String>) -> String {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let is_utf_8 = str::from_utf8(bytes).is_ok();
    let encoding = marked.unwrap_or(if is_utf_8 { UTF_8 } else { WINDOWS_1252 });
    if encoding == WINDOWS_1252 {
        let place = str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        let line = bytes[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
        notes.push(format!("line {line}: it is no UTF-8; taken as Windows-1252 (Latin-1)"));
    }
    encoding.decode(bytes).0.into_owned()
}

/// Without the line by which Excel is told the separator; how many lines that are.
fn without_separator_line(text: &str) -> (&str, u64) {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == 5 && line.to_ascii_lowercase().starts_with("sep=") {
        return (text.split_once('\n').map_or("", |(_, rest)| rest), 1);
    }
    (text, 0)
}

/// The separator that the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: u8| header.bytes().filter(|byte| *byte == separator).count();
    // Of those with equally many the last is taken.
    [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] =
        [Column { name: "folder", also: &["fullname"] }, Column { name: "id", also: &["idnumber"] }];

    fn cells(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let sheet = parse(bytes, &COLUMNS).unwrap();
        let row = |row: &Row| (row.line, sheet.cell(row, "folder").into(), sheet.cell(row, "id").into());
        sheet.rows.iter().map(row).collect()
    }

    fn row(line: u64, folder: &str, id: &str) -> (u64, String, String) {
        (line, folder.into(), id.into())
    }

    #[test]
    fn every_dialect_is_read() {
        let wanted = [row(2, "J\u{f6}", "1")];
        for text in
            ["folder,id\nJ\u{f6},1\n", "Folder;ID\r\nJ\u{f6};1\r\n", "ID number\tFull name\n1\tJo\u{308}\n"]
        {
            assert_eq!(cells(text.as_bytes()), wanted, "{text}");
            assert_eq!(cells(format!("\u{feff}{text}").as_bytes()), wanted, "{text}");
            let utf_16: Vec<u8> =
                format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(cells(&utf_16), wanted, "{text}");
        }
        assert_eq!(cells("sep=;\nfolder;id\na,b;1\n".as_bytes()), [row(3, "a,b", "1")]);
    }

    #[test]
    fn what_is_no_utf_8_is_read_and_said() {
        let sheet = parse(b"folder,id\nada,1\nJ\xf6,2\n", &COLUMNS).unwrap();
        assert_eq!(sheet.cell(&sheet.rows[1], "folder"), "J\u{f6}");
        assert_eq!(sheet.notes, ["line 3: it is no UTF-8; taken as Windows-1252 (Latin-1)"]);
    }

    #[test]
    fn empty_rows_are_none_and_keep_the_lines_of_others() {
        assert_eq!(
            cells(b"folder,id\r\n,\r\nada,1\r\n\r\nbob,2\r\n,\r\n,,,\r\n"),
            [row(3, "ada", "1"), row(5, "bob", "2")]
        );
    }

    #[test]
    fn what_is_not_understood_is_said_with_its_line() {
        assert_eq!(
            parse(b"folder,mark\na,1\n", &COLUMNS).unwrap().notes,
            ["line 1: the column `mark` is not used"]
        );
        let reason = |text: &[u8]| parse(text, &COLUMNS).unwrap_err();
        assert_eq!(reason(b"folder,id\nada\n"), "line 2: it has 1 cells, and the header 2");
        assert_eq!(reason(b"folder,id\nada,1,2\n"), "line 2: it has 3 cells, and the header 2");
        assert_eq!(reason(b"id,ID-number\n1,2\n"), "line 1: two columns are `id`");
        assert!(reason(b"folder,id\nada,\"1\nbob,2\n").starts_with("line 2: "));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for bytes in [&b""[..], b"\xff\xfe", b"sep=", b"sep=;", b"\"", b"\xef\xbb\xbf", b"\0,\0\n\0"] {
            let _ = parse(bytes, &COLUMNS);
        }
    }
}
