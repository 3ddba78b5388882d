//! Known holes of the compiler, through which safe code gets what only `unsafe` code may have.
//!
//! What the grader sees of a program holds for sound programs only. The usual forms of three holes are told by their
//! tokens. Who writes them in another form is not found here: a hurdle, no wall.
//!
//! - rust-lang/rust#25860: a function with a parameter of type `&'a &'b T` may assume that `'b` outlives `'a`. Used as a
//!   value it becomes a function for which nobody checks that. With the bound written out (`'b: 'a`) it does not.
//! - rust-lang/rust#84591: the same with a trait that holds for all lifetimes, `for<'a, 'b> Trait<&'a &'b T>`.
//! - rust-lang/rust#57893: a trait that is implemented for every type, trait objects of itself among them, has there
//!   whatever associated type the trait object names.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// The lines on which one of the holes is used by the files, as indexes of the file and lines from 1.
pub(super) fn holes<'a>(files: impl Iterator<Item = &'a [u8]>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut all = Seen::default();
    for (number, content) in files.enumerate() {
        let Ok(tokens) = String::from_utf8_lossy(content).parse::<TokenStream>() else { continue };
        for tokens in streams(tokens) {
            all.look(number, &tokens);
        }
    }
    found.extend(all.holes);
    found.extend(all.translators.into_iter().filter(|(name, _)| all.values.contains(name)).map(|(_, at)| at));
    let universal: BTreeSet<_> = all.blanket.intersection(&all.with_types).cloned().collect();
    let mut objects = universal;
    for (name, bounds) in all.bounds.iter().chain(&all.bounds) {
        if bounds.iter().any(|bound| objects.contains(bound)) {
            objects.insert(name.clone());
        }
    }
    found.extend(all.objects.into_iter().filter(|(name, _)| objects.contains(name)).map(|(_, at)| at));
    found.sort_unstable();
    found.dedup();
    found
}

/// All lists of tokens, those in brackets too. No recursion: brackets can be nested deeper than a stack is.
fn streams(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut waiting = vec![tokens];
    let mut found = Vec::new();
    while let Some(stream) = waiting.pop() {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        waiting.extend(tokens.iter().filter_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        }));
        found.push(tokens);
    }
    found
}

/// A file and a line.
type Place = (usize, usize);

#[derive(Default)]
struct Seen {
    holes: Vec<Place>,
    /// Functions that could turn one lifetime into another.
    translators: Vec<(String, Place)>,
    /// Names that stand somewhere without being called.
    values: BTreeSet<String>,
    /// Traits that are implemented for every type.
    blanket: BTreeSet<String>,
    /// Traits with associated types.
    with_types: BTreeSet<String>,
    /// What stands between a trait's name and its body.
    bounds: Vec<(String, Vec<String>)>,
    /// Traits behind `dyn`.
    objects: Vec<(String, Place)>,
}

impl Seen {
    fn look(&mut self, file: usize, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Ident(word) = token else { continue };
            let place = (file, word.span().start().line);
            let after = &tokens[at + 1..];
            match name(word).as_str() {
                "fn" => self.function(after, place),
                "for" if is_translating_type(after) => self.holes.push(place),
                "trait" => self.trait_definition(after),
                "impl" => self.blanket.extend(blanket_trait(after)),
                "dyn" => {
                    let names = after.iter().take_while(|token| !is_any(token, "=;{,")).filter_map(ident);
                    self.objects.extend(names.map(|name| (name, place)));
                }
                name if is_value(&tokens[..at], after) => _ = self.values.insert(name.to_owned()),
                _ => {}
            }
        }
    }

    fn function(&mut self, after: &[TokenTree], place: Place) {
        let [TokenTree::Ident(word), rest @ ..] = after else { return };
        let (generics, rest) = generics(rest);
        let signature: Vec<TokenTree> = rest.iter().take_while(|token| !is_body(token)).cloned().collect();
        let declared = lifetimes(generics);
        let has_bound = |tokens: &[TokenTree], one: &str, two: &str| {
            let all = texts(tokens).join(" ");
            [(one, two), (two, one)].iter().any(|(a, b)| all.contains(&format!("' {a} : ' {b}")))
        };
        if let Some((one, two)) = translated(&signature, &declared)
            && !has_bound(generics, &one, &two)
            && !has_bound(&signature, &one, &two)
        {
            self.translators.push((name(word), place));
        }
    }

    fn trait_definition(&mut self, after: &[TokenTree]) {
        let [TokenTree::Ident(word), rest @ ..] = after else { return };
        let name = name(word);
        self.bounds.push((
            name.clone(),
            rest.iter().take_while(|token| !is_body(token)).filter_map(ident).collect(),
        ));
        let body = rest.iter().find(|token| is_body(token));
        if let Some(TokenTree::Group(body)) = body
            && body.stream().into_iter().any(|token| ident(&token).as_deref() == Some("type"))
        {
            self.with_types.insert(name);
        }
    }
}

/// Two lifetimes of `declared` that stand together in one parameter of a function and each once more in its signature,
/// which begins with its parameters.
fn translated(signature: &[TokenTree], declared: &[String]) -> Option<(String, String)> {
    let TokenTree::Group(parameters) = signature.first()? else { return None };
    let parameters: Vec<TokenTree> = parameters.stream().into_iter().collect();
    let mentioned: Vec<String> =
        lifetimes(&parameters).into_iter().chain(lifetimes(&signature[1..])).collect();
    let is_twice = |wanted: &&String| mentioned.iter().filter(|lifetime| lifetime == wanted).count() >= 2;
    let candidates: Vec<&String> = declared.iter().filter(is_twice).collect();
    split_at_commas(&parameters).into_iter().find_map(|parameter| {
        let here = lifetimes(parameter);
        let mut both = candidates.iter().filter(|lifetime| here.contains(lifetime));
        Some(((*both.next()?).clone(), (*both.next()?).clone()))
    })
}

