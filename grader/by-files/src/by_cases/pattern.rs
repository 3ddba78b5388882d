//! Patterns of lines: literal text, with `{name}` for an integer, `{name:word}` for a word without blanks, and
//! `{name:text}` for any text.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use exercise::judges::number;

/// A longer line fits no pattern that captures anything: no contract asks for one.
const LONGEST: usize = 10_000;

/// What a line must be. Captures are taken from the left, each as long as it can be.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Pattern {
    /// As it is written, for people.
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(Vec<char>),
    Capture { name: String, kind: Kind },
}

/// What a capture can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An integer of 64 bits, written the one way that `println!` writes it.
    Integer,
    /// One character or more, none of them a blank.
    Word,
    /// One character or more.
    Text,
}

impl Kind {
    /// Whether a character can stand in it.
    fn has(self, character: char) -> bool {
        match self {
            Self::Integer => character.is_ascii_digit(),
            Self::Word => !character.is_whitespace(),
            Self::Text => true,
        }
    }
}

/// What a line has in the places of a pattern's captures.
pub(super) type Captures = BTreeMap<String, String>;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When a brace does not close or a capture cannot be told from its neighbours; says what is allowed.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            rest = &rest[next.len_utf8()..];
            let piece = match next {
                '{' | '}' if rest.starts_with(next) => {
                    rest = &rest[1..];
                    Piece::Literal(vec![next])
                }
                '{' => {
                    let Some((inner, after)) = rest.split_once('}') else {
                        return Err(wrong(text, "a `{` does not close: write `{{` for a brace itself"));
                    };
                    rest = after;
                    capture(inner).map_err(|reason| wrong(text, &reason))?
                }
                '}' => return Err(wrong(text, "a `}` closes nothing: write `}}` for a brace itself")),
                '\n' | '\r' => return Err(wrong(text, "it is about one line, and has the end of one in it")),
                other => Piece::Literal(vec![other]),
            };
            add(&mut pieces, piece).map_err(|reason| wrong(text, &reason))?;
        }
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// What the pattern captures in `line`; `None` where the line does not fit.
    pub fn captures(&self, line: &str) -> Option<Captures> {
        if let [] | [Piece::Literal(_)] = &self.pieces[..] {
            return self.fits_literally(line).then(Captures::new);
        }
        if line.len() > LONGEST {
            return None;
        }
        let line: Vec<char> = line.chars().collect();
        let fits = self.fits_from(&line);
        if !fits[0][0] {
            return None;
        }
        let mut at = 0;
        let mut captures = Captures::new();
        for (piece, fits_after) in self.pieces.iter().zip(&fits[1..]) {
            let end = piece.ends(&line, at).rfind(|&end| fits_after[end])?;
            if let Piece::Capture { name, .. } = piece {
                captures.insert(name.clone(), line[at..end].iter().collect());
            }
            at = end;
        }
        Some(captures)
    }

    /// Whether `line` fits.
    pub fn fits(&self, line: &str) -> bool {
        self.captures(line).is_some()
    }

    /// The name of each capture, and what it stands for.
    pub fn names(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Capture { name, kind } => Some((name.as_str(), *kind)),
            Piece::Literal(_) => None,
        })
    }

    /// The line that has `number` in the place of every capture.
    pub fn filled(&self, number: i64) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.iter().collect(),
            Piece::Capture { .. } => number.to_string(),
        };
        self.pieces.iter().map(piece).collect()
    }

    fn fits_literally(&self, line: &str) -> bool {
        let literal = self.pieces.iter().flat_map(|piece| match piece {
            Piece::Literal(literal) => literal.as_slice(),
            Piece::Capture { .. } => &[],
        });
        line.chars().eq(literal.copied())
    }

    /// Whether the pieces from `i` on fit the line from `at` on, as `[i][at]`. Found from the end, so that the time is
    /// at most the length of the line for each piece, whatever the line.
    fn fits_from(&self, line: &[char]) -> Vec<Vec<bool>> {
        let mut end = vec![false; line.len() + 1];
        end[line.len()] = true;
        let mut fits = vec![end];
        for piece in self.pieces.iter().rev() {
            let after = &fits[fits.len() - 1];
            fits.push(piece.fits_before(line, after));
        }
        fits.reverse();
        fits
    }
}

