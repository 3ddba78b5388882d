//! What is counted in a file, piece by piece: the file may be far larger than the memory.

use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

/// So much of a file is in memory at once.
const PIECE: usize = 64 * 1024;

/// How many lines, words and bytes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    lines: u64,
    words: u64,
    bytes: u64,
}

impl Counts {
    pub(crate) fn of(file: &Path) -> io::Result<Self> {
        let mut counter = Counter::default();
        io::copy(&mut BufReader::with_capacity(PIECE, File::open(file)?), &mut counter)?;
        Ok(counter.counts)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            lines: self.lines + other.lines,
            words: self.words + other.words,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Display for Counts {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.lines, self.words, self.bytes)
    }
}

/// Counts what is written to it.
#[derive(Default)]
struct Counter {
    counts: Counts,
    /// A word may go on in the next piece.
    in_word: bool,
}

impl Counter {
    fn add(&mut self, piece: &[u8]) {
        // BEGIN SOLUTION
        self.counts.bytes += piece.len() as u64;
        for byte in piece {
            self.counts.lines += u64::from(*byte == b'\n');
            match byte {
                b' ' | b'\t'..=b'\r' => self.in_word = false,
                b'!'..=b'~' => {
                    self.counts.words += u64::from(!self.in_word);
                    self.in_word = true;
                }
                // Without a printable character there is no word, but what is not printable ends none either.
                _ => {}
            }
        }
        // END SOLUTION
    }
}

impl Write for Counter {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.add(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pieces: &[&str]) -> Counts {
        let mut counter = Counter::default();
        pieces.iter().for_each(|piece| counter.add(piece.as_bytes()));
        counter.counts
    }

    #[test]
    fn a_word_may_cross_the_border_of_two_pieces() {
        assert_eq!(counted(&["one tw", "o\nthree"]), Counts { lines: 1, words: 3, bytes: 13 });
        assert_eq!(counted(&["one ", "two"]), Counts { lines: 0, words: 2, bytes: 7 });
    }

    #[test]
    fn what_is_not_printable_neither_makes_nor_ends_a_word() {
        assert_eq!(counted(&["a\0b \u{1} \u{7f}c \u{e9}"]).words, 2);
    }

    #[test]
    fn six_characters_end_a_word() {
        assert_eq!(counted(&["a b\tc\nd\u{b}e\u{c}f\rg"]).words, 7);
    }
}
