//! Text of students inside of other languages: it says what it says and steers nothing.

/// For XML 1.0 and HTML, in text and in quoted attributes. Characters that XML 1.0 forbids (section 2.2,
/// `Char`) become U+FFFD, and so do control characters that would only confuse: C1, and those that turn the
/// direction of text (Unicode TR 36, section 2.10).
pub(crate) fn markup(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\n' | '\t' => safe.push(c),
            // A parser would make a line feed of it, and HTML forbids its number.
            '\r' => safe.push('\u{240d}'),
            c if c.is_control() || is_forbidden(c) => safe.push(char::REPLACEMENT_CHARACTER),
            c => safe.push(c),
        }
    }
    safe
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// For a terminal or a log: control characters but line feeds and tabs are written as escapes.
pub(crate) fn terminal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if c.is_control() => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// For a log of GitHub Actions, whose runner takes lines that begin with `::`, and `##[` anywhere, for commands to
/// itself (`ActionCommand` in actions/runner).
pub(crate) fn without_commands(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("::") {
        true => line.replacen("::", "\\::", 1),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n").replace("##[", "##\\[")
}

/// For the message of a workflow command (`escapeData` of GitHub's toolkit).
pub(crate) fn command_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// For a property of a workflow command (`escapeProperty` of GitHub's toolkit).
pub(crate) fn command_property(text: &str) -> String {
    command_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// For Markdown: a block of code whose fence is longer than any in the text.
pub(crate) fn code_block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", terminal(text).trim_end_matches('\n'))
}

/// For Markdown, also in a table: code in a line.
pub(crate) fn code(text: &str) -> String {
    let text = terminal(text).replace(['\n', '\t'], " ").replace('|', "¦");
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(|run| run.len() / of.len_utf8()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_has_no_markup_left_and_nothing_that_xml_forbids() {
        assert_eq!(markup("]]></a b='\"'>&"), "]]&gt;&lt;/a b=&#39;&quot;&#39;&gt;&amp;");
        assert_eq!(
            markup("a\u{1b}[31m\u{0}\u{fffe}\r\n\u{202e}"),
            "a\u{fffd}[31m\u{fffd}\u{fffd}\u{240d}\n\u{fffd}"
        );
    }

    #[test]
    fn a_percent_sign_is_escaped_before_what_is_written_with_one() {
        assert_eq!(command_message("100%\r\n"), "100%25%0D%0A");
        assert_eq!(command_property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }

    #[test]
    fn a_fence_is_longer_than_those_inside() {
        assert_eq!(code_block("a\n```\n"), "````text\na\n```\n````\n");
        assert_eq!(code("a ` b|c\nd"), "``a ` b¦c d``");
        assert_eq!(code("`x"), "`` `x ``");
    }

    #[test]
    fn a_terminal_gets_no_escape_sequence() {
        assert_eq!(terminal("\u{1b}[31m\n"), "\\u{1b}[31m\n");
    }
}
