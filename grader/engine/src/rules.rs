//! What a program may not have, read from the tokens of its sources before it is run.
//!
//! The files are those that the compiler read for it, no others: what only stands beside them is nobody's business.
//! Tokens, not the syntax tree: a macro's arguments and a macro's body have no tree, and hide nothing
//! here. What the compiler makes of the tokens does not matter: each rule is about a word that must not be
//! there. Text that is no tokens is the compiler's to complain about; where it does not, nobody has looked at the text,
//! so that is against the rules, too.

mod data;
mod soundness;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// How large a program can be. More files are read than that, as they may be none of it.
const MOST_FILES: usize = 200;
pub const MOST_BYTES_A_FILE: u64 = 1 << 20;
const MOST_BYTES: usize = 4 << 20;

/// A rule that a source breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The file, below `src/`.
    pub file: PathBuf,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The rule.
    pub rule: Rule,
}

/// What no source of an exercise may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `unsafe`: what the grader sees of a program holds for safe Rust only.
    Unsafe,
    /// `asm!` and its kin.
    Assembly,
    /// `include!` and its kin, but with the plain path of a file of the source.
    Include,
    /// `#[path]` to a file outside of the source.
    Path,
    /// Names and sections that the linker sees.
    Linkage,
    /// A known hole of the compiler.
    Soundness,
    /// A link, pipe, socket or device in place of a file.
    NotAFile,
    /// Files that would change how the program is built: the course's own are used.
    BuildFile,
    /// More or larger files than any exercise needs.
    TooLarge,
    /// A file that the grader may not read.
    NotRead,
    /// Text that the compiler can read, and the grader cannot.
    NoTokens,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsafe => "no `unsafe` in an exercise",
            Self::Assembly => "no assembly in an exercise",
            Self::Include => "only files of the source itself can be included, by a plain relative path",
            Self::Path => "a module's path must stay inside of the source",
            Self::Linkage => "no symbol names or sections for the linker in an exercise",
            Self::Soundness => {
                "a known hole of the compiler (rust-lang/rust#25860, #84591, #57893): say which lifetime outlives \
                 which, as in `'b: 'a`"
            }
            Self::NotAFile => "neither a file nor a folder; links are not followed",
            Self::BuildFile => "not used: the manifest, lock file and build settings are the course's own",
            Self::TooLarge => "too large: at most 200 files of 1 MiB, 4 MiB in all, 8 folders deep",
            Self::NotRead => "it cannot be read",
            Self::NoTokens => "the grader cannot read it as Rust: write it in a plainer way",
        })
    }
}

/// The files of a program, by their paths below `src/`.
pub(crate) type Files<'a> = BTreeMap<&'a Path, &'a [u8]>;

/// Every rule that a program of these `files` breaks, in the order of files and lines.
pub(crate) fn refusals(files: &Files) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut refuse = |file: &Path, line, rule| found.push(Refusal { file: file.to_owned(), line, rule });
    if files.len() > MOST_FILES || files.values().map(|content| content.len()).sum::<usize>() > MOST_BYTES {
        refuse(Path::new("main.rs"), 0, Rule::TooLarge);
    }
    let code = data::without(files);
    for (file, content) in &code {
        let text = String::from_utf8_lossy(content);
        broken(&text).into_iter().for_each(|(line, rule)| refuse(file, line, rule));
        if !is_read_as_the_compiler_does(&text) {
            refuse(file, 0, Rule::NoTokens);
        }
    }
    for (file, line) in soundness::holes(code.values().copied()) {
        refuse(code.keys().nth(file).unwrap_or(&Path::new("main.rs")), line, Rule::Soundness);
    }
    found
}

/// Whether all that the compiler takes for tokens was looked at.
fn is_read_as_the_compiler_does(text: &str) -> bool {
    let is_tokens = |text: &str| text.parse::<TokenStream>().is_ok();
    let Some((first, rest)) = line_for_shells(text) else { return is_tokens(text) };
    // Before an attribute it is none, and comments may stand between.
    let after = first[2..].trim_start();
    let is_sure = !after.is_empty() && !["[", "//", "/*"].iter().any(|mark| after.starts_with(mark));
    is_tokens(rest) && (is_sure || is_tokens(text))
}

/// A first line that begins with `#!`, and what follows.
fn line_for_shells(text: &str) -> Option<(&str, &str)> {
    let shown = text.strip_prefix('\u{feff}').unwrap_or(text);
    shown.split_once('\n').filter(|_| shown.starts_with("#!"))
}

/// The rules that one file breaks, with their lines.
fn broken(text: &str) -> Vec<(usize, Rule)> {
    let mut found = Vec::new();
    scan(text, 0, &mut found);
    // The compiler leaves out a first line for shells, which could begin a string here. Whether it is one is a
    // question of what follows, so the text must be right both ways.
    if let Some((_, rest)) = line_for_shells(text) {
        scan(rest, 1, &mut found);
    }
    found.sort_by_key(|(line, _)| *line);
    found.dedup();
    found
}

