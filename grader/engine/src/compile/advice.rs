//! What is said below the compiler's errors, where its own advice does not hold here.

use std::path::Path;

use super::package::Package;
use crate::source::Source;

/// The words with which the compiler speaks of crates, modules and files that it does not find.
const NO_CRATE: [&str; 3] = ["a crate named `", "can't find crate for `", "use `cargo add "];
const NO_FILE: [&str; 2] = ["error[E0583]", "error: couldn't read `"];

/// What `errors` need besides, a line each.
pub(super) fn on(errors: &str, source: &Source, package: &Package) -> String {
    let has_library = source.checks.is_none() && source.files.contains_key(Path::new("lib.rs"));
    let mut advice = String::new();
    if NO_CRATE.iter().any(|words| errors.contains(words)) {
        advice += &of_crates(package.crates(), &package.exercise().replace('-', "_"), has_library);
    }
    let is_one_file = source.origin.as_deref().is_some_and(Path::is_file);
    if is_one_file && NO_FILE.iter().any(|words| errors.contains(words)) {
        let root = source.root_name();
        advice += &format!(
            "note: a single file stands for {root} alone: give its folder to take what stands beside it\n"
        );
    }
    advice
}

fn of_crates(crates: &[String], own: &str, has_library: bool) -> String {
    let crates = if crates.is_empty() { "no crate".to_owned() } else { crates.join(", ") };
    let library = if has_library { format!(", and lib.rs as `{own}`") } else { String::new() };
    format!(
        "note: what can be used here is std, {crates}{library}: every program is built with the course's Cargo.toml, \
         whatever `cargo add` puts into yours\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_of_the_course_are_named() {
        let crates = ["anyhow".to_owned(), "rayon".to_owned()];
        let text = of_crates(&crates, "even_odd", true);
        assert!(
            text.starts_with("note: what can be used here is std, anyhow, rayon, and lib.rs as `even_odd`: ")
        );
        assert!(of_crates(&[], "even_odd", false).contains("std, no crate: "));
    }
}
