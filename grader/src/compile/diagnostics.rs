//! The compiler's errors, as the user must see them: rustc's own words, the user's own paths.

use std::path::Path;

use serde::Deserialize;

use super::last_words;
use crate::error::Error;
use crate::run::Outcome;
use crate::source::Source;

/// One line of cargo's `--message-format=json`, as far as it matters here (see the cargo book,
/// "External tools").
#[derive(Deserialize)]
struct Message {
    reason: String,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

/// The errors of a build that failed.
///
/// # Errors
/// When cargo failed without an error from the compiler: then it is not the source's fault.
pub(super) fn errors(outcome: &Outcome, exercise: &str, source: &Source) -> Result<String, Error> {
    let text = rendered_errors(&String::from_utf8_lossy(&outcome.stdout));
    if text.is_empty() {
        return Err(Error::Cargo(last_words(outcome)));
    }
    Ok(with_user_paths(text, exercise, source))
}

fn rendered_errors(messages: &str) -> String {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-message")
        .filter_map(|message| message.message)
        .filter(|diagnostic| diagnostic.level == "error" || diagnostic.level.starts_with("error:"))
        .filter_map(|diagnostic| diagnostic.rendered)
        // The closing "aborting due to N errors" says nothing that a student needs.
        .filter(|text| !text.starts_with("error: aborting due to"))
        .collect()
}

fn with_user_paths(text: String, exercise: &str, source: &Source) -> String {
    source.files.keys().fold(text, |text, file| {
        let staged = Path::new("crates").join(exercise).join("src").join(file);
        let shown = source.display_path(exercise, file);
        text.replace(&staged.display().to_string(), &shown.display().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::rendered_errors;

    #[test]
    fn only_errors_of_the_compiler_are_shown() {
        let messages = concat!(
            r#"{"reason":"compiler-message","message":{"level":"warning","rendered":"warning: unused\n"}}"#,
            "\n",
            r#"{"reason":"compiler-message","message":{"level":"error","rendered":"error[E0308]: mismatched\n"}}"#,
            "\n",
            r#"{"reason":"compiler-message","message":{"level":"error","rendered":"error: aborting due to 1 previous error\n"}}"#,
            "\n",
            r#"{"reason":"build-finished","success":false}"#,
            "\nnot json at all\n",
        );
        assert_eq!(rendered_errors(messages), "error[E0308]: mismatched\n");
    }
}
