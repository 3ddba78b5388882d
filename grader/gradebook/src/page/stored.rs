//! The checks of stored reports, for teachers. A gradebook outlives the grader that wrote it, so what is absent or has
//! another form is left out, and is no error.

use serde::Deserialize;
use serde_json::Value;

use crate::attempt::Attempt;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CheckResult {
    id: String,
    verdict: String,
}

/// The ids of the checks that failed in an attempt, hidden ones too.
pub fn failed_checks(attempt: &Attempt) -> Vec<String> {
    let failed = checks(attempt).into_iter().filter(|check| check.verdict == "fail");
    failed.map(|check| check.id).collect()
}

/// The id and verdict of each check that was judged in an attempt, hidden ones too.
pub(crate) fn judged_checks(attempt: &Attempt) -> Vec<(String, String)> {
    checks(attempt).into_iter().map(|check| (check.id, check.verdict)).collect()
}

/// The checks of the attempt's report; none without a report.
fn checks(attempt: &Attempt) -> Vec<CheckResult> {
    let read = |report: &String| serde_json::from_str::<Value>(report).ok();
    let Some(report) = attempt.report.as_ref().and_then(read) else { return Vec::new() };
    let checks = report.pointer("/exercises/0/checks").and_then(Value::as_array);
    let check = |value: &Value| serde_json::from_value(value.clone()).ok();
    checks.into_iter().flatten().filter_map(check).collect()
}
