//! What stands once for several cases. `[[expect]]` goes into each of the cases that it names, by themselves or as a
//! group, and `$name` becomes the number that the case's `with` gives to it. What is left is a file of cases that stand
//! alone; its parts keep their places in the text.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::sound;

/// What is wrong, and where in the text.
pub(super) struct Misplaced {
    pub(super) at: usize,
    pub(super) reason: String,
}

impl Misplaced {
    fn new(span: Range<usize>, reason: impl Into<String>) -> Self {
        Self { at: span.start, reason: reason.into() }
    }
}

/// An expectation of several cases: their ids, and the expectation.
type Shared<'a> = (Vec<String>, Spanned<DeValue<'a>>);

/// Puts what is shared into the cases.
pub(super) fn spread(file: &mut DeTable<'_>) -> Result<(), Misplaced> {
    let groups = file.remove("groups").map_or(Ok(BTreeMap::new()), groups)?;
    let mut shared = file.remove("expect").map_or(Ok(Vec::new()), shared)?;
    shared.iter_mut().for_each(|(named, _)| *named = members(named, &groups));
    let Some(DeValue::Array(cases)) = file.get_mut("case").map(Spanned::get_mut) else { return Ok(()) };
    let ids: Vec<String> = cases.iter().filter_map(|case| id(case.get_ref())).collect();
    for (named, expectation) in &shared {
        if let Some(unknown) = named.iter().find(|name| !ids.contains(name)) {
            let reason = sound::unknown("case", unknown, ids.iter().map(String::as_str));
            return Err(Misplaced::new(expectation.span(), reason));
        }
    }
    cases.iter_mut().try_for_each(|case| fill(case, &shared))
}

/// The ids of the cases of each group.
fn groups(parts: Spanned<DeValue<'_>>) -> Result<BTreeMap<String, Vec<String>>, Misplaced> {
    let wrong = || {
        Misplaced::new(parts.span(), "`[groups]` gives names to lists of cases: `counts = [\"a\", \"b\"]`")
    };
    let table = parts.get_ref().as_table().ok_or_else(wrong)?;
    let group = |(name, ids): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        Some((name.get_ref().to_string(), texts(ids.get_ref())?))
    };
    table.iter().map(|pair| group(pair).ok_or_else(wrong)).collect()
}

/// The cases that are named, those of a group in its place.
fn members(named: &[String], groups: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let of_name = |name: &String| groups.get(name).cloned().unwrap_or_else(|| vec![name.clone()]);
    named.iter().flat_map(of_name).collect()
}

/// A list of texts.
fn texts(value: &DeValue<'_>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.get_ref().as_str().map(str::to_owned)).collect()
}

fn id(case: &DeValue<'_>) -> Option<String> {
    case.as_table()?.get("id")?.get_ref().as_str().map(str::to_owned)
}

