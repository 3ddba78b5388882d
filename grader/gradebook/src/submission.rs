//! What students handed in: a folder, a zip archive or a single file each, in a folder of the class.
//!
//! Nothing in it is trusted. Symbolic links, pipes and devices are never followed or opened, and
//! sizes have limits. What cannot be used is said of that submission alone.

mod archive;
mod content;
mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use grader::error::Error as GraderError;
use grader::source::Source;
use grader::workspace::Workspace;
use tempfile::TempDir;

use crate::attempt::Timestamp;
use crate::error::Error;

/// What one student handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The student: the name of the folder, or of the file without its extension.
    pub student: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What is in the folders of a class.
#[derive(Debug, Default)]
pub struct Class {
    /// The submissions, by student.
    pub submissions: Vec<Submission>,
    /// Files that are no submission.
    pub ignored: Vec<PathBuf>,
}

/// Why a submission cannot be graded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is nothing for this exercise.
    Missing,
    /// It cannot be read.
    Unreadable(String),
    /// It breaks a rule, so it is not looked at.
    Refused(String),
}

/// Lists the submissions in `folders`, by student. Hidden entries are none.
///
/// # Errors
/// When a folder cannot be listed, or a student is there twice.
pub fn list(folders: &[PathBuf]) -> Result<Class, Error> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut ignored = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).map_err(GraderError::file(folder))? {
            let path = entry.map_err(GraderError::file(folder))?.path();
            let Some(student) = student(&path) else {
                ignored.push(path);
                continue;
            };
            if let Some(other) = found.insert(student.clone(), path.clone()) {
                let [one, two] = [other.display(), path.display()];
                return Err(Error::usage(format!("{student} is there twice, as {one} and as {two}")));
            }
        }
    }
    ignored.sort();
    let submissions = found.into_iter().map(|(student, path)| Submission { student, path }).collect();
    Ok(Class { submissions, ignored })
}

/// What archives are called that cannot be opened here: a submission all the same, and not ignored.
const OTHER_ARCHIVES: [&str; 9] = ["7z", "bz2", "gz", "rar", "tar", "tgz", "txz", "xz", "zst"];

/// The student whose submission `path` is; none for a hidden entry and for other files.
fn student(path: &Path) -> Option<String> {
    let name = readable(path.file_name()?.as_bytes());
    if name.starts_with('.') || name == "__MACOSX" {
        return None;
    }
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    if !kind.is_file() {
        return Some(name);
    }
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let is_known = ["rs", "zip"].contains(&&*extension) || OTHER_ARCHIVES.contains(&&*extension);
    is_known.then(|| readable(path.file_stem().unwrap_or_default().as_bytes()))
}

/// A name as text. Bytes that are not UTF-8 are escaped, so that different names stay different.
fn readable(name: &[u8]) -> String {
    str::from_utf8(name).map_or_else(|_| name.escape_ascii().to_string(), str::to_owned)
}

/// A submission whose content can be looked at.
pub struct Opened {
    root: PathBuf,
    /// What the user knows it by, and when it was handed in, where `root` is only a copy.
    original: Option<(PathBuf, Option<Timestamp>)>,
    _copy: Option<TempDir>,
}

impl Submission {
    /// Opens it, and unpacks it if it is an archive.
    ///
    /// # Errors
    /// When it cannot be read, or breaks a rule.
    pub fn open(&self) -> Result<Opened, Problem> {
        let kind = fs::symlink_metadata(&self.path).map_err(content::unreadable(&self.path))?.file_type();
        if kind.is_dir() {
            // Learning platforms put an upload into a folder of the student.
            return match layout::only_archive(&self.path)? {
                Some(archive) => Opened::archive(&archive),
                None => Ok(Opened { root: self.path.clone(), original: None, _copy: None }),
            };
        }
        content::require_regular(&self.path)?;
        match self.path.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => Ok(Opened { root: self.path.clone(), original: None, _copy: None }),
            Some(extension) if extension.eq_ignore_ascii_case("zip") => Opened::archive(&self.path),
            _ => Err(Problem::Unreadable(format!(
                "{}: only folders, zip archives and .rs files can be read",
                self.path.display()
            ))),
        }
    }
}

impl Opened {
    fn archive(path: &Path) -> Result<Self, Problem> {
        let copy =
            tempfile::Builder::new().prefix("lockstep-").tempdir().map_err(content::unreadable(path))?;
        archive::unpack(path, copy.path())?;
        let submitted_at = content::modified(path);
        let root = copy.path().to_owned();
        Ok(Self { root, original: Some((path.to_owned(), submitted_at)), _copy: Some(copy) })
    }

    /// Whether there is something for `exercise`, without reading it.
    pub fn has(&self, exercise: &str) -> bool {
        layout::locate(&self.root, exercise, false).is_ok_and(|place| place.is_some())
    }

    /// Reads the source of `exercise`, and tells when its newest file was written. If it is the `only`
    /// exercise that is asked for, sources that do not name their exercise are of it.
    ///
    /// # Errors
    /// When there is none, it cannot be read or it breaks a rule.
    pub fn source(
        &self,
        workspace: &Workspace,
        exercise: &str,
        only: bool,
    ) -> Result<(Source, Option<Timestamp>), Problem> {
        let place = layout::locate(&self.root, exercise, only)?.ok_or(Problem::Missing)?;
        let newest = content::inspect(&place)?;
        let unreadable = |error: GraderError| Problem::Unreadable(self.with_original_path(error.to_string()));
        let mut source = Source::read(workspace, exercise, Some(&place)).map_err(unreadable)?;
        match &self.original {
            Some((path, submitted_at)) => {
                source.origin = Some(path.clone());
                Ok((source, *submitted_at))
            }
            None => Ok((source, newest)),
        }
    }

    fn with_original_path(&self, text: String) -> String {
        match &self.original {
            Some((path, _)) => text.replace(&*self.root.to_string_lossy(), &path.to_string_lossy()),
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(names: &[&str]) -> Result<Class, Error> {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            match name.strip_suffix('/') {
                Some(name) => fs::create_dir(folder.path().join(name)).unwrap(),
                None => fs::write(folder.path().join(name), "").unwrap(),
            }
        }
        list(&[folder.path().to_owned()])
    }

    fn students(class: &Class) -> Vec<&str> {
        class.submissions.iter().map(|submission| submission.student.as_str()).collect()
    }

    #[test]
    fn folders_archives_and_single_files_are_submissions() {
        let class =
            class(&["eve.rs", "bob.ZIP", "ada/", "roster.csv", ".git/", "zoe.tar.gz", "__MACOSX/"]).unwrap();
        assert_eq!(students(&class), ["ada", "bob", "eve", "zoe.tar"]);
        assert_eq!(class.ignored.len(), 3);
    }

    #[test]
    fn a_student_who_is_there_twice_is_said_before_anything_is_graded() {
        let error = class(&["ada/", "ada.zip"]).unwrap_err().to_string();
        assert!(error.contains("ada is there twice"), "{error}");
    }

    #[test]
    fn names_that_are_no_text_stay_different() {
        assert_eq!(readable(b"a\xff"), "a\\xff");
        assert_eq!(readable("Ånn".as_bytes()), "Ånn");
    }

    #[test]
    fn a_submission_that_is_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mallory");
        std::os::unix::fs::symlink("/etc", &path).unwrap();
        let found = list(&[folder.path().to_owned()]).unwrap();
        assert_eq!(students(&found), ["mallory"]);
        assert!(matches!(found.submissions[0].open(), Err(Problem::Refused(_))));
    }
}
