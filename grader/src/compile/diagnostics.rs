//! The compiler's errors, as the user must see them: rustc's own words, the user's own paths.

use std::path::Path;

use serde::Deserialize;

use super::last_words;
use crate::error::Error;
use crate::run::Outcome;
use crate::source::Source;

/// One line of the compiler's `--error-format=json`, as far as it matters here (see the rustc book,
/// "JSON output").
#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
}

/// The errors of a build that failed.
///
/// # Errors
/// When the compiler failed without an error in the source: then it is not the source's fault.
pub(super) fn errors(outcome: &Outcome, exercise: &str, source: &Source) -> Result<String, Error> {
    let text = rendered_errors(&String::from_utf8_lossy(&outcome.stderr));
    if text.is_empty() {
        return Err(Error::Cargo(last_words(outcome)));
    }
    Ok(with_user_paths(text, exercise, source))
}

fn rendered_errors(messages: &str) -> String {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok())
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
            r#"{"$message_type":"diagnostic","level":"warning","rendered":"warning: unused\n"}"#,
            "\n",
            r#"{"$message_type":"diagnostic","level":"error","rendered":"error[E0308]: mismatched\n"}"#,
            "\n",
            r#"{"$message_type":"diagnostic","level":"error","rendered":"error: aborting due to 1 previous error\n"}"#,
            "\n",
            r#"{"$message_type":"artifact","artifact":"/out/even_odd","emit":"link"}"#,
            "\nnot json at all\n",
        );
        assert_eq!(rendered_errors(messages), "error[E0308]: mismatched\n");
    }
}
