//! Reading stored reports as far as pages need them. A gradebook outlives the grader that wrote it, so
//! what is absent or has another form is left out, and is no error.

use grader::report::{Audience, Report};
use serde::Deserialize;
use serde_json::Value;

use crate::attempt::Attempt;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CheckResult {
    pub(super) id: String,
    pub(super) verdict: String,
    pub(super) score: f64,
    pub(super) max_score: f64,
    pub(super) message: String,
    pub(super) failure: Option<Run>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Run {
    pub(super) expected: String,
    pub(super) seen: String,
    pub(super) call: String,
    pub(super) replay: String,
    lines: Value,
    trace: Value,
}

impl Run {
    /// What it printed, then what its threads did.
    pub(super) fn shown_lines(&self) -> impl Iterator<Item = &str> {
        [&self.lines, &self.trace].into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str)
    }
}

/// The attempt's report, with nothing that its student must not see. One that cannot be read is not shown: nobody
/// knows what is in it.
pub(super) fn report(attempt: &Attempt) -> Option<Report> {
    let report: Report = serde_json::from_str(attempt.report.as_ref()?).ok()?;
    Some(report.seen_by(Audience::Student))
}

/// The attempt with nothing in its report that its student must not see.
pub(super) fn for_student(attempt: &Attempt) -> Attempt {
    let seen = report(attempt).and_then(|report| serde_json::to_string(&report).ok());
    Attempt { report: seen, ..attempt.clone() }
}

/// The checks of the attempt's report; none without a report.
pub(super) fn checks(attempt: &Attempt) -> Vec<CheckResult> {
    let read = |report: &String| serde_json::from_str::<Value>(report).ok();
    let Some(report) = attempt.report.as_ref().and_then(read) else { return Vec::new() };
    let checks = report.pointer("/exercises/0/checks").and_then(Value::as_array);
    let check = |value: &Value| serde_json::from_value(value.clone()).ok();
    checks.into_iter().flatten().filter_map(check).collect()
}
