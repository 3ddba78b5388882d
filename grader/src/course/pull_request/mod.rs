//! The sources of a pull request, taken as data: fetched into a bare repository, read object by
//! object, never checked out. Nothing that the pull request says is run or believed here; its
//! manifests, workflows and grader stay where they are, and only `crates/<exercise>/src/**.rs` is taken, and what
//! those name as a file beside them.
//!
//! In Rust and not in a shell script, as names in a git tree are bytes: a shell would have to quote
//! them right at every step, and here each check is a function with tests.

mod changed;
pub mod comment;
mod entry;
mod failure;
mod git;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use engine::source::named_files;
use engine::workspace::Workspace;
use exercises::Course;

use crate::course::new_folder::NewFolder;
use crate::error::Error;

use entry::{Entry, Kind};
use git::Repository;

/// The largest source file, in bytes.
const MOST_BYTES: u64 = 256 * 1024;
/// The most bytes of all source files.
const MOST_BYTES_IN_ALL: u64 = 4 * 1024 * 1024;
/// The most entries that are looked at, folders and files of any kind together.
const MOST_ENTRIES: usize = 4_096;
/// How deep folders may stand in one another below `src/`.
const MOST_DEPTH: usize = 8;

/// The name of a git object: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectId(String);

impl FromStr for ObjectId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match text.len() {
            40 | 64 if is_hex => Ok(Self(text.to_owned())),
            _ => Err("a commit is named by all of its 40 or 64 hexadecimal digits"),
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why nothing of a pull request is taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It was changed since the event, so the event says nothing about it.
    #[error("its head is {found}, and the event was about {expected}")]
    Moved { expected: ObjectId, found: ObjectId },
    /// Git found no such pull request, or something wrong with it.
    #[error("git cannot take it: {0}")]
    Git(String),
    /// Something in a source folder is no plain source.
    #[error("{path}: {why}")]
    Entry { path: String, why: &'static str },
    /// It is too much.
    #[error("its sources are too much: {0}")]
    TooMuch(&'static str),
    /// There is nothing to grade.
    #[error("it has no source of any exercise in crates/*/src")]
    Nothing,
}

impl From<Rejection> for Error {
    fn from(refusal: Rejection) -> Self {
        Self::PullRequest(refusal.to_string())
    }
}

/// What was taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Source files written.
    pub files: usize,
    /// Files in source folders that were left: they are no Rust, and no source names them.
    pub left: Vec<String>,
    /// Files outside of them that decide about a build and are not those of the course, which are used in their place.
    pub changed: Vec<String>,
}

/// Takes the sources of pull request `number` of `repository` (a URL or a folder) to `out`, whole or not at all. What it
/// changes besides is found by comparing it with the course's own files, in `workspace`.
///
/// # Errors
/// When its head is not `head`, when its sources are refused, or when `out` is not free.
pub fn take(
    repository: &str,
    number: u64,
    head: &ObjectId,
    out: &Path,
    workspace: &Workspace,
) -> Result<Taken, Error> {
    let course = Course::of(workspace)?;
    let folder = NewFolder::at(out)?;
    let repository = Repository::fetch(repository, number)?;
    let found = repository.head()?;
    if found != *head {
        return Err(Rejection::Moved { expected: head.clone(), found }.into());
    }
    let mut taking = Taking { repository: &repository, out: &folder, sum: Sum::default() };
    for name in course.names() {
        let src = format!("crates/{name}/src");
        if let Some(entry) = repository.entry(head, &src)? {
            taking.source_folder(&src, &entry)?;
        }
    }
    let Sum { files, left, .. } = taking.sum;
    if files == 0 {
        return Err(Rejection::Nothing.into());
    }
    let changed = changed::files(&repository, head, workspace.root(), &course)?;
    folder.finish()?;
    Ok(Taken { files, left, changed })
}

/// How much was taken so far.
#[derive(Default)]
struct Sum {
    files: usize,
    left: Vec<String>,
    bytes: u64,
    entries: usize,
}

/// What one exercise has: the text of its sources, and files that they may name.
#[derive(Default)]
struct Found {
    sources: Vec<Vec<u8>>,
    data: Vec<(String, Entry)>,
}

struct Taking<'a> {
    repository: &'a Repository,
    out: &'a NewFolder,
    sum: Sum,
}

impl Taking<'_> {
    fn source_folder(&mut self, path: &str, entry: &Entry) -> Result<(), Error> {
        match entry.kind() {
            Ok(Kind::Folder) => {
                let mut found = Found::default();
                self.folder(path, &entry.object, 0, &mut found)?;
                self.data(found)
            }
            Ok(_) => Err(refused(path, "not a folder")),
            Err(why) => Err(refused(path, why)),
        }
    }

    fn folder(
        &mut self,
        path: &str,
        object: &ObjectId,
        depth: usize,
        found: &mut Found,
    ) -> Result<(), Error> {
        if depth > MOST_DEPTH {
            return Err(Rejection::TooMuch("folders stand too deep in one another").into());
        }
        let entries = self.repository.entries(object)?;
        self.sum.entries += entries.len();
        if self.sum.entries > MOST_ENTRIES {
            return Err(Rejection::TooMuch("files and folders").into());
        }
        let mut names = HashSet::new();
        for entry in &entries {
            let path = format!("{path}/{}", entry.shown_name());
            let kind = entry.kind().map_err(|why| refused(&path, why))?;
            if !names.insert(entry.name.to_ascii_lowercase()) {
                return Err(refused(&path, "another name differs only in upper and lower case"));
            }
            match kind {
                Kind::Folder => self.folder(&path, &entry.object, depth + 1, found)?,
                Kind::Source => found.sources.push(self.file(&path, entry)?),
                Kind::Data if entry.size.is_some_and(|size| size <= MOST_BYTES) => {
                    found.data.push((path, entry.clone()));
                }
                Kind::Data | Kind::Other => self.sum.left.push(path),
            }
        }
        Ok(())
    }

    /// Takes those files that some source names.
    fn data(&mut self, found: Found) -> Result<(), Error> {
        let named = named_files(found.sources.iter());
        for (path, entry) in found.data {
            match named.contains(&entry.name) {
                true => _ = self.file(&path, &entry)?,
                false => self.sum.left.push(path),
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, entry: &Entry) -> Result<Vec<u8>, Error> {
        let size = entry.size.ok_or_else(|| refused(path, "of unknown size"))?;
        if size > MOST_BYTES {
            return Err(refused(path, "larger than 256 KiB"));
        }
        self.sum.bytes += size;
        if self.sum.bytes > MOST_BYTES_IN_ALL {
            return Err(Rejection::TooMuch("more than 4 MiB").into());
        }
        let content = self.repository.blob(&entry.object)?;
        self.out.write(&PathBuf::from(path), &content)?;
        self.sum.files += 1;
        Ok(content)
    }
}

fn refused(path: &str, why: &'static str) -> Error {
    Rejection::Entry { path: path.to_owned(), why }.into()
}

#[cfg(test)]
mod tests {
    use super::ObjectId;

    #[test]
    fn a_commit_is_named_in_full() {
        assert!("0123456789abcdef0123456789abcdef01234567".parse::<ObjectId>().is_ok());
        for bad in ["", "HEAD", "0123456", "0123456789ABCDEF0123456789abcdef01234567", "--upload-pack=x"] {
            assert!(bad.parse::<ObjectId>().is_err(), "{bad}");
        }
    }
}
