//! The lines of a file, in memory that does not depend on the file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// No number is longer. A file without line ends may be.
const LONGEST: u64 = 4096;

pub(crate) struct Lines<R = BufReader<File>> {
    input: R,
    number: u64,
}

/// A line without its end and without white space around.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    /// What is too long ends with `…`; what is not UTF-8 has replacement characters.
    pub(crate) text: String,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { input: BufReader::new(File::open(path)?), number: 0 })
    }
}

impl<R: BufRead> Lines<R> {
    fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let mut text = String::from_utf8_lossy(&bytes).trim().to_owned();
        if read as u64 == LONGEST && !bytes.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
            text.push('…');
        }
        Ok(Some(Line { number: self.number, text }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

impl Line {
    pub(crate) fn value(&self) -> Option<i64> {
        self.text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(input: &[u8]) -> Vec<(u64, String)> {
        let lines = Lines { input, number: 0 };
        lines.map(|line| line.unwrap()).map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        assert_eq!(texts(b"1\r\n\n 3"), [(1, "1".to_owned()), (2, String::new()), (3, "3".to_owned())]);
        assert_eq!(texts(b""), []);
    }

    #[test]
    fn of_a_line_that_is_too_long_only_the_beginning_is_kept() {
        let input = [&[b'7'; 10_000][..], b"\n8\n"].concat();
        let lines = texts(&input);
        assert_eq!((lines[0].0, lines[0].1.len()), (1, LONGEST as usize + '…'.len_utf8()));
        assert_eq!(lines[1..], [(2, "8".to_owned())]);
    }

    #[test]
    fn a_value_is_an_integer_of_64_bits() {
        let value = |text: &str| Line { number: 1, text: text.to_owned() }.value();
        assert_eq!(value("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(value("9223372036854775808"), None);
        assert_eq!((value(""), value("7.0"), value("0x7")), (None, None, None));
    }
}
