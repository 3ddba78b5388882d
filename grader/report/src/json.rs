//! The report for programs.

use serde::Serialize;

use super::Report;

pub(super) fn render(report: &Report) -> String {
    pretty(report)
}

/// JSON with a line feed at its end.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut text =
        serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    text.push('\n');
    text
}
