//! Whether the parts of a file fit each other.

use std::collections::BTreeSet;

use confine::run::Stdout;
use engine::nearest::nearest;

use super::{CasesFile, OneCase, Promise};

/// Names that are more like another than this are taken for misspelled (Jaro and Winkler).
const ALIKE: f64 = 0.7;

/// Whether `id` can be that of a check or a case: users type it.
pub(super) fn is_id(what: &str, id: &str) -> Result<(), String> {
    let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.starts_with(|first: char| first.is_ascii_lowercase()) && id.bytes().all(is_known) {
        return Ok(());
    }
    Err(format!(
        "`{}` cannot be the id of a {what}: it has a-z, 0-9 and -, and begins with a letter",
        id.escape_debug()
    ))
}

/// Whether all of these names differ.
pub(super) fn unique<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match ids.into_iter().find(|id| !seen.insert(*id)) {
        None => Ok(()),
        Some(id) => Err(format!("two {what} are called `{id}`")),
    }
}

/// Whether one of the checks is called `id`.
pub(super) fn known(id: &str, checks: &[Promise]) -> Result<(), String> {
    let ids = || checks.iter().map(|check| check.id);
    if ids().any(|known| known == id) {
        return Ok(());
    }
    Err(match nearest(id, ids(), ALIKE, str::to_owned) {
        Some(nearest) => format!("no check is called `{id}`: is `{nearest}` meant?"),
        None => format!("no check is called `{id}`, but {}", ids().collect::<Vec<_>>().join(", ")),
    })
}

/// Whether the case can show what it is expected to show.
pub(super) fn check_case(case: &OneCase) -> Result<(), String> {
    let OneCase { id, expectations, .. } = case;
    if case.percent == 0 && case.runs == Some(0) {
        return Err(format!("the case `{id}` is never run: `percent` and `runs` are both 0"));
    }
    if case.percent > 0 && case.stdout == Stdout::Full {
        return Err(format!("the case `{id}` has a full output, which no schedule has: leave `percent` out"));
    }
    if case.percent == 0 && expectations.iter().any(|it| it.kind.needs_schedules()) {
        return Err(format!("the case `{id}` expects what only schedules show, and has 0 percent of them"));
    }
    if expectations.iter().filter(|it| it.kind.is_shared()).count() > 1 {
        return Err(format!("the case `{id}` has two expectations with `shared`, and can have one"));
    }
    Ok(())
}

/// Whether checks and cases fit.
pub(super) fn check(file: &CasesFile) -> Result<(), String> {
    for check in &file.checks {
        let id = check.id;
        for need in &check.needs {
            known(need, &file.checks).map_err(|reason| format!("`needs` of `{id}`: {reason}"))?;
        }
        let is_expected = |case: &&OneCase| case.expectations.iter().any(|it| it.check == id);
        let mut cases = file.cases.iter().filter(is_expected).peekable();
        if cases.peek().is_none() {
            return Err(format!("the check `{id}` has no `[[case.expect]]`: nothing can keep or break it"));
        }
        if cases.all(|case| case.is_idle) {
            return Err(format!(
                "the check `{id}` is expected in idle cases alone, and what is kept there does not count"
            ));
        }
    }
    Ok(())
}
