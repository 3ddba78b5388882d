//! Text of students inside of other languages: it says what it says and steers nothing.

/// For XML 1.0 and HTML, in text and in quoted attributes. Characters that XML 1.0 forbids (section 2.2,
/// `Char`) become U+FFFD, and so do those that would only confuse.
pub fn markup(text: &str) -> String {
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
            c if is_invisible(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                safe.push(char::REPLACEMENT_CHARACTER);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Whether a character is not seen itself but changes what is seen: controls, separators of lines and paragraphs,
/// those that turn the direction of text or have no width (general categories Cc, Cf, Zl and Zp, and
/// `Default_Ignorable_Code_Point`, of Unicode 17; see also UTS 55).
pub fn is_invisible(c: char) -> bool {
    c.is_control() || INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// Ranges, in order.
const INVISIBLE: [(char, char); 27] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{16fe4}', '\u{16fe4}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d159}', '\u{1d159}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// For a place in a line, as the name of a file: nothing in it begins another line.
pub fn in_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match is_invisible(c) {
            true => safe.extend(c.escape_default()),
            false => safe.push(c),
        }
        safe
    })
}

/// For a terminal or a log: what is not seen, but line feeds and tabs, is written as escapes.
pub fn terminal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(c),
            c if is_invisible(c) => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
    }
    safe
}

/// For a log of GitHub Actions, whose runner takes lines that begin with `::`, and `##[` anywhere, for commands to
/// itself (`ActionCommand` in actions/runner).
pub fn without_commands(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with("::") {
        true => line.replacen("::", "\\::", 1),
        false => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n").replace("##[", "##\\[")
}

/// For the message of a workflow command (`escapeData` of GitHub's toolkit).
pub fn command_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// For a property of a workflow command (`escapeProperty` of GitHub's toolkit).
pub fn command_property(text: &str) -> String {
    command_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// For Markdown: a block of code whose fence is longer than any in the text.
pub fn code_block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text, '`').max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", terminal(text).trim_end_matches('\n'))
}

/// For Markdown, also in a table: code in a line.
pub fn code(text: &str) -> String {
    let text = terminal(text).replace(['\n', '\t'], " ").replace('|', "¦");
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(|run| run.len() / of.len_utf8()).max().unwrap_or(0)
}

/// `text` as a shell takes it for one word.
pub fn as_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
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
    fn what_is_not_seen_is_shown() {
        let hidden =
            "\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{2028}\u{2029}\u{85}\u{ad}\u{61c}\u{e0041}\u{fe0f}";
        for c in hidden.chars() {
            let escaped = format!("a{}b", c.escape_default());
            let text = format!("a{c}b");
            assert_eq!(terminal(&text), escaped);
            assert_eq!(in_line(&text), escaped);
            assert_eq!(markup(&text), "a\u{fffd}b");
            assert_eq!(code(&text), format!("`{escaped}`"));
            assert!(code_block(&text).contains(&escaped));
        }
        assert_eq!(terminal("é 日本 😀 العربية"), "é 日本 😀 العربية");
    }

    #[test]
    fn ranges_are_in_order() {
        let ends: Vec<char> = INVISIBLE.iter().flat_map(|(first, last)| [*first, *last]).collect();
        assert!(ends.is_sorted());
    }

    #[test]
    fn a_name_begins_no_line() {
        assert_eq!(in_line("a\n::error::b\r\t"), "a\\n::error::b\\r\\t");
    }

    #[test]
    fn a_terminal_gets_no_escape_sequence() {
        assert_eq!(terminal("\u{1b}[31m\n"), "\\u{1b}[31m\n");
    }
}
