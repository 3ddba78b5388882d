//! Files of a program that are no code: what it takes in by `include_str!` and `include_bytes!`. Their words break no
//! rule. The compiler does not tell how it read a file, so its name must stand nowhere else in the program: a macro
//! could make a module of it.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use super::{Files, is_mark, name};

/// `files` without those that are nothing but data. A file called `….rs` is always code.
pub(super) fn without<'a>(files: &Files<'a>) -> Files<'a> {
    let is_rust = |file: &Path| file.extension().is_some_and(|extension| extension == "rs");
    let (mut code, others): (Files, Files) = files.iter().partition(|(file, _)| is_rust(file));
    if others.is_empty() {
        return code;
    }
    let literals = literals(code.values().copied());
    code.extend(others.into_iter().filter(|(file, _)| !is_only_data(file, &literals)));
    code
}

fn is_only_data(file: &Path, literals: &[Literal]) -> bool {
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    let mut naming = literals.iter().filter(|literal| could_name(&literal.text, &file)).peekable();
    naming.peek().is_some() && naming.all(|literal| literal.is_data)
}

/// A literal of the program, and whether it is what `include_str!` or `include_bytes!` takes in.
struct Literal {
    text: String,
    is_data: bool,
}

fn literals<'a>(code: impl Iterator<Item = &'a [u8]>) -> Vec<Literal> {
    let mut found = Vec::new();
    for content in code {
        let Ok(tokens) = String::from_utf8_lossy(content).parse::<TokenStream>() else { continue };
        let mut streams = vec![(tokens, false)];
        while let Some((stream, is_data)) = streams.pop() {
            let tokens: Vec<TokenTree> = stream.into_iter().collect();
            for (place, token) in tokens.iter().enumerate() {
                match token {
                    TokenTree::Group(group) => {
                        streams.push((group.stream(), takes_data(&tokens[..place])));
                    }
                    TokenTree::Literal(literal) => {
                        found.push(Literal { text: literal.to_string(), is_data });
                    }
                    _ => {}
                }
            }
        }
    }
    found
}

/// Whether the brackets after these tokens are those of a macro that takes in data.
fn takes_data(before: &[TokenTree]) -> bool {
    let [.., TokenTree::Ident(word), mark] = before else { return false };
    is_mark(Some(mark), '!') && ["include_str", "include_bytes"].contains(&name(word).as_str())
}

/// Whether a literal may be a path to a file of this name: it ends in it, or can only be read by who undoes its escapes.
fn could_name(literal: &str, file: &str) -> bool {
    const ESCAPES: [&str; 4] = ["\\x", "\\u", "\\\n", "\\\r"];
    let text = literal.trim_end_matches('#').trim_end_matches('"');
    let last = text.rsplit(['/', '"']).next();
    last == Some(file) || ESCAPES.iter().any(|escape| text.contains(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `help.txt` is code in a program of this text.
    fn is_code(main: &str) -> bool {
        let files = Files::from([
            (Path::new("main.rs"), main.as_bytes()),
            (Path::new("texts/help.txt"), &b"unsafe"[..]),
        ]);
        without(&files).len() == 2
    }

    #[test]
    fn what_is_included_as_text_is_no_code() {
        assert!(!is_code("const A: &str = include_str!(\"texts/help.txt\");"));
        assert!(!is_code("//! Shows help.txt.\nconst A: &[u8] = std::include_bytes!(\"texts/help.txt\",);"));
    }

    #[test]
    fn what_may_be_read_in_another_way_is_code() {
        assert!(is_code("include!(\"texts/help.txt\");"));
        assert!(is_code("#[path = \"texts/help.txt\"] mod a;"));
        let text = "const A: &str = include_str!(\"texts/help.txt\"); ";
        for other in [
            "module!(path = \"texts/help.txt\");",
            "module!(path = r#\"./texts/help.txt\"#);",
            "module!(path = \"texts/hel\\x70.txt\");",
        ] {
            assert!(is_code(&(text.to_owned() + other)), "{other}");
        }
        assert!(is_code("fn main() {}"));
    }
}
