//! What clients may send: names, and lines of bounded length.

use std::io::{BufRead, ErrorKind};

/// Bytes in a line, its line end not counted.
pub(crate) const LONGEST_LINE: usize = 4096;
const LONGEST_NICK: usize = 32;

/// Why a client is turned away; sent to it after `ERROR `.
pub(crate) type Refusal = &'static str;

pub(crate) fn parse_nick(nick: &str) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=LONGEST_NICK).contains(&nick.len()) && nick.bytes().all(allowed) {
        Ok(nick.to_owned())
    } else {
        Err("a name is 1 to 32 of A-Z a-z 0-9 _ -")
    }
}

/// The nick in a client's first line.
pub(crate) fn parse_greeting(line: &str) -> Result<String, Refusal> {
    parse_nick(line.strip_prefix("NAME ").ok_or("the first line must be NAME nick")?)
}

/// The next line without its line end (`\n`, or `\r\n` as telnet sends it). `None` when the client has closed its
/// side or is gone; what it sent after its last line end is not a line then.
pub(crate) fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Refusal> {
    let mut line = Vec::new();
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) | Ok([]) => return Ok(None),
            Ok(chunk) => chunk,
        };
        let end = chunk.iter().position(|&byte| byte == b'\n');
        line.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        input.consume(used);

        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        if text.len() > LONGEST_LINE {
            return Err("line too long");
        }
        if end.is_some() {
            return String::from_utf8(text.to_vec()).map(Some).map_err(|_| "not UTF-8");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<Result<Option<String>, Refusal>> {
        let mut lines = Vec::new();
        while !input.is_empty() {
            lines.push(read_line(&mut input));
        }
        lines
    }

    #[test]
    fn both_line_ends_are_stripped_and_only_at_the_end() {
        let expected = ["a", "", "b\rc", "d\r"].map(|text| Ok(Some(text.to_owned())));
        assert_eq!(lines(b"a\n\r\nb\rc\nd\r\r\n"), expected);
    }

    #[test]
    fn an_unfinished_line_is_no_line() {
        assert_eq!(lines(b"a\nhalf"), [Ok(Some("a".to_owned())), Ok(None)]);
    }

    #[test]
    fn the_limit_does_not_count_the_line_end() {
        let longest = "x".repeat(LONGEST_LINE);
        for end in ["\n", "\r\n"] {
            assert_eq!(lines(format!("{longest}{end}").as_bytes()), [Ok(Some(longest.clone()))]);
            assert_eq!(lines(format!("{longest}x{end}").as_bytes()), [Err("line too long")]);
        }
    }

    #[test]
    fn a_line_is_too_long_before_its_end_is_seen() {
        assert_eq!(lines("x".repeat(LONGEST_LINE + 1).as_bytes()), [Err("line too long")]);
    }

    #[test]
    fn nicks_are_ascii_letters_digits_underscores_and_hyphens() {
        for good in ["a", "Z-9_", &"x".repeat(32)] {
            assert_eq!(parse_greeting(&format!("NAME {good}")), Ok(good.to_owned()));
        }
        for bad in ["", " a", "a ", "a b", "é", "a\r", "a/b", &"x".repeat(33)] {
            assert!(parse_greeting(&format!("NAME {bad}")).is_err(), "{bad:?}");
        }
    }
}