impl Piece {
    /// From which places on the piece fits, and after it what `after` says.
    fn fits_before(&self, line: &[char], after: &[bool]) -> Vec<bool> {
        let mut fits = vec![false; line.len() + 1];
        for at in (0..=line.len()).rev() {
            fits[at] = match self {
                // One more character, before an end or before more of it.
                Self::Capture { kind: kind @ (Kind::Word | Kind::Text), .. } => {
                    let goes_on = line.get(at).is_some_and(|next| kind.has(*next));
                    goes_on && (after[at + 1] || fits[at + 1])
                }
                _ => self.ends(line, at).any(|end| after[end]),
            };
        }
        fits
    }

    /// Where the piece can end that begins at `at`, ascending.
    fn ends<'a>(&'a self, line: &'a [char], at: usize) -> Box<dyn DoubleEndedIterator<Item = usize> + 'a> {
        let rest = &line[at..];
        match self {
            Self::Literal(literal) => {
                Box::new(rest.starts_with(literal).then_some(at + literal.len()).into_iter())
            }
            Self::Capture { kind: kind @ (Kind::Word | Kind::Text), .. } => {
                let length = rest.iter().take_while(|next| kind.has(**next)).count();
                Box::new(at + 1..=at + length)
            }
            Self::Capture { kind: Kind::Integer, .. } => {
                let digits = rest.iter().skip(1).take_while(|next| next.is_ascii_digit()).count();
                // No integer of 64 bits is longer.
                let lengths = 1..=rest.len().min(digits + 1).min(20);
                let is_number =
                    |length: &usize| number::<i64>(&rest[..*length].iter().collect::<String>()).is_some();
                Box::new(lengths.filter(is_number).map(move |length| at + length))
            }
        }
    }
}

/// What stands between braces.
fn capture(inner: &str) -> Result<Piece, String> {
    let (name, kind) = match inner.split_once(':') {
        None => (inner, Kind::Integer),
        Some((name, "word")) => (name, Kind::Word),
        Some((name, "text")) => (name, Kind::Text),
        Some((name, other)) => {
            return Err(format!(
                "`{{{name}:{other}}}` is none of `{{{name}}}`, an integer, `{{{name}:word}}`, a word, and \
                 `{{{name}:text}}`, any text"
            ));
        }
    };
    if !is_name(name) {
        return Err(format!(
            "`{name}` is no name: it has a-z, 0-9 and _, begins with a letter, and is not `and`"
        ));
    }
    Ok(Piece::Capture { name: name.to_owned(), kind })
}

/// Whether `name` can be a capture's: the same in patterns and in conditions.
fn is_name(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(is_known) && name != "and"
}

/// Adds a piece; characters that stand side by side are one literal.
fn add(pieces: &mut Vec<Piece>, piece: Piece) -> Result<(), String> {
    if let Piece::Capture { name, .. } = &piece
        && pieces.iter().any(|piece| piece.is_called(name))
    {
        return Err(format!("two captures are called `{name}`"));
    }
    match (pieces.last_mut(), piece) {
        (Some(Piece::Literal(before)), Piece::Literal(more)) => before.extend(more),
        (Some(Piece::Capture { name: before, .. }), Piece::Capture { name, .. }) => {
            return Err(format!(
                "nothing stands between `{before}` and `{name}`: where one ends is not known"
            ));
        }
        (_, piece) => pieces.push(piece),
    }
    Ok(())
}

impl Piece {
    fn is_called(&self, wanted: &str) -> bool {
        matches!(self, Self::Capture { name, .. } if name == wanted)
    }
}

fn wrong(pattern: &str, reason: &str) -> String {
    format!("the pattern `{}`: {reason}", pattern.escape_debug())
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}

#[cfg(test)]
mod tests;
