//! The workspace's manifest as students get it. Edited as text, so that its comments stay.

/// The members of the students' workspace, with those of the grader.
fn members<'a>(grader: impl Iterator<Item = &'a str>) -> String {
    let members: String = grader.map(|folder| format!("    \"{folder}\",\n")).collect();
    format!(
        "members = [\n    \"crates/*\",\n{members}]\n\
         # What `cargo build` and `cargo test` are about when they are called without a package.\n\
         default-members = [\"crates/*\"]\n"
    )
}

/// `manifest` with only the members that students get, of the grader those in these folders, and without what only the course needs:
/// the lint against `todo!`, which is what students begin with.
///
/// # Errors
/// When the text is not what this expects, so that it needs a new look.
pub(super) fn of_students<'a>(
    manifest: &str,
    grader: impl Iterator<Item = &'a str>,
) -> Result<String, &'static str> {
    let (before, after) = manifest.split_once("\nmembers = [").ok_or("it has no line `members = […`")?;
    let (_, after) = after.split_once("]\n").ok_or("its `members` are never closed")?;
    let mut text = format!("{before}\n{}", members(grader));
    for line in after.lines().filter(|line| !is_for_the_course(line)) {
        text += line;
        text.push('\n');
    }
    match text.parse::<toml::Table>() {
        Ok(_) => Ok(text),
        Err(_) => Err("the manifest made from it for students is no TOML"),
    }
}

fn is_for_the_course(line: &str) -> bool {
    line.starts_with("exclude = [") || line == "todo = \"warn\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_replaced_and_the_rest_stays() {
        let manifest = "[workspace]\nresolver = \"3\"\nmembers = [\n  \"crates/*\",\n  \"grader/gradebook\",\n]\nexclude = [\"peers\"]\n\n# Kept.\n[workspace.lints.clippy]\ntodo = \"warn\"\ndbg_macro = \"warn\"\n";
        let text = of_students(manifest, ["grader/runtime"].into_iter()).unwrap();
        assert!(!text.contains("gradebook") && !text.contains("peers") && !text.contains("todo"), "{text}");
        assert!(text.contains("\n# Kept.\n[workspace.lints.clippy]\ndbg_macro = \"warn\"\n"), "{text}");
        assert!(text.contains("\"grader/runtime\""), "{text}");
    }

    #[test]
    fn an_unexpected_manifest_is_an_error() {
        assert!(of_students("[package]\n", [].into_iter()).is_err());
        assert!(of_students("[workspace]\nmembers = [\n", [].into_iter()).is_err());
        assert!(of_students("[workspace]\nmembers = [\"a\"]\nnot toml\n", [].into_iter()).is_err());
    }
}