/// Looks at all tokens of `text`, which begins `above` lines below the file's first. No recursion: brackets can
/// stand in each other deeper than a stack goes.
fn scan(text: &str, above: usize, found: &mut Vec<(usize, Rule)>) {
    let Ok(tokens) = text.parse::<TokenStream>() else { return };
    let mut streams = vec![tokens];
    while let Some(stream) = streams.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (place, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(word) => {
                    let rule = word_rule(word, &tokens[place + 1..]);
                    found.extend(rule.map(|rule| (above + line(word), rule)));
                }
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Bracket && is_attribute(&tokens[..place]) {
                        let broken = scan_attribute(group.stream());
                        found.extend(broken.into_iter().map(|(line, rule)| (above + line, rule)));
                    }
                    streams.push(group.stream());
                }
                _ => {}
            }
        }
    }
}

fn line(word: &Ident) -> usize {
    word.span().start().line
}

/// A word as the compiler knows it: `r#path` is `path`.
fn name(word: &Ident) -> String {
    let text = word.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// The rule that a word breaks, wherever it stands. `after` are the tokens behind it.
fn word_rule(word: &Ident, after: &[TokenTree]) -> Option<Rule> {
    match name(word).as_str() {
        "unsafe" => Some(Rule::Unsafe),
        "asm" => is_macro_or_path(after).then_some(Rule::Assembly),
        "global_asm" | "naked_asm" => Some(Rule::Assembly),
        "include" | "include_str" | "include_bytes" => (!includes_own_file(after)).then_some(Rule::Include),
        "no_mangle" | "link_section" | "export_name" | "link_name" => Some(Rule::Linkage),
        _ => None,
    }
}

/// `asm` alone may be a variable.
fn is_macro_or_path(after: &[TokenTree]) -> bool {
    matches!(after.first(), Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '!' | ';' | ',' | '}'))
        || matches!(after.first(), Some(TokenTree::Ident(word)) if word == "as")
}

/// `!("plain/path.rs")`. Anything else, a macro in its place or another name for the macro, could be any file.
fn includes_own_file(after: &[TokenTree]) -> bool {
    let [TokenTree::Punct(mark), TokenTree::Group(group), ..] = after else { return false };
    let arguments: Vec<TokenTree> = group.stream().into_iter().collect();
    let arguments = match arguments.as_slice() {
        [first, TokenTree::Punct(comma)] if comma.as_char() == ',' => std::slice::from_ref(first),
        others => others,
    };
    match arguments {
        [TokenTree::Literal(path)] => mark.as_char() == '!' && stays_inside(&path.to_string()),
        _ => false,
    }
}

/// Whether a literal in quotes is a relative path that never goes up. Escapes and raw strings are not plain.
fn stays_inside(literal: &str) -> bool {
    let Some(path) = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return false };
    let is_plain = !path.contains(['\\', '"']);
    is_plain
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn is_attribute(before: &[TokenTree]) -> bool {
    is_mark(before.last(), '#') || is_mark(before.last(), '!') && is_mark(before.iter().rev().nth(1), '#')
}

fn is_mark(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// What an attribute breaks: `path = "…"` in `#[path = "…"]` or `#[cfg_attr(…, path = "…")]`, and text that a
/// derive takes for code.
fn scan_attribute(attribute: TokenStream) -> Vec<(usize, Rule)> {
    let mut found = Vec::new();
    let mut attributes = vec![attribute];
    while let Some(attribute) = attributes.pop() {
        let tokens: Vec<TokenTree> = attribute.into_iter().collect();
        match tokens.as_slice() {
            [TokenTree::Ident(word), TokenTree::Punct(_), value, ..]
                if name(word) == "path"
                    && !matches!(value, TokenTree::Literal(path) if stays_inside(&path.to_string())) =>
            {
                found.push((line(word), Rule::Path));
            }
            [TokenTree::Ident(word), TokenTree::Group(group), ..] if name(word) == "cfg_attr" => {
                let parts: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_comma = |token: &TokenTree| is_mark(Some(token), ',');
                attributes.extend(parts.split(is_comma).skip(1).map(|part| part.iter().cloned().collect()));
            }
            [TokenTree::Ident(word), TokenTree::Group(group), ..]
                if name(word) == "serde" && has_code_in_bound(group.stream()) =>
            {
                found.push((line(word), Rule::Include));
            }
            _ => {}
        }
    }
    found
}

/// Whether `bound = "T: Trait"` of serde, which becomes a part of the program, holds more than names.
fn has_code_in_bound(arguments: TokenStream) -> bool {
    let (mut is_bound, mut is_code) = (false, false);
    let mut streams = vec![arguments];
    while let Some(stream) = streams.pop() {
        for token in stream {
            match token {
                TokenTree::Ident(word) => is_bound |= name(&word) == "bound",
                TokenTree::Group(group) => streams.push(group.stream()),
                TokenTree::Literal(text) => is_code |= text.to_string().contains(['!', '{', '\\']),
                TokenTree::Punct(mark) => is_code |= mark.as_char() == '$',
            }
        }
    }
    is_bound && is_code
}

#[cfg(test)]
mod tests;
