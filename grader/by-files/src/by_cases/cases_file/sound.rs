//! Whether the parts of a file fit each other.

use std::collections::BTreeSet;

use confine::run::Stdout;
use engine::case::Sharing;
use engine::nearest::nearest;

use super::{CasesFile, OneCase, Promise};
use crate::by_cases::expectation::Expectation;

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
    let ids = checks.iter().map(|check| check.id);
    if ids.clone().any(|known| known == id) { Ok(()) } else { Err(unknown("check", id, ids)) }
}

/// That no `what` is called `id`, and how they are called.
pub(super) fn unknown<'a>(what: &str, id: &str, ids: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(id, ids.clone(), ALIKE, str::to_owned) {
        Some(nearest) => format!("no {what} is called `{id}`: is `{nearest}` meant?"),
        None => format!("no {what} is called `{id}`, but {}", ids.collect::<Vec<_>>().join(", ")),
    }
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
    let is_unread = matches!(case.stdout, Stdout::Closed { .. });
    if !is_unread && expectations.iter().any(|it| it.kind.is_unread()) {
        return Err(format!(
            "the case `{id}` expects `quiet`, which is for `stdout = {{ closed-after = 2 }}`"
        ));
    }
    if case.percent == 0 && expectations.iter().any(|it| it.kind.needs_schedules()) {
        return Err(format!("the case `{id}` expects what only schedules show, and has 0 percent of them"));
    }
    Ok(())
}

/// What threads must share, for all checks that expect it. All of them expect the same: a case is surveyed once.
pub(super) fn sharing(expectations: &[Expectation]) -> Result<Option<Sharing>, String> {
    let mut all = expectations.iter().filter_map(Expectation::sharing);
    let Some(first) = all.next() else { return Ok(None) };
    let mut checks = first.checks.to_vec();
    for other in all {
        if (other.threads, other.operations) != (first.threads, first.operations) {
            return Err("all that is `shared` in one case is of the same threads and operations".to_owned());
        }
        checks.extend(other.checks);
    }
    Ok(Some(Sharing { checks: checks.leak(), ..first }))
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