/// Splits where a comma stands outside of all `<...>`.
fn split_at_commas(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        if is_any(&tokens[at], ",") {
            parts.push(&tokens[begin..at]);
            begin = at + 1;
        }
        at = tokens.len() - generics(&tokens[at..]).1.len().min(tokens.len() - at - 1);
    }
    parts.push(&tokens[begin..]);
    parts
}

/// What follows a `for`: `<'a, 'b> fn(...)`, or a bound with `&'a &'b`.
fn is_translating_type(after: &[TokenTree]) -> bool {
    let (generics, rest) = generics(after);
    let declared = lifetimes(generics);
    if declared.len() < 2 {
        return false;
    }
    let end = rest.iter().position(|token| is_any(token, ";=") || is_body(token)).unwrap_or(rest.len());
    let rest = &rest[..end];
    let text = texts(rest);
    let is_nested = text.windows(6).any(|six| match six {
        [and, tick, one, and_too, tick_too, two] => {
            (and, tick, and_too, tick_too) == (&"&".into(), &"'".into(), &"&".into(), &"'".into())
                && one != two
                && declared.contains(one)
                && declared.contains(two)
        }
        _ => false,
    });
    let parameters = rest.iter().position(|token| matches!(token, TokenTree::Group(_)));
    is_nested || parameters.is_some_and(|at| translated(&rest[at..], &declared).is_some())
}

/// The trait of `impl<T: ?Sized> Trait for T`; what follows `impl` is given.
fn blanket_trait(after: &[TokenTree]) -> Option<String> {
    let (generics, rest) = generics(after);
    let head: Vec<TokenTree> = rest.iter().take_while(|token| !is_body(token)).cloned().collect();
    let at = head.iter().position(|token| ident(token).as_deref() == Some("for"))?;
    let subject = ident(head.get(at + 1)?)?;
    let is_alone = head.get(at + 2).is_none_or(|token| ident(token).as_deref() == Some("where"));
    let declares = texts(generics).contains(&subject);
    let is_unsized = texts(generics).iter().chain(&texts(&head[at..])).any(|text| text == "?");
    // The last name of a path, before its own generics.
    let path = head[..at].iter().take_while(|token| !is_any(token, "<")).filter_map(ident);
    if is_alone && declares && is_unsized { path.last() } else { None }
}

/// Whether a name that stands between these tokens is neither called nor defined there, nor imported under its own name.
fn is_value(before: &[TokenTree], after: &[TokenTree]) -> bool {
    let last = before.last();
    if last.is_some_and(|token| is_any(token, ".'")) || last.and_then(ident).as_deref() == Some("fn") {
        return false;
    }
    let statement = before.iter().rev().take_while(|token| !is_any(token, ";") && !is_body(token));
    let is_imported = statement.filter_map(ident).any(|word| word == "use");
    let is_renamed = after.first().and_then(ident).as_deref() == Some("as");
    let after = match after {
        [colon, colon_too, rest @ ..] if is_any(colon, ":") && is_any(colon_too, ":") => generics(rest).1,
        other => other,
    };
    let is_called =
        matches!(after.first(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    if is_imported { is_renamed } else { !is_called }
}

/// `<...>` at the beginning, and what is behind.
fn generics(tokens: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    if !tokens.first().is_some_and(|token| is_any(token, "<")) {
        return (&[], tokens);
    }
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        if is_any(token, "<") {
            depth += 1;
        } else if is_any(token, ">")
            && !tokens.get(at.wrapping_sub(1)).is_some_and(|token| is_any(token, "-="))
        {
            depth -= 1;
        }
        if depth == 0 {
            return (&tokens[1..at], &tokens[at + 1..]);
        }
    }
    (&[], tokens)
}

/// The names of all lifetimes, those in brackets too.
fn lifetimes(tokens: &[TokenTree]) -> Vec<String> {
    let texts = texts(tokens);
    texts.windows(2).filter(|two| two[0] == "'").map(|two| two[1].clone()).collect()
}

/// Words and marks, those in brackets too.
fn texts(tokens: &[TokenTree]) -> Vec<String> {
    let mut waiting: Vec<TokenTree> = tokens.iter().rev().cloned().collect();
    let mut found = Vec::new();
    while let Some(token) = waiting.pop() {
        match token {
            TokenTree::Group(group) => {
                let mut inner: Vec<TokenTree> = group.stream().into_iter().collect();
                inner.reverse();
                waiting.extend(inner);
            }
            TokenTree::Ident(word) => found.push(name(&word)),
            TokenTree::Punct(mark) => found.push(mark.as_char().to_string()),
            TokenTree::Literal(_) => {}
        }
    }
    found
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(name(word)),
        _ => None,
    }
}

/// A word as the compiler knows it: `r#path` is `path`.
fn name(word: &Ident) -> String {
    let text = word.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

fn is_any(token: &TokenTree, marks: &str) -> bool {
    matches!(token, TokenTree::Punct(mark) if marks.contains(mark.as_char()))
}

fn is_body(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
