//! The compiler's errors, as the user must see them: rustc's own words, the user's own paths.

use std::path::Path;

use confine::run::{Ending, Outcome};
use serde::Deserialize;

use super::last_words;
use crate::error::Error;
use crate::escape::in_line;
use crate::rules::Refusal;
use crate::source::Source;

/// One line of the compiler's `--error-format=json`, as far as it matters here (see the rustc book,
/// "JSON output").
#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<Span>,
}

/// A place that it is about.
#[derive(Deserialize)]
struct Span {
    file_name: String,
    is_primary: bool,
}

/// The errors of a build that failed, with the paths that the compiler knows.
///
/// # Errors
/// When the compiler failed without an error in the source: then it is not the source's fault.
pub(super) fn errors(outcome: &Outcome, sysroot: &Path) -> Result<String, Error> {
    let text = rendered_errors(&String::from_utf8_lossy(&outcome.stderr), sysroot);
    if !text.is_empty() {
        return Ok(text);
    }
    let crash = crash(&outcome.ending).filter(|_| !is_short_of_something(&outcome.stderr));
    crash.ok_or_else(|| Error::Cargo(last_words(outcome)))
}

/// What a compiler that ended without an error came to. It has built the course's own program by the same call, so
/// it is this source that it cannot take. It says so with the exit codes 1 and 101; others tell of a compiler that
/// does not even start.
fn crash(ending: &Ending) -> Option<String> {
    const WAY_OUT: &str = "something in it is too large or nested too deep, or meets a fault of the compiler";
    let how = match ending {
        Ending::Signalled(signal) => format!("signal {signal}"),
        Ending::Exited(code @ (1 | 101)) | Ending::Panicked { code, .. } => format!("exit code {code}"),
        _ => return None,
    };
    Some(format!("the compiler crashed on this source ({how}): {WAY_OUT}\n"))
}

fn rendered_errors(messages: &str, sysroot: &Path) -> String {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Diagnostic>(line).ok())
        .filter(|diagnostic| diagnostic.level == "error" || diagnostic.level.starts_with("error:"))
        .filter_map(|diagnostic| match diagnostic.spans.iter().find(|span| span.is_outside(sysroot)) {
            Some(span) => Some(format!(
                "error: {}: only files of the source itself can be a part of it\n",
                span.file_name
            )),
            None => diagnostic.rendered,
        })
        // The closing "aborting due to N errors" says nothing that a student needs.
        .filter(|text| !text.starts_with("error: aborting due to"))
        .collect()
}

impl Span {
    /// Whether it shows lines of somebody else's file; those of crates and of std are everybody's.
    fn is_outside(&self, sysroot: &Path) -> bool {
        let file = Path::new(&self.file_name);
        let is_known = file.starts_with("/rustc")
            || file.starts_with(sysroot)
            || self.file_name.contains("/registry/src/")
            || self.file_name.contains("/git/checkouts/");
        self.is_primary && file.is_absolute() && !is_known
    }
}

/// `text` with the user's own paths in place of those of the build, those of files that are missing among them.
pub(super) fn with_user_paths(text: String, src: &Path, source: &Source) -> String {
    let shown = |path: &Path| in_line(&path.display().to_string());
    let staged = |file: &str| src.join(file).display().to_string();
    match &source.origin {
        // With a slash at the end of both.
        Some(folder) if folder.is_dir() => text.replace(&staged(""), &shown(&folder.join(""))),
        Some(file) => text.replace(&staged(source.root_name()), &shown(file)),
        None => text,
    }
}

/// Those of `refused`, which were not read, that the compiler's errors ask for: files that it did not find, or folders
/// with such a file.
pub(super) fn asked_for<'a>(
    errors: &'a str,
    src: &'a Path,
    refused: &'a [Refusal],
) -> impl Iterator<Item = Refusal> + 'a {
    let is_asked_for = move |refusal: &&Refusal| {
        let path = src.join(&refusal.file).display().to_string();
        let ends = |rest: &str| rest.starts_with(['/', '"', '`', ':']);
        errors.match_indices(&path).any(|(at, _)| ends(&errors[at + path.len()..]))
    };
    refused.iter().filter(is_asked_for).cloned()
}

/// Whether the system refused the compiler what it asked for, such as one more thread: then a crash is not the
/// source's.
fn is_short_of_something(words: &[u8]) -> bool {
    let words = String::from_utf8_lossy(words);
    ["(os error ", "Os { code: ", "Resource temporarily unavailable"].iter().any(|said| words.contains(said))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use confine::run::Ending;

    use super::{asked_for, crash, is_short_of_something, rendered_errors};
    use crate::rules::{Refusal, Rule};

    #[test]
    fn what_was_not_read_matters_where_the_compiler_asks_for_it() {
        let refused = ["secret.rs", "outside", ".#main.rs"].map(|file| Refusal {
            file: file.into(),
            line: 0,
            rule: Rule::NotAFile,
        });
        let asked = |errors: &str| -> Vec<String> {
            let found = asked_for(errors, Path::new("crates/x/src"), &refused);
            found.map(|refusal| refusal.file.display().to_string()).collect()
        };
        let missing = "create file \"crates/x/src/secret.rs\" or \"crates/x/src/secret/mod.rs\"";
        assert_eq!(asked(missing), ["secret.rs"]);
        assert_eq!(asked("couldn't read `crates/x/src/outside/help.txt`"), ["outside"]);
        assert_eq!(asked("--> crates/x/src/outside.rs:1:2 and crates/x/src/main.rs:1:2"), [""; 0]);
    }

    #[test]
    fn a_crash_of_the_compiler_is_the_sources_and_one_that_does_not_start_is_not() {
        assert!(crash(&Ending::Signalled(11)).unwrap().contains("signal 11"));
        assert!(crash(&Ending::Exited(101)).is_some() && crash(&Ending::Exited(1)).is_some());
        assert!(crash(&Ending::Panicked { code: 101, message: String::new() }).is_some());
        assert!(crash(&Ending::Exited(127)).is_none() && crash(&Ending::Stopped).is_none());
    }

    #[test]
    fn a_compiler_that_gets_no_more_threads_says_nothing_about_the_source() {
        let said = b"failed to spawn work thread: Os { code: 11, kind: WouldBlock, message: \"Resource\" }";
        assert!(is_short_of_something(said));
        assert!(!is_short_of_something(b"error: rustc interrupted by SIGSEGV, printing backtrace"));
    }

    #[test]
    fn lines_of_other_files_are_not_shown() {
        let message = |file: &str| {
            let place = format!(r#"{{"file_name":"{file}","is_primary":true}}"#);
            format!(r#"{{"level":"error","rendered":"error: root:x:0:0\n","spans":[{place}]}}"#)
        };
        let shown = |file: &str| rendered_errors(&message(file), Path::new("/my rust"));
        assert!(shown("/etc/passwd").starts_with("error: /etc/passwd: only files"));
        for known in ["crates/x/src/main.rs", "/rustc/1/a.rs", "/my rust/lib/a.rs", "/h/registry/src/i/a.rs"]
        {
            assert_eq!(shown(known), "error: root:x:0:0\n");
        }
    }

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
        assert_eq!(rendered_errors(messages, Path::new("/rust")), "error[E0308]: mismatched\n");
    }
}
