//! What a source may not do, read from its tokens before anything is compiled.
//!
//! Tokens, not the syntax tree: a macro's arguments and a macro's body have no tree, and hide nothing
//! here. What the compiler makes of the tokens does not matter: each rule is about a word that must not be
//! there. Text that is no tokens at all is left to the compiler to complain about.

mod soundness;

use std::fmt;
use std::path::{Component, Path, PathBuf};

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::source::Source;

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
            Self::BuildFile => "the manifest, lock file and build settings are the course's own: remove it",
            Self::TooLarge => "too large: at most 200 files of 1 MiB, 4 MiB in all, 8 folders deep",
        })
    }
}

/// Every rule that `source` breaks, in the order of files and lines.
pub fn refusals(source: &Source) -> Vec<Refusal> {
    let mut found = source.refused.clone();
    for (file, content) in &source.files {
        let text = String::from_utf8_lossy(content);
        found.extend(broken(&text).into_iter().map(|(line, rule)| Refusal {
            file: file.clone(),
            line,
            rule,
        }));
    }
    let names: Vec<&PathBuf> = source.files.keys().collect();
    let holes = soundness::holes(source.files.values().map(Vec::as_slice)).into_iter();
    found.extend(holes.map(|(file, line)| Refusal {
        file: names[file].clone(),
        line,
        rule: Rule::Soundness,
    }));
    found
}

/// The rules that one file breaks, with their lines.
fn broken(text: &str) -> Vec<(usize, Rule)> {
    let mut found = Vec::new();
    // Deep nesting would overflow the stack here; the compiler has a limit of its own for it.
    if nesting(text) <= MOST_NESTING
        && let Ok(tokens) = text.parse::<TokenStream>()
    {
        scan(tokens, &mut found);
    } else if text.contains("unsafe") || text.contains("include") {
        // It cannot be looked into, and will hardly compile.
        found.push((0, Rule::TooLarge));
    }
    found
}

/// No program that a person writes has so many brackets open at once.
const MOST_NESTING: usize = 200;

fn nesting(text: &str) -> usize {
    let (mut depth, mut most) = (0usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
    }
    most
}

fn scan(tokens: TokenStream, found: &mut Vec<(usize, Rule)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) => {
                let rule = word_rule(word, &tokens[place + 1..]);
                found.extend(rule.map(|rule| (word.span().start().line, rule)));
            }
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Bracket && is_attribute(&tokens[..place]) {
                    scan_attribute(group.stream(), found);
                }
                scan(group.stream(), found);
            }
            _ => {}
        }
    }
}

/// The rule that a word breaks, wherever it stands. `after` are the tokens behind it.
fn word_rule(word: &Ident, after: &[TokenTree]) -> Option<Rule> {
    match word.to_string().as_str() {
        "unsafe" => Some(Rule::Unsafe),
        "asm" | "global_asm" | "naked_asm" => is_macro_or_path(after).then_some(Rule::Assembly),
        "include" | "include_str" | "include_bytes" => (!includes_own_file(after)).then_some(Rule::Include),
        "no_mangle" | "link_section" | "export_name" => Some(Rule::Linkage),
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
    match arguments.as_slice() {
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
    let is = |token: Option<&TokenTree>, mark| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
    is(before.last(), '#') || is(before.last(), '!') && is(before.iter().rev().nth(1), '#')
}

/// `path = "…"` in `#[path = "…"]` or `#[cfg_attr(…, path = "…")]`.
fn scan_attribute(attribute: TokenStream, found: &mut Vec<(usize, Rule)>) {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(name), TokenTree::Punct(_), value, ..]
            if name == "path"
                && !matches!(value, TokenTree::Literal(path) if stays_inside(&path.to_string())) =>
        {
            found.push((name.span().start().line, Rule::Path));
        }
        [TokenTree::Ident(name), TokenTree::Group(group), ..] if name == "cfg_attr" => {
            let parts: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            for part in parts.split(is_comma).skip(1) {
                scan_attribute(part.iter().cloned().collect(), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn one(text: &str) -> (usize, Rule) {
        let found = broken(text);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]
    }

    #[test]
    fn unsafe_code_is_found_wherever_it_hides() {
        assert_eq!(one("fn main() {\n    unsafe { f() }\n}"), (2, Rule::Unsafe));
        assert_eq!(one("macro_rules! m { () => { unsafe { f() } } }").1, Rule::Unsafe);
        assert_eq!(one("fn main() { println!(\"{}\", unsafe { 1 }); }").1, Rule::Unsafe);
        assert_eq!(one("#[unsafe(naked)] fn f() {}").1, Rule::Unsafe);
    }

    #[test]
    fn only_files_of_the_source_are_included() {
        assert_eq!(broken("const A: &str = include_str!(\"data/a.rs\");"), []);
        assert_eq!(one("const A: &str = include_str!(\"../../secret\");").1, Rule::Include);
        assert_eq!(one("const A: &[u8] = include_bytes!(\"/etc/passwd\");").1, Rule::Include);
        assert_eq!(one("include!(concat!(\"/etc\", \"/passwd\"));").1, Rule::Include);
        assert_eq!(one("use std::include_str as read;").1, Rule::Include);
        assert_eq!(one("const A: &str = include_str!(r\"/etc/passwd\");").1, Rule::Include);
    }

    #[test]
    fn modules_stay_inside() {
        assert_eq!(broken("#[path = \"other.rs\"] mod a;"), []);
        assert_eq!(one("#[path = \"/etc/passwd\"] mod a;").1, Rule::Path);
        assert_eq!(one("#[cfg_attr(all(), path = \"../a.rs\")] mod a;").1, Rule::Path);
    }

    #[test]
    fn assembly_and_linkage_are_named() {
        assert_eq!(one("fn f() { std::arch::asm!(\"nop\") }").1, Rule::Assembly);
        assert_eq!(one("#[no_mangle] fn f() {}").1, Rule::Linkage);
    }

    #[test]
    fn words_in_strings_and_comments_are_nobodys_business() {
        assert_eq!(
            broken("//! unsafe\nfn main() { println!(\"unsafe include_str!\"); let asm = 1; f(asm); }"),
            []
        );
        assert_eq!(broken("#![forbid(unsafe_code)]\nfn main() {}"), []);
    }

    #[test]
    fn what_is_no_rust_is_left_to_the_compiler() {
        assert_eq!(broken("fn main() { \"never ended }"), []);
        assert_eq!(broken(&"(".repeat(100_000)), []);
    }
}
