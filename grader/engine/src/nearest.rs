//! What somebody may have meant who misspelled a name.

/// The one of `known` that is most like `name`, where it is more than `least` like it: from 0 for nothing to 1 for the
/// same (Jaro and Winkler). Both are compared as `form` writes them.
pub fn nearest<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
    least: f64,
    form: impl Fn(&str) -> String,
) -> Option<&'a str> {
    let name = form(name);
    let similarity = |candidate: &str| strsim::jaro_winkler(&name, &form(candidate));
    let near = known.into_iter().map(|candidate| (similarity(candidate), candidate));
    let near = near.filter(|(similarity, _)| *similarity > least);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, candidate)| candidate)
}
