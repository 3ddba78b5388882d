//! What a pull request changes beside the sources: files that decide about a build, and of which the course's own are
//! used. Who has followed the compiler's advice to `cargo add` something should know.

use std::fs;
use std::path::Path;

use exercises::Course;

use super::entry::Entry;
use super::git::Repository;
use super::{MOST_BYTES, ObjectId};
use crate::error::Error;

/// No more are compared, nor named.
const MOST_FILES: usize = 100;

/// The files at the top of `commit`, in its `.cargo` and beside the sources of exercises that are not as below `root`.
pub(super) fn files(
    repository: &Repository,
    commit: &ObjectId,
    root: &Path,
    course: &Course,
) -> Result<Vec<String>, Error> {
    let mut candidates = Vec::new();
    let packages = course.names().map(|name| format!("crates/{name}"));
    for folder in [String::new(), ".cargo".to_owned()].into_iter().chain(packages) {
        let tree = match folder.as_str() {
            "" => Some(commit.clone()),
            folder => repository.entry(commit, folder)?.map(|entry| entry.object),
        };
        // A file or a submodule in the place of a folder lists nothing.
        let entries = tree.map(|tree| repository.entries(&tree).unwrap_or_default()).unwrap_or_default();
        let prefix = if folder.is_empty() { folder } else { folder + "/" };
        let files = entries.into_iter().filter(Entry::is_file);
        candidates.extend(files.map(|entry| (format!("{prefix}{}", entry.shown_name()), entry)));
    }
    let mut changed = Vec::new();
    for (path, entry) in candidates.into_iter().filter(|(path, _)| decides(path)).take(MOST_FILES) {
        if !is_same(repository, &entry, &root.join(&path))? {
            changed.push(path);
        }
    }
    Ok(changed)
}

/// Whether a file there has a say in how something is built. Texts for people have none.
fn decides(path: &str) -> bool {
    const TEXTS: [&str; 3] = [".md", ".txt", ".gitignore"];
    !TEXTS.iter().any(|ending| path.ends_with(ending))
}

fn is_same(repository: &Repository, entry: &Entry, own: &Path) -> Result<bool, Error> {
    let Ok(own) = fs::read(own) else { return Ok(false) };
    let is_as_large = entry.size == Some(own.len() as u64) && own.len() as u64 <= MOST_BYTES;
    Ok(is_as_large && repository.blob(&entry.object)? == own)
}