/// Each `[[expect]]` without its `cases`, beside them.
fn shared(parts: Spanned<DeValue<'_>>) -> Result<Vec<Shared<'_>>, Misplaced> {
    let span = parts.span();
    let DeValue::Array(parts) = parts.into_inner() else {
        return Err(Misplaced::new(span, "what is expected of several cases stands in `[[expect]]`"));
    };
    parts.into_iter().map(one_shared).collect()
}

fn one_shared(mut part: Spanned<DeValue<'_>>) -> Result<Shared<'_>, Misplaced> {
    let span = part.span();
    let DeValue::Table(table) = part.get_mut() else {
        return Err(Misplaced::new(span, "what is expected of several cases stands in `[[expect]]`"));
    };
    let ids = table.remove("cases").and_then(|cases| texts(cases.get_ref()));
    match ids {
        Some(ids) if !ids.is_empty() => Ok((ids, part)),
        _ => Err(Misplaced::new(
            span,
            "`[[expect]]` names in `cases` the ids of cases: `cases = [\"a\", \"b\"]`",
        )),
    }
}

/// Puts into a case what is shared with it, and its numbers into the texts.
fn fill<'a>(case: &mut Spanned<DeValue<'a>>, shared: &[Shared<'a>]) -> Result<(), Misplaced> {
    let Some(id) = id(case.get_ref()) else { return Ok(()) };
    let DeValue::Table(case) = case.get_mut() else { return Ok(()) };
    let of_case: Vec<_> = shared.iter().filter(|(ids, _)| ids.contains(&id)).collect();
    if let Some((_, first)) = of_case.first() {
        let key = Spanned::new(first.span(), "expect".into());
        let own =
            case.entry(key).or_insert_with(|| Spanned::new(first.span(), DeValue::Array(DeArray::default())));
        if let DeValue::Array(own) = own.get_mut() {
            of_case.iter().for_each(|(_, expectation)| own.push(expectation.clone()));
        }
    }
    let numbers = case.remove("with").map_or(Ok(BTreeMap::new()), numbers)?;
    case.iter_mut()
        .filter(|(key, _)| key.get_ref() != "id")
        .try_for_each(|(_, value)| replace(value, &numbers))
}

/// The numbers that a case gives names to.
fn numbers(with: Spanned<DeValue<'_>>) -> Result<BTreeMap<String, String>, Misplaced> {
    let span = with.span();
    let wrong = || Misplaced::new(span.clone(), "`with` gives names to integers: `with = { threads = 2 }`");
    let DeValue::Table(table) = with.get_ref() else { return Err(wrong()) };
    let number = |value: &DeValue<'_>| value.as_integer().map(ToString::to_string);
    let is_name =
        |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_of_name);
    let pairs = table.iter().map(|(name, value)| {
        let name = name.get_ref().to_string();
        is_name(&name)
            .then(|| number(value.get_ref()))
            .flatten()
            .map(|number| (name, number))
            .ok_or_else(wrong)
    });
    pairs.collect()
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
}

/// Puts numbers in the place of their names, wherever there is a text.
fn replace(value: &mut Spanned<DeValue<'_>>, numbers: &BTreeMap<String, String>) -> Result<(), Misplaced> {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) if text.contains('$') => {
            *text = replaced(text, numbers).map_err(|reason| Misplaced::new(span, reason))?.into();
            Ok(())
        }
        DeValue::Array(parts) => parts.iter_mut().try_for_each(|part| replace(part, numbers)),
        DeValue::Table(parts) => parts.iter_mut().try_for_each(|(_, part)| replace(part, numbers)),
        _ => Ok(()),
    }
}

/// `$name` is a number, `$$` is `$`, and any other `$` is itself.
fn replaced(text: &str, numbers: &BTreeMap<String, String>) -> Result<String, String> {
    let mut parts = text.split('$');
    let mut result = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        let end = part.find(|character| !is_of_name(character)).unwrap_or(part.len());
        match part.split_at(end) {
            ("", "") => {
                result.push('$');
                result.push_str(parts.next().unwrap_or_default());
            }
            (name, rest) if name.starts_with(|first: char| first.is_ascii_lowercase()) => {
                let number = numbers.get(name).ok_or_else(|| unknown(name, numbers))?;
                result.push_str(number);
                result.push_str(rest);
            }
            _ => {
                result.push('$');
                result.push_str(part);
            }
        }
    }
    Ok(result)
}

fn unknown(name: &str, numbers: &BTreeMap<String, String>) -> String {
    let known: Vec<String> = numbers.keys().map(|name| format!("`${name}`")).collect();
    let known = if known.is_empty() { "no number".to_owned() } else { known.join(", ") };
    format!("`with` of the case has no `{name}`, but {known}; `$$` is the sign itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers() {
        let numbers =
            BTreeMap::from([("n".to_owned(), "7".to_owned()), ("max_2".to_owned(), "-1".to_owned())]);
        let of = |text: &str| replaced(text, &numbers);
        assert_eq!(of("$n of {n}, $max_2!").unwrap(), "7 of {n}, -1!");
        assert_eq!(of("a $$n $ 5 $5 $").unwrap(), "a $n $ 5 $5 $");
        assert_eq!(of("$$$n").unwrap(), "$7");
        assert_eq!(
            of("$m").unwrap_err(),
            "`with` of the case has no `m`, but `$max_2`, `$n`; `$$` is the sign itself"
        );
        assert!(replaced("$m", &BTreeMap::new()).unwrap_err().contains("but no number"));
    }
}
