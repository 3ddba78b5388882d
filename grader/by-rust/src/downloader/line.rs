//! The lines that the program prints.

use std::fmt;

use engine::observation::Observation;

use exercise::judges;

/// One line of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `ok BYTES SHA256 NAME URL`
    Ok { bytes: u64, sha256: &'a str, name: &'a str, url: &'a str },
    /// `failed REASON URL`
    Failed { reason: &'a str, url: &'a str },
}

impl<'a> Line<'a> {
    /// Reads a line. A name may contain spaces, a URL never does.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        let (rest, url) = rest.rsplit_once(' ').filter(|(_, url)| !url.is_empty())?;
        match word {
            "ok" => {
                let (bytes, rest) = rest.split_once(' ')?;
                let (sha256, name) = rest.split_once(' ')?;
                Some(Self::Ok { bytes: judges::number(bytes)?, sha256, name, url })
            }
            "failed" => is_word(rest).then_some(Self::Failed { reason: rest, url }),
            _ => None,
        }
    }

    pub(super) fn url(&self) -> &'a str {
        match self {
            Self::Ok { url, .. } | Self::Failed { url, .. } => url,
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok { bytes, sha256, name, url } => write!(f, "ok {bytes} {sha256} {name} {url}"),
            Self::Failed { reason, url } => write!(f, "failed {reason} {url}"),
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The first line about `url`, and its place in the output.
pub(super) fn find<'a>(seen: &'a Observation, url: &str) -> Option<(usize, Line<'a>)> {
    let lines = seen.stdout.lines.iter().enumerate();
    lines.filter_map(|(index, line)| Some((index, Line::parse(line)?))).find(|(_, line)| line.url() == url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_contain_spaces() {
        let line = Line::parse("ok 12 abc my file.txt http://h/my%20file.txt").unwrap();
        let url = "http://h/my%20file.txt";
        assert_eq!(line, Line::Ok { bytes: 12, sha256: "abc", name: "my file.txt", url });
        assert_eq!(line.to_string(), "ok 12 abc my file.txt http://h/my%20file.txt");
    }

    #[test]
    fn a_reason_is_one_word() {
        let url = "not-a-url";
        assert_eq!(
            Line::parse("failed status-404 not-a-url"),
            Some(Line::Failed { reason: "status-404", url })
        );
        assert_eq!(Line::parse("failed not found http://h/"), None);
    }

    #[test]
    fn other_lines_are_none() {
        for line in
            ["", "ok", "ok 1 a http://h/", "ok one a b http://h/", "ok +1 a b u", "done 1 a b u", "failed  u"]
        {
            assert_eq!(Line::parse(line), None, "{line:?}");
        }
    }
}
