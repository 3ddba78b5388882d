//! Hints: the numbered list in the section "Hints" of an exercise's README, from a nudge to nearly
//! the answer. They are given one at a time; how many were given is remembered beside the builds.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use engine::workspace::Workspace;
use tempfile::NamedTempFile;

use crate::error::Error;

/// The hints of `exercise`, the mildest first.
///
/// # Errors
/// When its README cannot be read or has no hints.
pub fn read(workspace: &Workspace, exercise: &str) -> Result<Vec<String>, Error> {
    let path = workspace.crate_folder(exercise).join("README.md");
    let hints = parse(&fs::read_to_string(&path).map_err(Error::file(&path))?);
    if hints.is_empty() {
        return Err(Error::content(path, "it has no numbered list in a section `## Hints`"));
    }
    Ok(hints)
}

/// The items of the numbered list in the section "Hints". An item goes on as long as lines are
/// indented or blank; its text comes without the number and the indentation.
pub fn parse(readme: &str) -> Vec<String> {
    let section = readme.lines().skip_while(|line| *line != "## Hints").skip(1);
    let mut hints: Vec<String> = Vec::new();
    for line in section.take_while(|line| !line.starts_with("## ")) {
        if let Some(first) = item(line) {
            hints.push(first.to_owned());
        } else if let Some(hint) = hints.last_mut() {
            if !(line.is_empty() || line.starts_with("  ")) {
                break;
            }
            hint.push('\n');
            hint.push_str(line.strip_prefix("   ").unwrap_or(line.trim_start()));
        }
    }
    for hint in &mut hints {
        hint.truncate(hint.trim_end().len());
    }
    hints
}

/// The text of a line that begins an item, `3. text`.
fn item(line: &str) -> Option<&str> {
    let (number, text) = line.split_once(". ")?;
    number.parse::<u8>().ok().map(|_| text)
}

/// How many hints of an exercise were given.
pub struct Given {
    file: PathBuf,
}

impl Given {
    /// What is remembered of `exercise`.
    pub fn of(workspace: &Workspace, exercise: &str) -> Self {
        Self { file: workspace.build_folder().join("hints").join(exercise) }
    }

    /// The number; 0 where nothing that makes sense is remembered.
    pub fn count(&self) -> usize {
        fs::read_to_string(&self.file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Remembers `count`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remember(&self, count: usize) -> Result<(), Error> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let write = || {
            fs::create_dir_all(folder)?;
            let mut file = NamedTempFile::new_in(folder)?;
            writeln!(file, "{count}")?;
            file.persist(&self.file)?;
            Ok(())
        };
        write().map_err(Error::file(&self.file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# x\n\n1. Not a hint.\n\n## Hints\n\nRead them one by one.\n\n1. First\n   goes on.\n2. Second:\n\n   ```rust\n   if x {\n       y();\n   }\n   ```\n\n3. Third.\n\nThe end.\n\n## After\n\n4. Not a hint.\n";

    #[test]
    fn hints_are_the_items_of_the_section_without_numbers_and_indentation() {
        let hints = parse(README);
        assert_eq!(hints.len(), 3, "{hints:#?}");
        assert_eq!(hints[0], "First\ngoes on.");
        assert_eq!(hints[1], "Second:\n\n```rust\nif x {\n    y();\n}\n```");
        assert_eq!(hints[2], "Third.");
    }

    #[test]
    fn a_text_without_the_section_has_no_hints() {
        assert!(parse("# x\n\n1. One\n").is_empty());
    }

    #[test]
    fn the_count_is_remembered_and_nonsense_counts_as_none() {
        let root = tempfile::tempdir().unwrap();
        let given = Given::of(&Workspace::at(root.path()), "even-odd");
        assert_eq!(given.count(), 0);
        given.remember(3).unwrap();
        assert_eq!(given.count(), 3);
        fs::write(&given.file, "many").unwrap();
        assert_eq!(given.count(), 0);
    }
}
